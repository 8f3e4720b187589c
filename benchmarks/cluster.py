"""What a Ray cluster of this machine costs, and how far a second worker helps. Run by benchmarks/scaling.py."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from posegloss.datasets.manifest import find_clips
from posegloss.pipeline.corpus import extract_corpus, on_ray
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.running.ray_executor import run_on_ray
from posegloss.pipeline.running.shard_keeper import Stored
from posegloss.pipeline.running.worker_process import Tell
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing import shards


@dataclass(frozen=True)
class NullKeeper:
    """Keeps nothing: what remains is what a cluster costs."""

    # ruff: noqa: D102 - see Keeper

    def name(self, jobs: Sequence[int]) -> str:
        return ""

    def key(self, job: int) -> int:
        return job

    def length(self, job: int) -> float:
        return 0.0

    def frames(self, result: int) -> int:
        return 0

    def kept(self, name: str, jobs: Sequence[int]) -> dict[int, Stored]:
        return {}

    def keep(self, name: str, done: Sequence[tuple[int, int]]) -> list[Stored]:
        return [Stored(100, 100, (), 1.0) for _ in done]


def measure_driver(jobs: int) -> float:
    """Seconds of this process for a clip, Ray included, with two workers that do nothing."""
    results = run_on_ray(_nothing, range(jobs), _ready, keeper=NullKeeper(), on_beat=lambda _: None, workers=2)
    next(results)
    before = time.process_time()
    count = sum(1 for _ in results)
    return (time.process_time() - before) / count


def _ready() -> None:
    """A start that does nothing."""


def _nothing(job: int, tell: Tell) -> int:
    return job


def measure_corpus(videos: Path, workers: Sequence[int]) -> None:
    """Print how long a corpus takes."""
    settings = ExtractionSettings()
    sources = find_clips([videos]).clips
    print("| workers | processes, frames/s | Ray, frames/s | until its first clip | bytes a frame |")
    print("|---:|---:|---:|---:|---:|")
    for number in workers:
        rates, size, first = [], 0, 0.0
        for ray in (False, True):
            with tempfile.TemporaryDirectory() as name:
                store = KeypointStore.create(Path(name) / "store", settings.to_dict())
                executor = on_ray(store, settings, workers=number) if ray else None
                heard: list[float] = []
                began = time.perf_counter()
                extract_corpus(
                    sources,
                    store,
                    settings,
                    workers=number,
                    executor=executor,
                    on_frames=lambda n, heard=heard: heard.append(time.perf_counter()) if n else None,
                )
                # Ray starts its cluster first, which one that is there already does not have to.
                first = heard[0] - began
                frames = int(store.index()["frames"].sum())
                rates.append(frames / (time.perf_counter() - heard[0]))
                size = sum(path.stat().st_size for path in (store.path / shards.FOLDER).iterdir())
        print(f"| {number} | {rates[0]:.0f} | {rates[1]:.0f} | {first:.1f} s | {size / frames:.0f} |")
