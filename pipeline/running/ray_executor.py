"""The work on a Ray cluster: one worker a processor, as many as there are, replaced when their machine is lost.

Ray is imported only when it runs (``ray_cluster.py``).
"""

import os
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from posegloss.pipeline.errors import ClusterError, PoseglossError, StoreError, WorkerDiedError
from posegloss.pipeline.running.batches import Batch, Keeper, Station, Stop
from posegloss.pipeline.running.ray_cluster import connected, first_line
from posegloss.pipeline.running.time_limit import TimeLimit
from posegloss.pipeline.running.worker_process import Work

Job = TypeVar("Job")

BEAT_S: Final = 1.0
BATCH_S: Final = 60.0
"""A batch is about so many seconds of work: that is what a lost machine costs for each of its processors."""
_FIRST_JOBS: Final = 4
_MOST_JOBS: Final = 64
"""Jobs of a batch, before it is known how long one takes, and at most."""
_PACE: Final = 0.4
"""Seconds of work for a second of video, before that is known."""
_ASKED: Final = 100
"""So many workers are asked how far they are at every beat: to ask thousands would keep the driver busy."""
_LOSSES: Final = 2
"""A batch whose machine was lost, or whose results could not be kept, is tried once more."""
_NOBODY_S: Final = 600.0
"""So long a run waits for the first worker, or for one after all were lost: a cluster may have to start machines."""
_LOOK_S: Final = 0.1
"""Ray notices an interrupt only when it has waited for so long."""


def run_on_ray(
    work: Work[Job, Any],
    jobs: Iterable[Job],
    start: Callable[[], None],
    *,
    keeper: Keeper,
    on_beat: Callable[[int], None],
    workers: int | None = None,
    address: str | None = None,
    limit: TimeLimit | None = None,
) -> Generator[tuple[Job, Any], None, None]:
    """Do jobs on a Ray cluster, and give back each job with the keeper's summary of its result, or what it raised.

    The results themselves stay with the keeper and never pass through this process. A batch whose machine is lost is
    done once more by another; lost twice, those of its jobs that were not kept have WorkerDiedErrors. Closing the
    generator ends the work.

    Args:
        work: what to do with a job; importable by name on every machine.
        jobs: the jobs.
        start: is called once in every worker's process; importable by name.
        keeper: keeps the results where all machines reach them.
        on_beat: see Executor.
        workers: one for each processor of the cluster unless given.
        address: of the cluster ("auto", "ray://host:10001", "host:6379"); a cluster on this machine is started unless
            given.
        limit: when a job is taken for stuck.

    Raises:
        ClusterError: Ray is not installed, the cluster cannot be reached, or no worker starts on it.
        PoseglossError: a worker could not start the work (no weights), or the results cannot be kept.
    """
    todo = list(jobs)
    if not todo:
        return
    with connected(address, workers) as ray:
        fleet = _Fleet(ray, Station(work, start, keeper, limit), workers)
        try:
            yield from fleet.run(todo, on_beat)
        finally:
            fleet.dismiss()


class _Actor:
    """What runs in a worker of Ray's."""

    def __init__(self, station: Station, folder: str) -> None:
        self._station = station
        # Paths of videos may be relative to where the run was started.
        with suppress(OSError):
            os.chdir(folder)
        # A process that is spawned loads its parent's main file: Ray's, which takes half a second and 40 MB.
        vars(sys.modules["__main__"]).pop("__file__", None)

    def hello(self) -> None:
        """Answers when it has started."""

    def frames(self) -> int:
        """How many frames of its batch are done; answers while it works."""
        return self._station.frames

    def do(self, batch: Batch[Any]) -> list[Any] | Stop:
        try:
            return self._station.do(batch)
        except PoseglossError as error:
            # Raised, it would come wrapped into one of Ray's.
            return Stop(error)


