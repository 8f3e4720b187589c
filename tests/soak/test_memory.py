"""A worker's memory over many frames."""

import os
from functools import partial
from pathlib import Path

import pytest

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.executors import run_in_processes
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.running import worker
from posegloss.pipeline.running.worker import Job
from posegloss.pipeline.running.worker_process import Tell

from ..made_videos import avatar_images, write_clip

MIB = 2**20


def extract_and_measure(job: Job, tell: Tell) -> tuple[int, int]:
    """How many frames the clip has, and what the process holds after it, in bytes."""
    sequence = worker.work(job, tell).sequence
    assert sequence is not None
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return len(sequence), pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads a process's memory in /proc")
def test_a_worker_stays_flat_over_20_000_frames(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "video.mp4", avatar_images(50, size=(640, 480)) * 20)
    jobs = [Job(ClipSource(f"{number}.mp4", video)) for number in range(20)]
    start = partial(worker.start, ExtractionSettings(), 1)
    results = run_in_processes(extract_and_measure, jobs, start, workers=1, on_beat=lambda _: None)
    held: list[int] = []
    for _, result in results:
        assert not isinstance(result, Exception)
        assert result[0] == 1000
        held.append(result[1] // MIB)
    print(f"MiB after each 1000 frames: {held}")  # noqa: T201 - shown by -s and by a failure
    assert max(held) < 350
    # The first clips warm up.
    assert held[-1] - held[1] < 15
