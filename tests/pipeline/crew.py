"""What worker processes do in the tests of the executors: importable by name, as they need."""

import os
import signal
import time
from pathlib import Path

from posegloss.pipeline.errors import WeightsError


def ready() -> None:
    """A start that does nothing."""


def refuse() -> None:
    raise WeightsError("no weights")


def ready_once(mark: Path) -> None:
    """A start that works for the first worker only, of which it leaves a mark."""
    if mark.exists():
        refuse()
    mark.touch()


def die_at_once() -> None:
    os._exit(3)


def double(job: int) -> int:
    return 2 * job


def fail_on_odd(job: int) -> int:
    if job % 2:
        raise ValueError(f"{job} is odd")
    return job


def die_on_odd(job: int) -> int:
    if job % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def exit_on_odd(job: int) -> int:
    if job % 2:
        os._exit(0)
    return job


def die_the_first_time(mark: Path) -> str:
    """Dies unless the mark is there, which it makes."""
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return mark.name


def who(_: int) -> int:
    return os.getpid()


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds
