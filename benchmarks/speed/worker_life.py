"""A worker's start and memory: started as the corpus run starts it, and held by a corpus run over many frames."""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.speed.memory import HELD, PEAK, memory_of_largest_child
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.extract import ExtractionSettings, extract
from posegloss.pipeline.running import worker

UNWANTED: Final = frozenset(("tensorflow", "mediapipe", "pandas", "pyarrow", "sklearn", "matplotlib"))
_PATIENCE_S: Final = 120


@dataclass(frozen=True)
class WorkerLife:
    """What was seen of workers.

    Attributes:
        start_s: seconds from the decision to spawn until the networks are loaded, of each start.
        unwanted: modules that a worker has imported, also while it worked, and should not have.
        memory: frames that a worker did, on average, and MB that the largest held (resident), after every clip.
        peak_mb: the most that one held, the long video at the end included.
    """

    start_s: list[float]
    unwanted: list[str]
    memory: list[tuple[float, float]]
    peak_mb: float | None

    @property
    def mb_per_1000_frames(self) -> float | None:
        """Slope of the memory over the second half of the frames; None where memory is not known."""
        frames = self.memory[-1][0] if self.memory else 0
        half = np.array([(done, held) for done, held in self.memory if done >= frames / 2])
        return float(np.polyfit(half[:, 0], half[:, 1], 1)[0] * 1000) if len(half) > 2 else None

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)


def measure(corpus: Sequence[str], last: str, *, starts: int, repeats: int, workers: int) -> WorkerLife:
    """Start workers one after the other; then a corpus run over the same clips again and again, and a long video.

    Args:
        corpus: the clips.
        last: the long video, which each worker is given at the end.
        starts: how many times a worker is started by itself.
        repeats: how often each clip is extracted in the corpus run.
        workers: of the corpus run; at least 2, since a single one works in the calling process.
    """
    told = [_start(corpus[0]) for _ in range(starts)]
    memory, peak_mb = _soak(corpus, last, repeats, workers)
    return WorkerLife([start_s for start_s, _ in told], told[-1][1], memory, peak_mb)


def _soak(
    corpus: Sequence[str], last: str, repeats: int, workers: int
) -> tuple[list[tuple[float, float]], float | None]:
    from posegloss.pipeline.corpus import ClipOutcome, extract_corpus
    from posegloss.pipeline.store import KeypointStore

    settings = ExtractionSettings()
    clips = [ClipSource(f"{i} {j}", Path(path)) for i in range(repeats) for j, path in enumerate(corpus)]
    clips += [ClipSource(f"last {i}", Path(last)) for i in range(workers)]
    memory: list[tuple[float, float]] = []
    frames, peak_mb = 0, 0.0

    def look(outcome: ClipOutcome) -> None:
        nonlocal frames, peak_mb
        frames += outcome.frames
        peak_mb = max(peak_mb, memory_of_largest_child(PEAK) or 0)
        held = memory_of_largest_child(HELD)
        if held and not outcome.source.clip_id.startswith("last"):
            memory.append((frames / workers, held))

    with tempfile.TemporaryDirectory() as folder:
        store = KeypointStore.create(Path(folder) / "store", settings.to_dict())
        extract_corpus(clips, store, settings, workers=workers, on_clip=look)
    return memory, peak_mb or None


def _start(clip: str) -> tuple[float, list[str]]:
    """Seconds until a worker is ready, and what it should not have imported when it has done a clip."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    begin = time.monotonic()
    process = context.Process(target=_be_worker, args=(there, clip), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(_PATIENCE_S):
            raise TimeoutError(f"a worker was not ready after {_PATIENCE_S} s")
        ready_at: float = here.recv()
        unwanted: list[str] = here.recv()
    finally:
        process.terminate()
        process.join()
    return ready_at - begin, unwanted


def _be_worker(answers: Any, clip: str) -> None:
    worker.start(ExtractionSettings(), 1)
    answers.send(time.monotonic())  # the same clock in all processes
    extract(clip, threads=1)
    answers.send(sorted(UNWANTED & sys.modules.keys()))
