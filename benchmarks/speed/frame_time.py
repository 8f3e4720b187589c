"""Where a frame's time goes, in processor time on one thread, measured from outside of the tracker.

Every stage is called by itself on the same frames, in turns with the whole of ``PoseTracker.update`` and with the bare
network; "other" is what the stages leave of the whole. One function or method a stage: this is the place to adapt when
the pipeline changes. Processor time, since other programs on the machine count in wall time only.
"""

import pickle
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

import av
import cv2
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from posegloss.pipeline import models
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.extract import ExtractionSettings, extract_clip
from posegloss.pipeline.graph import without_outputs
from posegloss.pipeline.landmarks import (
    AUXILIARY,
    HEATMAP_SIDE,
    INPUT_SIDE,
    NUM_LANDMARKS,
    NUM_POINTS,
    SEGMENTATION_SHAPE,
    refine,
)
from posegloss.pipeline.network import ImageNetwork
from posegloss.pipeline.pose import Pose
from posegloss.pipeline.quiet import without_greeting
from posegloss.pipeline.roi import ROI_SCALE, RegionOfInterest
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.smoothing import LowPassFilter, OneEuroFilter
from posegloss.pipeline.store import Clip, KeypointStore
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import Frame, VideoSource

FRAMES: Final = 120
"""At most so many are held in memory."""
NETWORK: Final = "network"
APART: Final = ("decode", "colour")
"""Stages that can run on another thread than the network."""
_STORED_CLIPS: Final = 16

