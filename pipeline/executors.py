"""Where the work runs: in this process, or in local processes that may die or hang without taking the run along."""

import multiprocessing.connection
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from itertools import groupby
from typing import Any, Final, Protocol, Self, TypeVar

from posegloss.pipeline.errors import ClipTimeoutError, WorkerDiedError
from posegloss.pipeline.running.time_limit import TimeLimit
from posegloss.pipeline.running.worker_process import (
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
    together: Callable[[Any], Hashable] | None = None,
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
        together: jobs in a row for which it says the same are done by the same process, one after the other.

    Raises:
        WorkerDiedError: a worker died while it started.
        Exception: what ``start`` raised in a worker, also in one that took the place of a dead one.
    """
    with Crew(work, start, workers, limit) as crew:
        yield from crew.do(jobs, on_beat=on_beat, together=together)


class Crew:
    """Local processes that do one list of jobs after the other; leaving it ends them at once.

    Args:
        work: what to do with a job; importable by name.
        start: importable by name.
        size: number of processes.
        limit: when a job is taken for stuck; never if None.
    """

    def __init__(self, work: Work[Any, Any], start: Callable[[], None], size: int, limit: TimeLimit | None) -> None:
        self._workers: list[WorkerProcess] = []
        self._work, self._start, self._size, self._limit = work, start, size, limit
        self._chains: Iterator[deque[Any]] = iter(())
        self._drained = True
        self._begun: dict[WorkerProcess, deque[Any]] = {}
        self._orphans: list[deque[Any]] = []
        self._aside: deque[Any] = deque()
        self._lost_starting = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        kill_all(self._workers)

    def do(
        self,
        jobs: Iterable[Any],
        *,
        on_beat: Callable[[int], None],
        together: Callable[[Any], Hashable] | None = None,
    ) -> Iterator[tuple[Any, Any]]:
        """Do jobs, as ``run_in_processes`` does. One list must have come to its end before the next begins."""
        if together is None:
            self._chains = (deque([job]) for job in jobs)
        else:
            self._chains = (deque(group) for _, group in groupby(jobs, together))
        self._drained = False
        beat = looked = time.monotonic()
        while self._occupy():
            for worker in self._talking():
                yield from self._hear(worker)
            now = time.monotonic()
            if now - looked > _AWAY_S:
                self._forgive(now - looked)
            looked = now
            yield from self._stop_stuck(now)
            if now - beat >= BEAT_S:
                beat = now
                on_beat(sum(worker.frames for worker in self._workers))

    def _occupy(self) -> bool:
        """Give those who have nothing to do a job; false if all is done."""
        self._hire_up_to(self._size if self._more else 0)
        for worker in self._workers:
            # One that has nothing to do and talks has died.
            if worker.idle and not worker.connection.poll() and (job := self._next_for(worker)) is not None:
                worker.give(job)
        if self._more or any(worker.job is not None for worker in self._workers):
            return True
        if not self._aside:
            return False
        kill_all(self._workers[1:])
        del self._workers[1:]
        self._hire_up_to(1)
        if self._workers[0].idle and not self._workers[0].connection.poll():
            self._workers[0].give(self._aside.popleft(), alone=True)
        return True

    @property
    def _more(self) -> bool:
        """Whether there may be a job that nobody has been given."""
        return not self._drained or bool(self._orphans) or any(self._begun.values())

    def _next_for(self, worker: WorkerProcess) -> Any:
        """The next job of the chain that a worker has begun, or of another; None if all have been given away."""
        if not self._begun.get(worker):
            chain = self._orphans.pop() if self._orphans else next(self._chains, None)
            if chain is None:
                self._drained = True
                return None
            self._begun[worker] = chain
        return self._begun[worker].popleft()

    def _dismiss(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        if chain := self._begun.pop(worker, None):
            self._orphans.append(chain)

    def _hire_up_to(self, size: int) -> None:
        while len(self._workers) < size:
            self._workers.append(WorkerProcess(self._work, self._start))

    def _talking(self) -> list[WorkerProcess]:
        """Those who have something to say, as soon as one has, but at the next beat at the latest."""
        heard = multiprocessing.connection.wait([worker.connection for worker in self._workers], BEAT_S)
        return [worker for worker in self._workers if worker.connection in heard]

    def _hear(self, worker: WorkerProcess) -> Iterator[tuple[Any, Any]]:
        """Take a message; gives a job and its result if it is one."""
        job, alone = worker.job, worker.alone
        message = worker.receive()
        if message is None:
            self._dismiss(worker)
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
        elif job is not None and not worker.begun:
            # It died before the job came to it; that shows only when it is read from.
            if alone:
                self._aside.appendleft(job)
            else:
                self._orphans.append(deque([job]))
        elif alone:
            yield job, WorkerDiedError(f"the worker process {how}, twice: the second time with nothing beside it")
        elif job is not None:
            self._aside.append(job)

    def _stop_stuck(self, now: float) -> Iterator[tuple[Any, Exception]]:
        """Stop those who have worked on a job for too long; gives these jobs."""
        for worker in list(self._workers):
            why = self._limit and worker.job is not None and self._limit.excess(worker, now)
            if why:
                job = worker.job
                self._dismiss(worker)
                kill_all([worker])
                yield job, ClipTimeoutError(f"stopped: it {why}")

    def _forgive(self, seconds: float) -> None:
        """Do not count a time in which nobody worked."""
        for worker in self._workers:
            worker.since += seconds
            worker.heard += seconds
