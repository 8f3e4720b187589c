"""Many long videos in, a folder of annotations out: in parallel, going on where it was, whatever becomes of one."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import posegloss
from posegloss.classifiers.spotting import worker
from posegloss.classifiers.spotting.markers import Making, Marker, claim_names, read_markers
from posegloss.classifiers.spotting.model import SpottingModel
from posegloss.classifiers.spotting.outcome import InFlight, VideoOutcome
from posegloss.classifiers.streaming.boundary_network import WEIGHTS
from posegloss.classifiers.streaming.recogniser import StreamingSettings
from posegloss.pipeline.errors import StoreError, told_as_store_error
from posegloss.pipeline.executors import run_in_processes
from posegloss.pipeline.files import remove_leftovers
from posegloss.pipeline.running.outcome import FailureList
from posegloss.pipeline.running.run_state import held
from posegloss.pipeline.running.time_limit import TimeLimit
from posegloss.pipeline.storing.storage import Storage

LIMIT: Final = TimeLimit()


def annotate_videos(
    model: SpottingModel,
    videos: Sequence[Path],
    out: Path,
    *,
    threshold: float | None = None,
    unsure: bool = False,
    render: bool = False,
    workers: int | None = None,
    limit: TimeLimit | None = LIMIT,
    unusable: Sequence[VideoOutcome] = (),
    on_start: Callable[[int], None] | None = None,
    on_video: Callable[[VideoOutcome], None] | None = None,
    on_progress: Callable[[Sequence[InFlight]], None] | None = None,
) -> list[VideoOutcome]:
    """Spot signs in videos and write for each an ELAN file, subtitles, a table and, on demand, a video.

    A run that was stopped, however, goes on where it was when it is repeated. Videos that failed are tried again, and
    those that changed since, or were annotated by another model or with other settings, are annotated again. Beside the
    results stand a marker for each video and ``failures.csv``.

    Args:
        model: what recognises the signs.
        videos: each file once.
        out: the folder of the results, which is made if there is none.
        threshold: answers of less confidence are not sure; the model's own unless given.
        unsure: signs that are not sure stand in the ELAN file, the subtitles and the video, too.
        render: write a copy of each video with the skeleton and the glosses drawn on it.
        workers: local processes; one for each processor unless given. They share the processors.
        limit: when a video is taken for stuck; None is never.
        unusable: what the caller could not find a video for, for the list of failures.
        on_start: is told how many videos are done already.
        on_video: is told what became of each video.
        on_progress: is told about once a second which videos are being worked on.

    Returns:
        What became of each video, the unusable ones first.

    Raises:
        DiskFullError: the disk is full; what was written before is whole, and the run can be repeated.
        StoreError: the folder cannot be written, or another run is writing it.
        BundleError: the model cannot be loaded.
        WeightsError: the weights cannot be had.
    """
    with told_as_store_error(out):
        out.mkdir(parents=True, exist_ok=True)
    with held(out), FailureList(Storage(out)) as failures:
        with told_as_store_error(out):
            remove_leftovers(out)
        run = _Run(failures, on_video)
        for outcome in unusable:
            run.tell(outcome)
        boundaries = sha256(WEIGHTS.read_bytes()).hexdigest()
        streaming = asdict(StreamingSettings())
        making = Making(posegloss.__version__, model.sha256, threshold, unsure, streaming, boundaries)
        jobs: list[worker.Job] = []
        for job, marker in _planned(videos, out, making, render):
            if marker:
                run.tell(VideoOutcome(job.named, "skipped", job.name, marker.summary or {}))
            else:
                jobs.append(replace(job, number=len(jobs)))
        if on_start:
            on_start(len(run.outcomes))
        if jobs:
            processors = os.cpu_count() or 1
            workers = min(workers or processors, len(jobs))
            told = multiprocessing.get_context("spawn").RawArray("d", worker.CELLS * len(jobs))
            start = partial(worker.start, model, threshold, max(1, processors // workers), told)

            def beat(_: int) -> None:
                if on_progress:
                    left = [worker.in_flight(job, told) for job in jobs if job.number not in run.over]
                    on_progress([one for one in left if one])

            running = run_in_processes(worker.work, jobs, start, workers=workers, limit=limit, on_beat=beat)
            # Closed, so that an interrupt ends the workers at once and not when the garbage is collected.
            with closing(running) as results:
                for job, result in results:
                    run.take(job, result)
                    beat(0)
    return run.outcomes


class _Run:
    """What has become of the videos so far."""

    def __init__(self, failures: FailureList, on_video: Callable[[VideoOutcome], None] | None) -> None:
        self._failures, self._on_video = failures, on_video
        self.outcomes: list[VideoOutcome] = []
        self.over: set[int] = set()

    def take(self, job: worker.Job, result: Marker | Exception) -> None:
        self.over.add(job.number)
        # A full disk, or a folder that is gone, is no video's fault.
        if isinstance(result, StoreError):
            raise result
        if isinstance(result, Exception):
            self.tell(VideoOutcome.of_error(job.named, job.name, result))
        else:
            self.tell(VideoOutcome(job.named, "done", job.name, result.summary or {}))

    def tell(self, outcome: VideoOutcome) -> None:
        self.outcomes.append(outcome)
        if outcome.status == "failed":
            video, reason = str(outcome.video), outcome.reason or ""
            self._failures.write(outcome.name or "", video, outcome.error or "", reason)
        if self._on_video:
            self._on_video(outcome)


def _planned(
    videos: Sequence[Path], out: Path, making: Making, render: bool
) -> Iterator[tuple[worker.Job, Marker | None]]:
    """A job for each video, with its marker where there is nothing left to do."""
    markers = read_markers(out)
    real = [video.resolve() for video in videos]
    for named, video, name in zip(videos, real, claim_names(out, real, markers), strict=True):
        marker = markers.get(name)
        there = marker and marker.holds(out, name, making.of_file(video), render)
        yield worker.Job(0, named, video, out, name, making, render), marker if there else None
