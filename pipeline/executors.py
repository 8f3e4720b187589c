"""Where the work runs: in this process, or in local processes that may die or hang without taking the run along."""

import multiprocessing.connection
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Final, Protocol, TypeVar

from posegloss.pipeline.errors import ClipTimeoutError, WorkerDiedError
from posegloss.pipeline.time_limit import TimeLimit
from posegloss.pipeline.worker_process import (
    Finished,
    Opened,
    Progress,
    Ready,
    Work,
    WorkerProcess,
    attempt,
    kill_all,
)

Job = TypeVar("Job")
Result = TypeVar("Result")
Results = Generator[tuple[Job, Result | Exception], None, None]

BEAT_S: Final = 1.0
"""How often those who watch a run are told how it gets on."""
_AWAY_S: Final = 5.0
"""After so long without a look at the workers, this process was asleep (Ctrl-Z), and so were they."""
_STARTS: Final = 3
"""So many workers in a row may be killed while they start."""


class Executor(Protocol):
    """Does jobs somewhere, and gives back each job with its result, or with what it raised, as soon as that is there.

    ``jobs`` are read only as fast as they are worked on. ``start`` is called once in every process before its first
    job. ``on_beat`` is called about once a second while jobs are in flight, with how many frames of these are done;
    what it raises ends the run. Closing the generator ends the work at once.
    """

    def __call__(
        self,
        work: Work[Job, Result],
        jobs: Iterable[Job],
        start: Callable[[], None],
        *,
        on_beat: Callable[[int], None],
    ) -> Results[Job, Result]:
        """Do the jobs."""
        ...


def run_here(
    work: Work[Job, Result], jobs: Iterable[Job], start: Callable[[], None], *, on_beat: Callable[[int], None]
) -> Results[Job, Result]:
    """An Executor: one job after the other in this process, without protection against one that kills it or hangs."""
    start()
    for job in jobs:
        pulse = _Pulse(on_beat)
        result = attempt(work, job, pulse)
        # Not the job's fault.
        if pulse.error:
            raise pulse.error
        yield job, result


class _Pulse:
    """What a job in this process tells, as beats."""

    def __init__(self, on_beat: Callable[[int], None]) -> None:
        self._on_beat, self._last = on_beat, time.monotonic()
        self.error: Exception | None = None

    def __call__(self, message: Opened | Progress) -> None:
        if isinstance(message, Opened) or time.monotonic() - self._last < BEAT_S:
            return
        self._last = time.monotonic()
        try:
            self._on_beat(message.frames)
        except Exception as error:
            self.error = error
            raise


def run_in_processes(
    work: Work[Job, Result],
    jobs: Iterable[Job],
    start: Callable[[], None],
    *,
    workers: int,
    on_beat: Callable[[int], None],
    limit: TimeLimit | None = None,
) -> Results[Job, Result]:
    """An Executor: local processes.

    A job whose process dies is tried once more when all others are done, with nothing beside it: the death may have
    been another's fault (out of memory). If its process dies again, its result is a WorkerDiedError that names the
    signal. A job that is stuck is stopped; its result is a ClipTimeoutError.

    Args:
        work: what to do with a job; importable by name.
        jobs: the jobs.
        start: importable by name.
        workers: number of processes.
        on_beat: see Executor.
        limit: when a job is taken for stuck; never unless given.

    Raises:
        WorkerDiedError: a worker died while it started.
        Exception: what ``start`` raised in a worker, also in one that took the place of a dead one.
    """
    crew = _Crew(lambda: WorkerProcess(work, start), iter(jobs), workers, limit)
    beat = looked = time.monotonic()
    try:
        while crew.occupy():
            for worker in crew.talking():
                yield from crew.hear(worker)
            now = time.monotonic()
            if now - looked > _AWAY_S:
                crew.forgive(now - looked)
            looked = now
            yield from crew.stop_stuck(now)
            if now - beat >= BEAT_S:
                beat = now
                on_beat(crew.frames)
    finally:
        kill_all(crew.workers)


class _Crew:
    """The workers of a run, and what they have to do."""

    def __init__(
        self, hire: Callable[[], WorkerProcess], jobs: Iterator[Any], size: int, limit: TimeLimit | None
    ) -> None:
        self.workers: list[WorkerProcess] = []
        self._hire, self._jobs, self._size, self._limit = hire, jobs, size, limit
        self._more = True
        self._aside: deque[Any] = deque()
        self._lost_starting = 0

    @property
    def frames(self) -> int:
        """How many frames of the jobs in flight are done."""
        return sum(worker.frames for worker in self.workers)

    def occupy(self) -> bool:
        """Give those who have nothing to do a job; false if all is done."""
        self._hire_up_to(self._size if self._more else 0)
        for worker in self.workers:
            # One that has nothing to do and talks has died.
            if self._more and worker.idle and not worker.connection.poll():
                try:
                    worker.give(next(self._jobs))
                except StopIteration:
                    self._more = False
        if self._more or any(worker.job is not None for worker in self.workers):
            return True
        if not self._aside:
            return False
        kill_all(self.workers[1:])
        del self.workers[1:]
        self._hire_up_to(1)
        if self.workers[0].idle and not self.workers[0].connection.poll():
            self.workers[0].give(self._aside.popleft(), alone=True)
        return True

    def _hire_up_to(self, size: int) -> None:
        while len(self.workers) < size:
            self.workers.append(self._hire())

    def talking(self) -> list[WorkerProcess]:
        """Those who have something to say, as soon as one has, but at the next beat at the latest."""
        heard = multiprocessing.connection.wait([worker.connection for worker in self.workers], BEAT_S)
        return [worker for worker in self.workers if worker.connection in heard]

    def hear(self, worker: WorkerProcess) -> Iterator[tuple[Any, Any]]:
        """Take a message; gives a job and its result if it is one."""
        job, alone = worker.job, worker.alone
        message = worker.receive()
        if message is None:
            self.workers.remove(worker)
            yield from self._bury(worker, job, alone)
        elif isinstance(message, Finished):
            yield job, message.result
        elif isinstance(message, Ready):
            self._lost_starting = 0
            if message.error:
                raise message.error

    def _bury(self, worker: WorkerProcess, job: Any, alone: bool) -> Iterator[tuple[Any, Exception]]:
        how, killed = worker.bury()
        if not worker.ready:
            self._lost_starting += 1
            # One that ends by itself would do so again.
            if not killed or self._lost_starting == _STARTS:
                raise WorkerDiedError(
                    f"a worker process {how} while it started (out of memory: use fewer workers; "
                    "or a script that does its work outside of `if __name__ == '__main__':`)"
                )
        elif alone:
            yield job, WorkerDiedError(f"the worker process {how}, twice: the second time with nothing beside it")
        elif job is not None:
            self._aside.append(job)

    def stop_stuck(self, now: float) -> Iterator[tuple[Any, Exception]]:
        """Stop those who have worked on a job for too long; gives these jobs."""
        for worker in list(self.workers):
            why = self._limit and worker.job is not None and self._limit.excess(worker, now)
            if why:
                job = worker.job
                self.workers.remove(worker)
                kill_all([worker])
                yield job, ClipTimeoutError(f"stopped: it {why}")

    def forgive(self, seconds: float) -> None:
        """Do not count a time in which nobody worked."""
        for worker in self.workers:
            worker.since += seconds
            worker.heard += seconds
