"""What the workers of a cluster do in the tests: importable by name on every machine, as they need."""

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from posegloss.pipeline.errors import DiskFullError, StoreError, WeightsError
from posegloss.pipeline.running.worker_process import Opened, Tell


def ready() -> None:
    """A start that does nothing."""


def refuse() -> None:
    raise WeightsError("no weights")


def work(job: tuple[int, float], tell: Tell) -> int:
    """Doubles a job's number after some seconds; -1 fails, -2 kills its process, -3 hangs."""
    number, seconds = job
    tell(Opened(0.0))
    if number == -1:
        raise ValueError("-1 is negative")
    if number == -2:
        os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(60 if number == -3 else seconds)
    return 2 * number


@dataclass(frozen=True)
class FileKeeper:
    """Keeps results in a folder: a file a batch, and a line in its log for everything that was kept.

    ``slow_s`` passes between the writing and the answer. Every job is said to be ``length_s`` of video.
    """

    folder: Path
    slow_s: float = 0.0
    length_s: float = 0.0

    def name(self, jobs: Sequence[tuple[int, float]]) -> str:
        return "-".join(str(number) for number, _ in jobs)

    def key(self, job: tuple[int, float]) -> int:
        return job[0]

    def length(self, job: tuple[int, float]) -> float:
        return self.length_s

    def frames(self, result: int) -> int:
        return 1

    def kept(self, name: str, jobs: Sequence[tuple[int, float]]) -> Mapping[int, str]:
        file = self.folder / name
        numbers = json.loads(file.read_text()) if file.exists() else []
        return {number: f"{2 * number} was kept" for number in numbers}

    def keep(self, name: str, done: Sequence[tuple[tuple[int, float], int]]) -> list[str]:
        away = self.folder.parent / "away"
        if self.folder.name == "full":
            raise DiskFullError("no room")
        if away.exists():
            away.unlink()
            raise StoreError("out of reach")
        before = self.kept(name, [])
        (self.folder / name).write_text(json.dumps([*before, *(number for (number, _), _ in done)]))
        time.sleep(self.slow_s)
        return [f"{result} kept by {os.getpid()}" for _, result in done]
