"""What a million clips cost, and where one driver and one store break first: docs/scaling.md.

    python -m benchmarks.scaling --clips 1000000
    python -m benchmarks.scaling --corpus VIDEOS --workers 1 2

Measures, with a synthetic store in a temporary folder, what a run reads before it begins, and the driver's own time for
a clip on a Ray cluster of this machine. Then simulates runs with more workers than this machine has processors. With a
corpus instead: how long it takes with so many workers, as processes and on a Ray cluster of this machine, and how many
bytes a frame of it takes in the store.
"""

import argparse
import heapq
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.cluster import measure_corpus, measure_driver
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing import shards
from posegloss.pipeline.storing.clip import SCHEMA, Clip

SETTINGS = {"model": "full"}


@dataclass(frozen=True)
class Costs:
    """Seconds that a run spends.

    Attributes:
        frame_s: of a worker, for a frame, decoding included.
        frames: of a clip, in the median.
        spread: standard deviation of the logarithm of a clip's frames.
        driver_s: of the driver, for a clip.
        shard_s: of a worker, to write a shard of a batch.
        start_s: of a worker, once: its process and the networks.
        shard_clips: of a batch.
    """

    frame_s: float
    frames: float = 90
    spread: float = 0.6
    driver_s: float = 40e-6
    shard_s: float = 0.2
    start_s: float = 3.0
    shard_clips: int = 48


def simulate(clips: int, workers: int, costs: Costs, seed: int = 0) -> tuple[float, float, float]:
    """Seconds that a run takes, the share of their time that workers work, and that the driver is busy."""
    random = np.random.default_rng(seed)
    work = random.lognormal(np.log(costs.frames), costs.spread, clips) * costs.frame_s
    cuts = range(0, clips, costs.shard_clips)
    batches = np.add.reduceat(work, list(cuts)) + costs.shard_s
    free = [costs.start_s] * min(workers, len(batches))
    driver = 0.0
    for first, seconds in zip(cuts, batches, strict=True):
        # The driver takes an answer and gives the next batch, one after the other.
        driver = max(driver, heapq.heappop(free)) + costs.driver_s * min(costs.shard_clips, clips - first)
        heapq.heappush(free, driver + seconds)
    total = max(max(free), driver)
    return total, float(work.sum()) / (total * workers), costs.driver_s * clips / total


def make_store(folder: Path, clips: int, shard_clips: int) -> KeypointStore:
    """A store of so many clips with short sequences: what is measured reads no keypoints."""
    store = KeypointStore.create(folder, SETTINGS)
    points = np.zeros((2, 33, 4), np.float32)
    clip = Clip("x", KeypointSequence(points, np.arange(2) / 25, (1280, 720)), gloss="HELLO", signer="anna")
    table = shards.to_table([clip] * shard_clips)
    columns = {name: SCHEMA.get_field_index(name) for name in ("clip_id", "source")}
    for first in range(0, clips, shard_clips):
        ids = [f"HELLO/{first + number:08d}.mp4" for number in range(min(shard_clips, clips - first))]
        part = table.slice(0, len(ids))
        for name, place in columns.items():
            values = ids if name == "clip_id" else [f"/corpus/{one}" for one in ids]
            part = part.set_column(place, SCHEMA.field(name), pa.array(values))
        pq.write_table(part, folder / shards.FOLDER / f"{first:08d}.parquet", compression="zstd")
    return store


def main() -> None:
    """Measure, simulate, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1_000_000)
    parser.add_argument("--shard-clips", type=int, default=48)
    parser.add_argument("--frame-ms", type=float, default=13.0, help="a worker's time for a frame, decoding included")
    parser.add_argument("--corpus", type=Path, help="videos to extract, instead of all the rest")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    if options.corpus:
        measure_corpus(options.corpus, options.workers)
        return
    print(f"the driver's time for a clip on Ray: {measure_driver(5000) * 1e6:.0f} µs")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sources = [ClipSource(f"HELLO/{n:08d}.mp4", Path(f"/corpus/HELLO/{n:08d}.mp4")) for n in range(options.clips)]
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"{options.clips} ClipSources: {memory:.0f} MB of the driver's memory")
        del sources
        store = make_store(folder / "store", options.clips, options.shard_clips)
        began = time.perf_counter()
        known = store.known()
        seconds = time.perf_counter() - began
        shard_count = len(list((folder / "store" / shards.FOLDER).iterdir()))
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(f"known() of {len(known)} clips in {shard_count} shards: {seconds:.1f} s; peak {memory:.0f} MB")
    costs = Costs(options.frame_ms / 1000, shard_clips=options.shard_clips)
    print(
        f"\nsimulated: {options.clips} clips of {costs.frames:.0f} frames in the median, {options.frame_ms} ms a frame"
    )
    print("| workers | hours | workers busy | driver busy |\n|---:|---:|---:|---:|")
    for workers in (1, 2, 8, 32, 128, 512, 2048, 8192):
        total, busy, driver = simulate(options.clips, workers, costs)
        print(f"| {workers} | {total / 3600:.1f} | {busy:.0%} | {driver:.1%} |")


if __name__ == "__main__":
    main()
