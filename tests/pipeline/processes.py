"""Which processes there are."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


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
