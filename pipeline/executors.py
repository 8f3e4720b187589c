"""Where the work runs: in this process, or in local processes that may die without taking the run along."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any, Final, TypeVar

from posegloss.pipeline.errors import WorkerDiedError

Job = TypeVar("Job")
Result = TypeVar("Result")

TRIES: Final = 2
"""A job whose worker died is tried once more: the death may have been another's fault (out of memory)."""


def run_here(
    work: Callable[[Job], Result], jobs: Iterable[Job], start: Callable[[], None]
) -> Generator[tuple[Job, Result | Exception], None, None]:
    """Do the jobs one after the other in this process; what a job raises is its result."""
    start()
    for job in jobs:
        yield job, _attempt(work, job)


def run_in_processes(
    work: Callable[[Job], Result], jobs: Iterable[Job], start: Callable[[], None], workers: int
) -> Generator[tuple[Job, Result | Exception], None, None]:
    """Do the jobs in processes, and give back each job with its result as soon as it is there.

    Each worker is a process pool of one, so that a process that dies is known by its job. Such a job is tried once
    more, and then has a WorkerDiedError for a result.

    Args:
        work: what to do with a job; importable by name. What it raises is the job's result.
        jobs: read only as fast as they are worked on.
        start: is called once in every worker before its first job; importable by name.
        workers: number of processes.

    Raises:
        WorkerDiedError: a worker died while it started.
        Exception: what ``start`` raised in a worker, also in one that took the place of a dead one.
    """
    waiting, again = iter(jobs), deque[tuple[Job, int]]()
    slots = [_Worker(start) for _ in range(workers)]
    running: dict[Future[Any], tuple[_Worker, Job, int]] = {}
    try:
        for worker in slots:
            worker.wait()
        idle = deque(slots)
        while True:
            while idle:
                entry = again.popleft() if again else next(((job, 1) for job in waiting), None)
                if entry is None:
                    break
                worker = idle.popleft()
                running[worker.submit(work, entry[0])] = (worker, *entry)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                worker, job, tries = running.pop(future)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    worker.restart()
                    if tries < TRIES:
                        again.append((job, tries + 1))
                        idle.append(worker)
                        continue
                    result = WorkerDiedError("the worker process died, twice (out of memory, or a fault in a decoder)")
                else:
                    # A restarted worker that could not start has done the job without what it needs.
                    worker.wait()
                idle.append(worker)
                yield job, result
    finally:
        for worker in slots:
            worker.kill()


class _Worker:
    def __init__(self, start: Callable[[], None]) -> None:
        self._start = start
        self.restart()

    def restart(self) -> None:
        # Spawned, not forked: the parent has threads, and FFmpeg's and LiteRT's locks do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_obey_parent)
        self.started = self._pool.submit(_start_and_tell, self._start)

    def wait(self) -> None:
        try:
            self.started.result()
        except BrokenProcessPool as error:
            raise WorkerDiedError(
                "a worker process died while it started (out of memory: use fewer workers; "
                "or a script that does its work outside of `if __name__ == '__main__':`)"
            ) from error

    def submit(self, work: Callable[[Job], Result], job: Job) -> "Future[Result | Exception]":
        try:
            return self._pool.submit(_attempt, work, job)
        except BrokenProcessPool:
            # It died while it had nothing to do, which is no job's fault.
            self.restart()
            return self._pool.submit(_attempt, work, job)

    def kill(self) -> None:
        # An orderly end would wait for the clip in flight.
        if self.started.done() and not self.started.exception():
            with suppress(ProcessLookupError):
                os.kill(self.started.result(), signal.SIGTERM)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _attempt(work: Callable[[Job], Result], job: Job) -> Result | Exception:
    try:
        return work(job)
    except Exception as error:  # noqa: BLE001 - whatever a job raises must not stop the others
        return error


def _start_and_tell(start: Callable[[], None]) -> int:
    start()
    return os.getpid()


def _obey_parent() -> None:
    # The parent decides what an interrupt means. If it is killed, nobody else tells its workers to go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
