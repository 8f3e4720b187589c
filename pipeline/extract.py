"""From one video to one KeypointSequence."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.ahead import read_ahead
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.crowd import Crowd
from posegloss.pipeline.errors import SettingsError, VideoError
from posegloss.pipeline.hands.holistic_tracker import HolisticTracker
from posegloss.pipeline.landmark_file import (
    CHOICES,
    check_precision,
    is_file,
    open_landmarks,
    read_unchanged,
    sha256_of,
)
from posegloss.pipeline.mediapipe_backend import MediaPipeTracker
from posegloss.pipeline.models import DETECTOR, HAND_MODELS, LANDMARK_MODELS, Report
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.roi import Image
from posegloss.pipeline.sequence import KeypointSequence, nobody
from posegloss.pipeline.skeleton import BLAZEPOSE33, KEYPOINT_NAMES, LAYOUTS
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import GRACE_S, VideoSource

BACKENDS: Final = ("blazepose", "mediapipe")
_NO_WORLD: Final = np.full((len(KEYPOINT_NAMES), 3), np.nan, np.float32)


@dataclass(frozen=True)
class ExtractionSettings:
    """How sequences are extracted. Two sequences with the same settings can be compared.

    Attributes:
        model: the landmark network, "lite", "full" or "heavy"; or by path a ``.tflite`` of the user's own (the path
            becomes absolute), or for the mediapipe backend a ``.task``.
        backend: "blazepose" (ours) or "mediapipe" (Google's Tasks).
        smooth: smooth the keypoints over time.
        static: every frame on its own, without tracking or smoothing.
        world: keep the world landmarks, too.
        precision: of our landmark network, "float" or "int8" (faster, docs/extraction.md). The hands' are always float.
        layout: the points: "blazepose33" or, with 21 of each hand, "holistic75" (slower, docs/extraction.md).
        accurate: look longer for a person where nobody is followed yet (docs/extraction.md); not by mediapipe.
        model_sha256: of a network of the user's own, in hexadecimal digits; unless given, that of the file as it is
            now, which is then also opened, so that no work begins with one that cannot run. "" for all others.

    Raises:
        SettingsError: a name is not one of those listed, or the backend or network has no such precision or layout, or
            cannot be accurate.
        WeightsError: the user's own network cannot be read, or is none.
    """

    model: str = "full"
    backend: str = "blazepose"
    smooth: bool = True
    static: bool = False
    world: bool = False
    precision: str = "float"
    layout: str = BLAZEPOSE33
    accurate: bool = False
    model_sha256: str = ""

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise SettingsError(f"there is no backend {self.backend!r}; choose one of {', '.join(BACKENDS)}")
        by_path = self.model.endswith(".task") if self.backend == "mediapipe" else is_file(self.model)
        if self.model not in LANDMARK_MODELS and not by_path:
            choices = (
                f"{', '.join(LANDMARK_MODELS)}, or a .task by its path" if self.backend == "mediapipe" else CHOICES
            )
            raise SettingsError(f"the backend {self.backend} knows no model {self.model!r}; choose one of {choices}")
        check_precision(self.model, self.precision)
        if self.precision != "float" and self.backend != "blazepose":
            raise SettingsError(f"the backend {self.backend} has no precision {self.precision}; choose blazepose")
        if self.layout not in LAYOUTS:
            raise SettingsError(f"there is no layout {self.layout!r}; choose one of {', '.join(LAYOUTS)}")
        if self.layout != BLAZEPOSE33 and self.backend != "blazepose":
            raise SettingsError(f"the backend {self.backend} has no layout {self.layout}; choose blazepose")
        if self.accurate and self.backend != "blazepose":
            raise SettingsError(f"the backend {self.backend} does not know accurate; choose blazepose")
        if is_file(self.model):
            self._find_own()
        elif self.model_sha256:
            raise SettingsError(f"the model {self.model!r} has no model_sha256; it is for a network of your own")

    def _find_own(self) -> None:
        # Workers may have another working folder.
        object.__setattr__(self, "model", str(Path(self.model).absolute()))
        if not self.model_sha256:
            object.__setattr__(self, "model_sha256", sha256_of(self.model))
            open_landmarks(self.model)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON.

        Precision, layout and accurate only where they are not float, blazepose33 and False, and model_sha256 where
        there is one: stores of before there was a choice have these, and go on.
        """
        values = asdict(self)
        if self.precision == "float":
            del values["precision"]
        if self.layout == BLAZEPOSE33:
            del values["layout"]
        if not self.accurate:
            del values["accurate"]
        if not self.model_sha256:
            del values["model_sha256"]
        return values

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of those of our weight files that a backend of these settings reads."""
        by_name = (self.model,) if self.model in LANDMARK_MODELS else ()
        if self.backend == "mediapipe" and not by_name:
            return ()  # a .task holds the detector, too
        return (DETECTOR, *by_name, *(HAND_MODELS if self.layout != BLAZEPOSE33 else ()))

    def open_backend(self, threads: int = 1, report: Report | None = None) -> PoseBackend:
        """A tracker of these settings.

        Raises:
            WeightsError: the weights cannot be had, or the file is not the network that was meant.
        """
        if self.model_sha256:
            read_unchanged(self.model, self.model_sha256)
        if self.backend == "mediapipe":
            return MediaPipeTracker(self.model, smooth=self.smooth, static=self.static, report=report)
        tracker = PoseTracker(
            self.model,
            precision=self.precision,
            smooth=self.smooth,
            static=self.static,
            accurate=self.accurate,
            threads=threads,
            report=report,
        )
        if self.layout == BLAZEPOSE33:
            return tracker
        return HolisticTracker(tracker, smooth=self.smooth, static=self.static, threads=threads, report=report)


def extract(
    video: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] = "full",
    backend: str = "blazepose",
    smooth: bool = True,
    static: bool = False,
    precision: str = "float",
    layout: str = BLAZEPOSE33,
    accurate: bool = False,
    start_s: float | None = None,
    end_s: float | None = None,
    threads: int | None = None,
) -> KeypointSequence:
    """Extract the keypoints of the person in a video, world landmarks included.

    Args:
        video: a file that FFmpeg reads.
        model: the landmark network: "lite", "full" or "heavy", or one of your own by the path of its ``.tflite``
            (docs/extraction.md).
        backend: "blazepose" (ours) or "mediapipe" (Google's Tasks).
        smooth: smooth the keypoints over time.
        static: every frame on its own, without tracking or smoothing.
        precision: of our landmark network: "float" or "int8" (faster, docs/extraction.md).
        layout: the points: "blazepose33" or, with 21 of each hand, "holistic75".
        accurate: look longer for a person where nobody is followed yet; not by mediapipe.
        start_s: begin at this time of the video, in seconds.
        end_s: end before this time of the video, in seconds.
        threads: of the decoder and of the network; all processors unless given.

    Raises:
        VideoError: the video cannot be read at all.
        WeightsError: the weights cannot be had, or the file is not such a network.
        SettingsError: there is no such model, backend, precision or layout, or they do not go together.
    """
    settings = ExtractionSettings(os.fspath(model), backend, smooth, static, True, precision, layout, accurate)
    threads = threads or os.cpu_count() or 1
    tracker = settings.open_backend(threads, _tell)
    try:
        source = ClipSource(str(video), Path(video), start_s=start_s, end_s=end_s)
        return extract_clip(source, settings, tracker, threads)
    finally:
        tracker.close()


def _tell(step: str) -> None:
    # Fetching the weights on first use takes a while, and silence looks like a fault.
    if sys.stderr.isatty():
        sys.stderr.write(f"posegloss: fetching {step}\n")


def extract_clip(
    source: ClipSource,
    settings: ExtractionSettings,
    tracker: PoseBackend,
    threads: int = 1,
    *,
    on_open: Callable[[float | None], None] | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> KeypointSequence:
    """Extract one clip with a tracker that may have seen others before.

    A frame without a person, and a clip without one, become missing points; the sequence's warnings say so.

    Args:
        source: the clip.
        settings: how to extract.
        tracker: made with the same settings.
        threads: of the decoder.
        on_open: is told how many seconds long the clip claims to be, None where it does not say.
        on_frame: is told how many frames are done, after every frame.

    Raises:
        VideoError: the video cannot be read at all, or the span holds no frame.
    """
    (result,) = extract_spans([source], settings, tracker, threads, on_open=on_open, on_frame=on_frame)
    if isinstance(result, VideoError):
        raise result
    return result


def extract_spans(
    sources: Sequence[ClipSource],
    settings: ExtractionSettings,
    tracker: PoseBackend,
    threads: int = 1,
    *,
    on_open: Callable[[float | None], None] | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> Generator[KeypointSequence | VideoError, None, None]:
    """Extract spans of one video, which is decoded once: from the start of the first to the end of the last.

    Args:
        sources: clips of the same video, each of which starts where the one before has ended, or later.
        settings: how to extract.
        tracker: made with the same settings.
        threads: of the decoder.
        on_open: is told how many seconds the spans, with what lies between them, claim to be long; None where the video
            does not say.
        on_frame: is told how many frames of all spans are done, after every frame, those between spans included.

    Yields:
        For each clip, as soon as it is over, what ``extract_clip`` would give, or the error that it would raise for a
        span without frames. What is wrong with the file is known only at its end, so that spans before it don't tell.

    Raises:
        VideoError: the video cannot be read at all.
    """
    first_s, path = sources[0].start_s, sources[0].path
    take, *later = [_Take(source, settings) for source in sources]
    with (
        VideoSource(path, start_s=first_s, end_s=sources[-1].end_s, threads=threads) as video,
        # A second thread for decoding only where the processors are not all at work on other clips.
        closing(read_ahead(video) if threads > 1 else iter(video)) as frames,
    ):
        if on_open:
            on_open(video.duration_s)
        tracker.reset()
        for count, frame in enumerate(frames, start=1):
            time_s = frame.timestamp_s + (first_s or 0.0)
            while later and take.is_over(time_s):
                yield take.finished(video)
                take = later.pop(0)
                tracker.reset()
            if take.has_begun(time_s):
                take.add(tracker, frame.image, time_s)
            if on_frame:
                on_frame(count)
        for last in (take, *later):
            yield last.finished(video)


class _Take:
    """What the tracker sees of one clip, frame by frame."""

    def __init__(self, source: ClipSource, settings: ExtractionSettings) -> None:
        self._source = source
        self._start_s = source.start_s or 0.0
        self._end_s = np.inf if source.end_s is None else source.end_s
        self._timestamps: list[float] = []
        self._keypoints: list[npt.NDArray[np.float32]] = []
        self._world: list[npt.NDArray[np.float32]] | None = [] if settings.world else None
        self._layout = settings.layout
        self._nobody = nobody(settings.layout)
        self._seen = False
        self._crowd = Crowd()

    def has_begun(self, time_s: float) -> bool:
        return time_s >= self._start_s - GRACE_S

    def is_over(self, time_s: float) -> bool:
        return time_s >= self._end_s - GRACE_S

    def add(self, tracker: PoseBackend, image: Image, time_s: float) -> None:
        timestamp_s = max(time_s - self._start_s, 0.0)
        pose = tracker.update(image, timestamp_s)
        self._timestamps.append(timestamp_s)
        self._keypoints.append(self._nobody if pose is None else pose.keypoints)
        if self._world is not None:
            self._world.append(_NO_WORLD if pose is None else pose.world)
        self._crowd.add(pose, timestamp_s)
        self._seen |= pose is not None

    def finished(self, video: VideoSource) -> KeypointSequence | VideoError:
        if not self._timestamps:
            return VideoError(f"{video.path} has no frame between {self._source.start_s} and {self._source.end_s} s")
        return KeypointSequence(
            np.stack(self._keypoints),
            np.array(self._timestamps),
            video.size,
            source=str(video.path),
            layout=self._layout,
            world=None if self._world is None else np.stack(self._world),
            warnings=[*video.warnings, *self._warnings()],
        )

    def _warnings(self) -> Iterator[str]:
        if not self._seen:
            yield "no person was found in any frame"
        yield from self._crowd.warnings
