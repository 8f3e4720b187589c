"""Which processes there are, and commands of which none is left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

Start = Callable[..., "subprocess.Popen[str]"]


def children_of_session(session: int) -> set[int]:
    """The ids of the processes of a session, those that are already dead but not yet buried left out."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(of) == session and state not in "ZX":
            found.add(int(stat.parent.name))
    return found


def workers_of(session: int) -> set[int]:
    """The worker processes of a session."""
    found = set()
    for process in children_of_session(session) - {session}:
        # One that has just ended has no command line any more.
        with suppress(OSError):
            if "spawn_main" in Path(f"/proc/{process}/cmdline").read_text():
                found.add(process)
    return found


def is_alive(process: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    """Return as soon as a condition is met.

    Raises:
        TimeoutError: it never is.
    """
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{condition} was not met in {timeout_s} s")
        time.sleep(0.02)


@contextmanager
def started_in_sessions(command: Sequence[str]) -> Iterator[Start]:
    """What starts a command, with more arguments and variables, in a session of its own; all end with the block."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    try:
        yield start
    finally:
        for process in started:
            for left in children_of_session(process.pid):
                os.kill(left, signal.SIGKILL)
            process.communicate()
