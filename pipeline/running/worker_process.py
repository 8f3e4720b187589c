"""WorkerProcess: one spawned process that does one job after the other, and may die without taking this one along."""

import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

PROGRESS_S: Final = 1.0
"""A worker tells of its progress so often at most."""
_GO_S: Final = 1.0
"""So long a killed process is waited for; one that waits for a dead network drive goes later."""
_MEANING: Final = {"SIGKILL": " (out of memory?)", "SIGSEGV": " (a fault in a decoder?)"}


@dataclass(frozen=True)
class Opened:
    """The header was read.

    Attributes:
        length_s: how many seconds of video the job is; None where the file does not say.
        before_s: seconds of video that may have to be read before.
    """

    length_s: float | None
    before_s: float = 0.0


@dataclass(frozen=True)
class Begun:
    """The job has arrived: if the process dies now, that may be the job's fault."""


@dataclass(frozen=True)
class Progress:
    """The job is not stuck: so many frames are done."""

    frames: int


@dataclass(frozen=True)
class Ready:
    """The worker has started, or could not because of an error."""

    error: Exception | None = None


@dataclass(frozen=True)
class Finished:
    """The job's result, or what it raised."""

    result: Any


Tell = Callable[[Opened | Progress], None]
"""What a job tells of itself while it is worked on."""
Work = Callable[[Job, Tell], Result]
"""What is done with a job. What it raises is the job's result."""


class WorkerProcess:
    """A process that does jobs, seen from this side of its pipe.

    Args:
        work: what to do with a job; importable by name.
        start: is called once before the first job; importable by name.

    Attributes:
        connection: readable when there is something to receive.
        ready: it has started.
        job: what it works on, if anything.
        begun: it has told that it works on that.
        alone: nothing else is in flight while it works on that.
        since: when it was given that, or told its length, by the monotonic clock.
        heard: when it was last heard of.
        opened: what it told of the job's length.
        frames: how many frames of the job are done.
    """

    def __init__(self, work: Work[Any, Any], start: Callable[[], None]) -> None:
        # Spawned, not forked: the parent has threads, and FFmpeg's and LiteRT's locks do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work, start), daemon=True)
        with _interrupts_held():
            self._process.start()
        # Else the pipe would not end with the process.
        theirs.close()
        self.ready = False
        self.job: Any = None
        self.alone = self.begun = False
        self.since = self.heard = time.monotonic()
        self.opened: Opened | None = None
        self.frames = 0

    @property
    def idle(self) -> bool:
        """It has started and has nothing to do."""
        return self.ready and self.job is None

    def give(self, job: Any, *, alone: bool = False) -> None:
        """Let it work on a job."""
        self.job, self.alone, self.begun = job, alone, False
        self.since = self.heard = time.monotonic()
        # One that has just died is noticed when its pipe is read.
        with suppress(OSError):
            self.connection.send(job)

    def receive(self) -> Begun | Opened | Progress | Ready | Finished | None:
        """The next message, or None if the process has died."""
        try:
            message: Begun | Opened | Progress | Ready | Finished = self.connection.recv()
        except (EOFError, OSError):
            return None
        self.heard = time.monotonic()
        if isinstance(message, Ready):
            self.ready = True
        elif isinstance(message, Begun):
            self.begun = True
        elif isinstance(message, Opened):
            self.opened, self.since = message, self.heard
        elif isinstance(message, Progress):
            self.frames = message.frames
        else:
            self._rest()
        return message

    def bury(self) -> tuple[str, bool]:
        """How a process ended that has died, and whether it was killed by a signal."""
        # A pipe may end a moment before its process does.
        self._process.join(_GO_S)
        kill_all([self])
        code = self._process.exitcode
        if code is None or code >= 0:
            return f"ended with exit status {code}", False
        name = signal.Signals(-code).name
        return f"was killed by {name}{_MEANING.get(name, '')}", True

    def _rest(self) -> None:
        self.job, self.alone, self.opened, self.frames = None, False, None, 0


def kill_all(workers: Iterable[WorkerProcess]) -> None:
    """End workers at once, whatever they are doing."""
    workers = list(workers)
    for worker in workers:
        worker._process.kill()
    for worker in workers:
        worker._process.join(_GO_S)
        worker.connection.close()


def attempt(work: Work[Job, Result], job: Job, tell: Tell) -> Result | Exception:
    """A job's result, or what it raised."""
    try:
        return work(job, tell)
    except Exception as error:  # noqa: BLE001 - whatever a job raises must not stop the others
        return error


def _serve(connection: "Connection[Any, Any]", work: Work[Any, Any], start: Callable[[], None]) -> None:
    """What the process does."""
    # The parent decides what an interrupt means. If it is killed, nobody else tells its workers to go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        start()
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        connection.send(Ready(_portable(error)))
        return
    connection.send(Ready())
    with suppress(EOFError):
        while True:
            job = connection.recv()
            connection.send(Begun())
            result = attempt(work, job, _Teller(connection))
            connection.send(Finished(_portable(result) if isinstance(result, Exception) else result))


class _Teller:
    """Sends what a job tells of itself, but not every frame."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._told = time.monotonic()

    def __call__(self, message: Opened | Progress) -> None:
        now = time.monotonic()
        if isinstance(message, Opened) or now - self._told >= PROGRESS_S:
            self._told = now
            self._connection.send(message)


def _portable(error: Exception) -> Exception:
    """An error that can be sent; some cannot be put together again at the other end."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its own code raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    # A process that is being started does not ignore interrupts yet, and inherits which signals are held.
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