class _Fleet:
    """The workers on a cluster, and what they work on."""

    def __init__(self, ray: Any, station: Station, workers: int | None) -> None:
        self._ray, self._station, self._keeper, self._workers = ray, station, station.keeper, workers
        # It is not tried again by Ray: which of its batches are, is ours to say.
        self._kind = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0, max_concurrency=2)(_Actor)
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, Batch[Any], float]] = {}
        self._asked: dict[Any, Any] = {}
        self._frames: dict[Any, int] = {}
        self._jobs_done, self._length_done, self._seconds = 0, 0.0, 0.0
        self._false_starts = 0
        self._somebody = time.monotonic()

    def run(self, jobs: list[Any], on_beat: Callable[[int], None]) -> Iterator[tuple[Any, Any]]:
        """Do jobs; gives each with its summary or error."""
        begun, beat = 0, time.monotonic()
        again: deque[Batch[Any]] = deque()
        while begun < len(jobs) or again or self._busy:
            self._hire(len(jobs) - begun + len(again))
            while self._idle and (again or begun < len(jobs)):
                if again:
                    batch = again.popleft()
                else:
                    batch = self._cut(jobs, begun)
                    begun += len(batch.jobs)
                self._give(self._idle.pop(), batch)
            for reference in self._answered():
                if reference in self._starting:
                    self._welcome(reference)
                else:
                    yield from self._take(reference, again)
            now = time.monotonic()
            if now - beat >= BEAT_S:
                beat = now
                on_beat(self._count_frames())

    def dismiss(self) -> None:
        """End all workers at once."""
        for actor in [*self._starting.values(), *self._idle, *(actor for actor, _, _ in self._busy.values())]:
            # The cluster may be gone; its workers go with it.
            with suppress(Exception):
                self._ray.kill(actor)

    def _give(self, actor: Any, batch: Batch[Any]) -> None:
        self._busy[actor.do.remote(batch)] = (actor, batch, time.monotonic())

    def _cut(self, jobs: list[Any], begun: int) -> Batch[Any]:
        """The next batch: about a minute's work, by the number of jobs and by their lengths."""
        known = _FIRST_JOBS if not self._jobs_done else round(BATCH_S * self._jobs_done / self._seconds)
        # Ever smaller towards the end, so that all end at about the same time.
        fair = (len(jobs) - begun) // (2 * max(1, self._wanted()))
        most = max(1, min(known, fair, _MOST_JOBS))
        room = BATCH_S / (self._seconds / self._length_done if self._length_done else _PACE)
        length, end = 0.0, begun
        for job in jobs[begun : begun + most]:
            more = self._keeper.length(job)
            if end > begun and length + more > room:
                break
            length, end = length + more, end + 1
        return Batch(tuple(jobs[begun:end]), length)

    def _count_frames(self) -> int:
        """How many frames of the batches in flight are done, as far as that was heard."""
        ready = self._ray.wait([*self._asked], num_returns=len(self._asked), timeout=0)[0] if self._asked else []
        for answer in ready:
            batch = self._asked.pop(answer)
            # A worker that was lost is noticed by its batch.
            with suppress(self._ray.exceptions.RayError):
                frames = self._ray.get(answer)
                if batch in self._busy:
                    self._frames[batch] = frames
        waiting = set(self._asked.values())
        silent = [batch for batch in self._busy if batch not in waiting]
        for batch in random.sample(silent, min(_ASKED, len(silent))):
            self._asked[self._busy[batch][0].frames.remote()] = batch
        return sum(self._frames.values())

    def _wanted(self) -> int:
        return self._workers or int(self._ray.cluster_resources().get("CPU", 0))

    def _hire(self, waiting: int) -> None:
        """Ask for as many workers as there are processors, but for no more than will have something to do."""
        here = len(self._starting) + len(self._idle) + len(self._busy)
        free = len(self._starting) + len(self._idle)
        for _ in range(min(self._wanted() - here, waiting - free)):
            actor = self._kind.remote(self._station, str(Path.cwd()))
            self._starting[actor.hello.remote()] = actor
        if self._idle or self._busy:
            self._somebody = time.monotonic()
        elif time.monotonic() - self._somebody > _NOBODY_S:
            raise ClusterError(
                f"no worker has started on the cluster for {_NOBODY_S:.0f} s; see `ray status` for free processors"
            )

    def _answered(self) -> list[Any]:
        references = [*self._busy, *self._starting]
        if not references:
            time.sleep(_LOOK_S)
            return []
        ready: list[Any] = self._ray.wait(references, num_returns=1, timeout=_LOOK_S)[0]
        return ready

    def _welcome(self, reference: Any) -> None:
        actor = self._starting.pop(reference)
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            # Its machine may have been lost while it started. Nobody else starts either: it is not the machine.
            self._false_starts += 1
            if self._false_starts > 2 * self._wanted() + 2 and not (self._idle or self._busy):
                raise ClusterError(
                    f"no worker starts on the cluster (is this version of posegloss on all its machines?): {error}"
                ) from error
        else:
            self._false_starts = 0
            self._idle.append(actor)

    def _take(self, reference: Any, again: deque[Batch[Any]]) -> Iterator[tuple[Any, Any]]:
        actor, batch, since = self._busy.pop(reference)
        self._frames.pop(reference, None)
        try:
            results = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError:
            raise  # the station's own code failed, which is a bug
        except self._ray.exceptions.RayError as error:
            # Also one that is only out of reach: what it may still write has the batch's name.
            with suppress(Exception):
                self._ray.kill(actor)
            if self._may_try_again(batch, again):
                return
            reason = f"the worker or its machine was lost twice while it worked on this batch ({first_line(error)})"
            # It may have been lost after it had kept them.
            kept: Mapping[Any, Any] = {}
            with suppress(StoreError):
                kept = self._keeper.kept(self._keeper.name(batch.jobs), batch.jobs)
            yield from ((job, kept.get(self._keeper.key(job), WorkerDiedError(reason))) for job in batch.jobs)
            return
        self._idle.append(actor)
        if isinstance(results, Stop):
            # An object store may be out of reach for a moment.
            if type(results.error) is StoreError and self._may_try_again(batch, again):
                return
            raise results.error
        self._jobs_done += len(batch.jobs)
        self._length_done += batch.length
        self._seconds += max(time.monotonic() - since, 1e-3)
        yield from zip(batch.jobs, results, strict=True)

    @staticmethod
    def _may_try_again(batch: Batch[Any], again: deque[Batch[Any]]) -> bool:
        if batch.losses + 1 == _LOSSES:
            return False
        again.append(replace(batch, losses=batch.losses + 1))
        return True
