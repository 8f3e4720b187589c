"""Where a frame's time goes, in processor time on one thread, while a clip is extracted.

The functions that do the stages are timed in the run of ``extract_clip`` itself, each without what it calls in turn:
called by themselves, on frames that lie in memory, they find other caches than they do between decoder and network.
``STAGES`` is the place to adapt when the pipeline changes. Processor time, since other programs on the machine count in
wall time only.
"""

import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final
from unittest.mock import patch

import cv2
from ai_edge_litert.interpreter import Interpreter

from posegloss.pipeline import landmarks
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.extract import ExtractionSettings, extract_clip
from posegloss.pipeline.image_network import ImageNetwork
from posegloss.pipeline.landmarks import LandmarkModel
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import Clip, KeypointStore
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

NETWORK: Final = "network"
APART: Final = ("decode", "colour")
"""Stages that can run on another thread than the network."""
STAGES: Final[dict[str, tuple[Any, str]]] = {
    "decode": (VideoSource, "_timed_frames"),
    "colour": (VideoSource, "_as_displayed"),
    "detector": (PoseDetector, "__call__"),
    "crop": (Cropper, "__call__"),
    NETWORK: (Interpreter, "invoke"),
    "network in and out": (ImageNetwork, "__call__"),
    "refinement": (landmarks, "refine"),
    "projection": (LandmarkModel, "__call__"),
    "smoothing": (PoseTracker, "_follow"),
    "other": (PoseTracker, "update"),
}
"""For every stage the function that does it, in the order of work."""
_WHOLE: Final = frozenset(("detector",))
"""Stages that count with all that they call: the detector has a crop and a network of its own."""
_STORED_CLIPS: Final = 16


@dataclass(frozen=True)
class FrameTime:
    """A frame's milliseconds.

    Attributes:
        stages: milliseconds of processor time by stage, in the order of work.
        clip_cpu_ms: ``extract_clip`` as a whole with one thread, as in a worker: processor time of all threads.
        clip_thread_ms: the same with a decoder of two threads: processor time of the calling thread alone.
        clip_wall_ms: the same: wall time.
    """

    stages: dict[str, float]
    clip_cpu_ms: float
    clip_thread_ms: float
    clip_wall_ms: float

    @property
    def total_ms(self) -> float:
        """All stages."""
        return sum(self.stages.values())

    @property
    def around_share(self) -> float:
        """Our work around the network relative to the bare network's time, in processor time."""
        return self.total_ms / self.stages[NETWORK] - 1

    @property
    def around_share_overlapped(self) -> float:
        """The same without what can run on another thread."""
        return self.around_share - sum(self.stages[stage] for stage in APART) / self.stages[NETWORK]

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)


def measure(path: Path, model: str, passes: int) -> FrameTime:
    """Measure on a video's frames; of several passes, the median."""
    cv2.setNumThreads(1)
    results = [_measure_once(path, model) for _ in range(passes)]
    stages = {stage: median(result.stages[stage] for result in results) for stage in results[0].stages}
    return FrameTime(
        stages,
        median(result.clip_cpu_ms for result in results),
        median(result.clip_thread_ms for result in results),
        median(result.clip_wall_ms for result in results),
    )


def _measure_once(path: Path, model: str) -> FrameTime:
    settings = ExtractionSettings(model)
    tracker, source = settings.open_backend(1), ClipSource("clip", path)
    cpu = time.process_time()
    frames = len(extract_clip(source, settings, tracker, 1))
    cpu = time.process_time() - cpu
    wall, thread = time.perf_counter(), time.thread_time()
    extract_clip(source, settings, tracker, 2)
    wall, thread = time.perf_counter() - wall, time.thread_time() - thread
    with _timed_stages() as seconds:
        sequence = extract_clip(source, settings, tracker, 1)
    stages = {stage: 1000 * seconds[stage] / frames for stage in STAGES}
    stages["storing"] = _store(sequence)
    return FrameTime(stages, 1000 * cpu / frames, 1000 * thread / frames, 1000 * wall / frames)


def _store(sequence: KeypointSequence) -> float:
    """A sequence sent from a worker and written: milliseconds a frame."""
    begin = time.process_time()
    clips = [Clip(str(i), pickle.loads(pickle.dumps(sequence))) for i in range(_STORED_CLIPS)]
    with tempfile.TemporaryDirectory() as folder:
        KeypointStore.create(Path(folder) / "store", {}).append(clips)
    return 1000 * (time.process_time() - begin) / (_STORED_CLIPS * len(sequence))


@contextmanager
def _timed_stages() -> Iterator[dict[str, float]]:
    """Time the stages of whatever runs meanwhile, in seconds."""
    watch = _Stopwatch()
    with ExitStack() as patches:
        for stage, (owner, name) in STAGES.items():
            timed = watch.timed_generator if stage == "decode" else watch.timed
            patches.enter_context(patch.object(owner, name, timed(stage, getattr(owner, name))))
        yield watch.seconds


class _Stopwatch:
    """Processor seconds of this thread by stage; what a stage calls counts for the stage that it is."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stack: list[str] = []
        self._since = 0.0

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is timed."""

        def call(*arguments: Any, **options: Any) -> Any:
            self._enter(stage)
            try:
                return function(*arguments, **options)
            finally:
                self._leave()

        return call

    def timed_generator(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator whose work on each item is timed."""

        def call(*arguments: Any) -> Iterator[Any]:
            step = self.timed(stage, iter(function(*arguments)).__next__)
            while True:
                try:
                    item = step()
                except StopIteration:
                    return
                yield item

        return call

    def _enter(self, stage: str) -> None:
        self._lap()
        whole = bool(self._stack) and self._stack[-1] in _WHOLE
        self._stack.append(self._stack[-1] if whole else stage)

    def _leave(self) -> None:
        self._lap()
        self._stack.pop()

    def _lap(self) -> None:
        now = time.thread_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._since
        self._since = now
