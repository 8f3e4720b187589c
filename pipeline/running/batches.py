"""What a machine of a cluster does: it works on batches of jobs and keeps their results where all reach them.

Knows nothing of Ray, and nothing of clips: what is kept, and where, is the keeper's.
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, Self, TypeVar

from posegloss.pipeline.errors import DiskFullError, PoseglossError, StoreError
from posegloss.pipeline.executors import Crew
from posegloss.pipeline.running.time_limit import TimeLimit
from posegloss.pipeline.running.worker_process import Work

Job = TypeVar("Job")

_PAUSES_S: Final = (1.0, 4.0, 16.0)
"""An object store may be out of reach for a moment: after each pause it is tried again to keep a batch's results."""


class Keeper(Protocol):
    """Keeps the results of a batch under a name that depends on nothing but its jobs. Can be sent to other machines.

    So a batch that is done again, because nobody heard that it was done, is kept in the same place, once.
    """

    def name(self, jobs: Sequence[Any]) -> str:
        """The name under which the results of these jobs are kept."""
        ...

    def kept(self, name: str, jobs: Sequence[Any]) -> Mapping[Any, Any]:
        """Of these jobs those whose results are kept already, by ``key``, each with its summary."""
        ...

    def key(self, job: Any) -> Hashable:
        """What tells a job from the others."""
        ...

    def length(self, job: Any) -> float:
        """About how many seconds of video a job is, for batches of about the same work; 0 if that is not known."""
        ...

    def frames(self, result: Any) -> int:
        """How many frames a result has."""
        ...

    def keep(self, name: str, done: Sequence[tuple[Any, Any]]) -> Sequence[Any]:
        """Keep jobs' results, beside what is kept under that name; gives their summaries, in the same order."""
        ...


@dataclass(frozen=True)
class Batch(Generic[Job]):
    """Jobs that are done by one machine and kept together. A batch is never split: its name is that of its jobs.

    Attributes:
        jobs: the jobs.
        length: about how many seconds of video they are.
        losses: how often the machine that worked on it was lost.
    """

    jobs: tuple[Job, ...]
    length: float = 0.0
    losses: int = 0


class Station:
    """One worker of a machine far away. It can be sent there, before it has begun. Leaving it ends its process.

    Args:
        work: what to do with a job; importable by name.
        start: is called once in the worker's process; importable by name.
        keeper: keeps the results; see there.
        limit: when a job is taken for stuck.

    Attributes:
        keeper: keeps the results.
        frames: how many frames of the batch that it works on are done.
    """

    def __init__(
        self, work: Work[Any, Any], start: Callable[[], None], keeper: Keeper, limit: TimeLimit | None = None
    ) -> None:
        self.keeper = keeper
        # A process of its own, so that a broken video that kills it, or that hangs, costs itself only. It stays from
        # batch to batch.
        self._crew = Crew(work, start, 1, limit)
        self.frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._crew.__exit__(*exception)

    def do(self, batch: Batch[Any]) -> list[Any]:
        """Do a batch and keep it; gives for each of its jobs the summary of what was kept, or what it raised.

        Raises:
            PoseglossError: the work cannot start here, or nothing can be kept; the run cannot go on.
        """
        keeper, name = self.keeper, self.keeper.name(batch.jobs)
        # A machine that was lost may have kept all or some of it before.
        found = dict(keeper.kept(name, batch.jobs)) if batch.losses else {}
        left = [job for job in batch.jobs if keeper.key(job) not in found]
        done, frames = [], 0

        def beat(in_flight: int) -> None:
            self.frames = frames + in_flight

        if left:
            for job, result in self._crew.do(left, on_beat=beat):
                if isinstance(result, Exception):
                    found[keeper.key(job)] = result
                else:
                    done.append((job, result))
                    frames += keeper.frames(result)
        for (job, _), summary in zip(done, self._keep(name, done), strict=True):
            found[keeper.key(job)] = summary
        self.frames = 0
        return [found[keeper.key(job)] for job in batch.jobs]

    def _keep(self, name: str, done: Sequence[tuple[Any, Any]]) -> Sequence[Any]:
        for pause_s in _PAUSES_S:
            try:
                return self.keeper.keep(name, done)
            except DiskFullError:
                raise
            except StoreError:
                time.sleep(pause_s)
        return self.keeper.keep(name, done)


@dataclass(frozen=True)
class Stop:
    """Why a whole run cannot go on, as a station tells it."""

    error: PoseglossError