Array = npt.NDArray[Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class FrameTime:
    """A frame's milliseconds.

    Attributes:
        stages: milliseconds of processor time by stage, in the order of work. A stage that is the difference of two
            measurements may come out a little below zero.
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
    decode, read = _ms_per_frame(_decode, path), _ms_per_frame(_read, path)
    with VideoSource(path) as video:
        frames = list(islice(video, FRAMES))
    whole, parts, poses = _track(frames, model)
    cpu, thread, wall = _extract(path, model)
    # The bare network is part of its call; so are the stages of the whole.
    around = {
        "crop": parts["crop"],
        NETWORK: parts["bare"],
        "network in and out": parts["call"] - parts["bare"],
        "refinement": parts["refine"],
        "projection": parts["project"],
        "smoothing": parts["smooth"],
    }
    stages = {
        "decode": decode,
        "colour": read - decode,
        **around,
        "other": whole - sum(around.values()),
        "storing": _store(poses, frames),
    }
    return FrameTime(stages, cpu, thread, wall)


def _decode(path: Path) -> int:
    """The decoder alone, on this thread."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def _read(path: Path) -> int:
    """Frames as the tracker is given them: decoding, colour, turning."""
    with VideoSource(path, threads=1) as video:
        return sum(1 for _ in video)


def _extract(path: Path, model: str) -> tuple[float, float, float]:
    """A clip as a whole: what a worker does, and with a decoder that has threads of its own."""
    settings = ExtractionSettings(model)
    tracker, source = settings.open_backend(1), ClipSource("clip", path)
    cpu = time.process_time()
    frames = len(extract_clip(source, settings, tracker, 1))
    cpu = time.process_time() - cpu
    wall, thread = time.perf_counter(), time.thread_time()
    extract_clip(source, settings, tracker, 2)
    wall, thread = time.perf_counter() - wall, time.thread_time() - thread
    tracker.close()
    return 1000 * cpu / frames, 1000 * thread / frames, 1000 * wall / frames


def _track(frames: list[Frame], model: str) -> tuple[float, dict[str, float], list[Pose | None]]:
    """The tracker as a whole, and its stages in turns with it: medians of their times a frame, and the poses."""
    tracker, stages = PoseTracker(model), _Stages(model)
    watch, poses = _Stopwatch(), []
    for frame in frames:
        if stages.region is None:
            stages.find(frame)
        poses.append(watch("whole", partial(tracker.update, frame.image, frame.timestamp_s)))
        stages.run(frame, watch)
    medians = {name: 1000 * median(times) for name, times in watch.times.items()}
    return medians.pop("whole"), medians, poses


def _store(poses: list[Pose | None], frames: list[Frame]) -> float:
    """The sequence made, sent from the worker and written: milliseconds a frame."""
    nobody = Pose(
        np.full((NUM_POINTS, 4), (np.nan, np.nan, np.nan, 0), np.float32), np.zeros((NUM_POINTS, 3), np.float32), 0.0
    )
    begin = time.process_time()
    clips = []
    for i in range(_STORED_CLIPS):
        sequence = KeypointSequence(
            np.stack([(pose or nobody).keypoints for pose in poses]),
            np.array([frame.timestamp_s for frame in frames]),
            frames[0].image.shape[1::-1],
        )
        clips.append(Clip(str(i), pickle.loads(pickle.dumps(sequence))))
    with tempfile.TemporaryDirectory() as folder:
        KeypointStore.create(Path(folder) / "store", {}).append(clips)
    return 1000 * (time.process_time() - begin) / (_STORED_CLIPS * len(frames))


class _Stages:
    """The stages of ``PoseTracker.update``, each to be called by itself."""

    def __init__(self, model: str) -> None:
        content = without_outputs(models.load(model), lambda shape: shape == SEGMENTATION_SHAPE)
        outputs = {
            "landmarks": (1, NUM_LANDMARKS * 5),
            "heatmap": (1, HEATMAP_SIDE, HEATMAP_SIDE, NUM_LANDMARKS),
            "world": (1, NUM_LANDMARKS * 3),
        }
        self.region: RegionOfInterest | None = None
        self._detector = PoseDetector(models.load(models.DETECTOR))
        self._crop = Cropper(INPUT_SIDE, cv2.BORDER_REPLICATE)
        self._network = ImageNetwork(content, outputs, low=0, high=1, threads=1)
        with without_greeting():
            self._bare: Any = Interpreter(model_content=content, num_threads=1)
            self._bare.allocate_tensors()
        self._bare_input = self._bare.get_input_details()[0]["index"]
        self._filters = [
            OneEuroFilter(min_cutoff=0.05, beta=80.0, derivate_cutoff=1.0),
            OneEuroFilter(min_cutoff=0.01, beta=10.0, derivate_cutoff=1.0),
            OneEuroFilter(min_cutoff=0.1, beta=40.0, derivate_cutoff=1.0),
        ]
        self._low_pass = LowPassFilter()

    def find(self, frame: Frame) -> None:
        """The region of the first person; not timed, since it happens once a video."""
        people = self._detector(frame.image)
        self.region = people[0].region if people else None

    def run(self, frame: Frame, watch: "_Stopwatch") -> None:
        """One frame through all stages, each timed."""
        region = self.region
        if region is None:
            return
        picture = watch("crop", lambda: self._crop(frame.image, region))
        raw = watch("call", lambda: self._network(picture))
        self._bare.set_tensor(self._bare_input, (picture[None] / 255).astype(np.float32))
        watch("bare", self._bare.invoke)
        landmarks = raw["landmarks"].astype(np.float64).reshape(NUM_LANDMARKS, 5)
        points = watch("refine", lambda: refine(landmarks[:, :2] / INPUT_SIDE, raw["heatmap"]))
        in_frame, world = watch("project", lambda: self._project(region, points, raw["world"]))
        watch("smooth", lambda: self._smooth(frame.timestamp_s, region, in_frame, world))
        followed = RegionOfInterest.from_alignment_points(*in_frame[AUXILIARY, :2])
        self.region = followed and followed.scaled(ROI_SCALE)

    def _project(self, region: RegionOfInterest, points: Array, world: Array) -> tuple[Array, Array]:
        in_frame = np.column_stack([region.to_frame(points), points[:, 0] * region.side])
        turned = world.astype(np.float64).reshape(NUM_LANDMARKS, 3)[:NUM_POINTS]
        turned[:, :2] = region.turn(turned[:, :2])
        return in_frame, turned

    def _smooth(self, timestamp_s: float, region: RegionOfInterest, in_frame: Array, world: Array) -> None:
        points, auxiliary, in_metres = self._filters
        points(timestamp_s, in_frame[:NUM_POINTS], 1 / region.side)
        auxiliary(timestamp_s, in_frame[AUXILIARY, :2], 1 / region.side)
        in_metres(timestamp_s, world)
        self._low_pass(in_frame[:NUM_POINTS, 0], 0.1)


class _Stopwatch:
    """Processor seconds of calls by name."""

    def __init__(self) -> None:
        self.times: defaultdict[str, list[float]] = defaultdict(list)

    def __call__(self, name: str, call: Callable[[], Result]) -> Result:
        begin = time.process_time()
        result = call()
        self.times[name].append(time.process_time() - begin)
        return result


def _ms_per_frame(stage: Callable[[Path], int], path: Path) -> float:
    begin = time.process_time()
    frames = stage(path)
    return 1000 * (time.process_time() - begin) / frames
