"""What worker processes do in the tests of the executors: importable by name, as they need."""

import os
import signal
import time
from pathlib import Path

from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.running.worker_process import Opened, Progress, Tell


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


def be_killed_once(mark: Path) -> None:
    """A start in which the first worker is killed, of which it leaves a mark."""
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def double(job: int, _: Tell) -> int:
    return 2 * job


def fail_on_odd(job: int, _: Tell) -> int:
    if job % 2:
        raise ValueError(f"{job} is odd")
    return job


class OddError(Exception):
    """An error that cannot be put together again in another process."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"{number} is {why}")


def fail_strangely(job: int, _: Tell) -> int:
    raise OddError(job, "strange")


def die(job: int, *_: Tell) -> int:
    """Dies by the signal of the job's number; of a negative one, by that exit status."""
    if job < 0:
        os._exit(-job)
    if job:
        os.kill(os.getpid(), job)
    return job


def die_the_first_time(mark: Path, _: Tell) -> str:
    """Dies unless the mark is there, which it makes."""
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return mark.name


def log_and_die_the_first_time(job: tuple[Path, str], _: Tell) -> str:
    """Writes into a folder when it began and ended; the job named "bad" dies when it is done for the first time."""
    folder, name = job
    mark = folder / "died"
    log(folder, f"{name} begins")
    time.sleep(0.05)
    if name == "bad" and not mark.exists():
        mark.touch()
        os._exit(1)
    time.sleep(0.1)
    log(folder, f"{name} ends")
    return name


def log(folder: Path, line: str) -> None:
    handle = os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def who(_: int, __: Tell) -> int:
    return os.getpid()


def sleep(seconds: float, _: Tell) -> float:
    time.sleep(seconds)
    return seconds


def open_and_sleep(job: tuple[float | None, float, float], tell: Tell) -> float:
    """Tells its length, then its progress every tenth of a second for a time, and then nothing for another."""
    length_s, busy_s, silent_s = job
    tell(Opened(length_s))
    end, frames = time.monotonic() + busy_s, 0
    while time.monotonic() < end:
        time.sleep(0.1)
        frames += 1
        tell(Progress(frames))
    time.sleep(silent_s)
    return busy_s


def open_late(before_s: float, tell: Tell) -> float:
    """A span of half a second that begins so many seconds into its video, and takes three seconds."""
    tell(Opened(0.5, before_s))
    time.sleep(3.0)
    return before_s
