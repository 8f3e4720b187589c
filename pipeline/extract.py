"""From one video to one KeypointSequence."""

import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.pipeline.ahead import read_ahead
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import SettingsError, VideoError
from posegloss.pipeline.mediapipe_backend import MediaPipeTracker
from posegloss.pipeline.models import LANDMARK_MODELS, Report
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import KEYPOINT_NAMES
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

BACKENDS: Final = ("blazepose", "mediapipe")


@dataclass(frozen=True)
class ExtractionSettings:
    """How sequences are extracted. Two sequences with the same settings can be compared.

    Attributes:
        model: the landmark network, "lite", "full" or "heavy"; for the mediapipe backend also a ``.task`` by path.
        backend: "blazepose" (ours) or "mediapipe" (Google's Tasks).
        smooth: smooth the keypoints over time.
        static: every frame on its own, without tracking or smoothing.
        world: keep the world landmarks, too.

    Raises:
        SettingsError: a name is not one of those listed.
    """

    model: str = "full"
    backend: str = "blazepose"
    smooth: bool = True
    static: bool = False
    world: bool = False

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise SettingsError(f"there is no backend {self.backend!r}; choose one of {', '.join(BACKENDS)}")
        by_path = self.backend == "mediapipe" and self.model.endswith(".task")
        if self.model not in LANDMARK_MODELS and not by_path:
            raise SettingsError(f"there is no model {self.model!r}; choose one of {', '.join(LANDMARK_MODELS)}")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return asdict(self)

    def open_backend(self, threads: int = 1, report: Report | None = None) -> PoseBackend:
        """A tracker of these settings.

        Raises:
            WeightsError: the weights cannot be had.
        """
        if self.backend == "mediapipe":
            return MediaPipeTracker(self.model, smooth=self.smooth, static=self.static, report=report)
        return PoseTracker(self.model, smooth=self.smooth, static=self.static, threads=threads, report=report)


def extract(
    video: str | os.PathLike[str],
    *,
    model: str = "full",
    backend: str = "blazepose",
    smooth: bool = True,
    static: bool = False,
    start_s: float | None = None,
    end_s: float | None = None,
    threads: int | None = None,
) -> KeypointSequence:
    """Extract the keypoints of the person in a video, world landmarks included.

    Args:
        video: a file that FFmpeg reads.
        model: the landmark network: "lite", "full" or "heavy".
        backend: "blazepose" (ours) or "mediapipe" (Google's Tasks).
        smooth: smooth the keypoints over time.
        static: every frame on its own, without tracking or smoothing.
        start_s: begin at this time of the video, in seconds.
        end_s: end before this time of the video, in seconds.
        threads: of the decoder and of the network; all processors unless given.

    Raises:
        VideoError: the video cannot be read at all.
        WeightsError: the weights cannot be had.
        SettingsError: there is no such model or backend.
    """
    settings = ExtractionSettings(model, backend, smooth, static, world=True)
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
    nobody = np.full((len(KEYPOINT_NAMES), 4), (np.nan, np.nan, np.nan, 0), np.float32)
    tracker.reset()
    keypoints, world, timestamps = [], [], []
    most_people, most_people_s = 1, 0.0
    with (
        VideoSource(source.path, start_s=source.start_s, end_s=source.end_s, threads=threads) as video,
        # A second thread for decoding only where the processors are not all at work on other clips.
        closing(read_ahead(video) if threads > 1 else iter(video)) as frames,
    ):
        if on_open:
            on_open(video.duration_s)
        for frame in frames:
            pose = tracker.update(frame.image, frame.timestamp_s)
            keypoints.append(nobody if pose is None else pose.keypoints)
            if settings.world:
                world.append(nobody[:, :3] if pose is None else pose.world)
            timestamps.append(frame.timestamp_s)
            if pose is not None and (pose.people or 0) > most_people:
                most_people, most_people_s = pose.people or 0, frame.timestamp_s
            if on_frame:
                on_frame(len(timestamps))
        if not timestamps:
            raise VideoError(f"{source.path} has no frame between {source.start_s} and {source.end_s} s")
        warnings = list(video.warnings)
    if len(keypoints) == sum(points is nobody for points in keypoints):
        warnings.append("no person was found in any frame")
    if most_people > 1:
        warnings.append(f"several people: {most_people} at {most_people_s:.2f} s; the most prominent one is followed")
    return KeypointSequence(
        np.stack(keypoints),
        np.array(timestamps),
        video.size,
        source=str(source.path),
        world=np.stack(world) if settings.world else None,
        warnings=warnings,
    )
