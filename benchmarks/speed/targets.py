"""What the extraction is to reach, and what it reached."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.speed.frame_time import FrameTime
from benchmarks.speed.rates import MP_SOLUTIONS, OURS, OURS_INT8, OURS_LITE, OURS_LITE_INT8, TASKS, Contest
from benchmarks.speed.worker_life import WorkerLife

RATIOS = (
    ("video", OURS, MP_SOLUTIONS, 2.5),
    ("video", OURS, TASKS, 2.2),
    ("corpus", OURS, MP_SOLUTIONS, 4.5),
    ("corpus", OURS, TASKS, 3.5),
    ("corpus", OURS_INT8, MP_SOLUTIONS, 4.5),
    ("corpus", OURS_INT8, TASKS, 3.5),
    ("corpus", OURS_LITE, MP_SOLUTIONS, 6.0),
    ("corpus", OURS_LITE_INT8, MP_SOLUTIONS, 6.0),
)
AROUND_SHARE = 0.15
START_S = 1.0
PEAK_MB = 350.0
FLAT_MB_PER_1000 = 0.5
"""Ten MB over 20,000 frames."""
FEWEST_FRAMES = 5_000
"""Before that the allocator has not come to rest, and a slope means nothing."""


@dataclass(frozen=True)
class Target:
    """One of the aims, in words, and whether it was reached."""

    what: str
    aim: str
    reached: str
    ok: bool


def of_contests(contests: Sequence[Contest]) -> Iterator[Target]:
    """How many times as fast as the peers, for all that took part."""
    for contest in contests:
        for kind, one, other, least in RATIOS:
            ratio = contest.ratio(one, other) if contest.kind == kind else None
            if ratio:
                reached = f"{ratio.of_medians:.2f}x ({ratio.least:.2f} to {ratio.most:.2f})"
                what = f"{contest.title}: {one} against {other}"
                yield Target(what, f"{least:g}x", reached, ratio.of_medians >= least)


def of_frame_time(name: str, times: FrameTime) -> Iterator[Target]:
    """The work around the network."""
    share = times.around_share_overlapped
    what = f"{name}: work around the network, decode and colour on another thread"
    yield Target(what, f"at most {AROUND_SHARE:.0%}", f"{share:.1%}", share <= AROUND_SHARE)


def of_worker(life: WorkerLife) -> Iterator[Target]:
    """A worker's start and memory."""
    middle, slowest = median(life.start_s), max(life.start_s)
    reached = f"{middle:.2f} s (slowest {slowest:.2f})"
    yield Target("a worker's start", f"under {START_S:g} s", reached, middle < START_S)
    heavy = [name for name in life.unwanted if name in ("tensorflow", "mediapipe")]
    yield Target("TensorFlow and mediapipe in a worker", "none", ", ".join(heavy) or "none", not heavy)
    if life.peak_mb is not None:
        yield Target("a worker's memory", f"under {PEAK_MB:g} MB", f"{life.peak_mb:.0f} MB", life.peak_mb < PEAK_MB)
    if (slope := life.mb_per_1000_frames) is not None and life.memory[-1][0] >= FEWEST_FRAMES:
        what = f"its growth over {life.memory[-1][0]:.0f} frames"
        aim = f"at most {FLAT_MB_PER_1000:g} MB per 1,000"
        yield Target(what, aim, f"{slope:+.2f} MB per 1,000", slope <= FLAT_MB_PER_1000)
