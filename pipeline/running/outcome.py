"""What became of a clip, and of a run; and the list of those that failed."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.running.growing_file import GrowingFile
from posegloss.pipeline.storing.storage import Storage

FAILURES: Final = "failures.csv"
Status = Literal["done", "replaced", "skipped", "failed"]


@dataclass(frozen=True)
class ClipOutcome:
    """What became of one clip.

    Attributes:
        source: the clip.
        status: "done"; "replaced": done, in the place of one whose file has changed since; "skipped": the store has
            it; or "failed".
        frames: frames that were read; 0 if none were.
        frames_with_person: frames in which a person was found.
        seconds: how long a worker needed for it; None where that is not known.
        warnings: of the sequence.
        error: the name of what made it fail ("VideoError"), or None.
        reason: why it failed, in words, or None.
    """

    source: ClipSource
    status: Status
    frames: int = 0
    frames_with_person: int = 0
    seconds: float | None = None
    warnings: Sequence[str] = ()
    error: str | None = None
    reason: str | None = None

    @classmethod
    def of_error(cls, source: ClipSource, error: Exception) -> Self:
        """The outcome of a clip that failed."""
        # What is not one of ours is a bug, whose message alone says little.
        reason = str(error) if isinstance(error, PoseglossError) else f"{type(error).__name__}: {error}"
        return cls(source, "failed", error=type(error).__name__, reason=reason)


@dataclass(frozen=True)
class CorpusResult:
    """What became of a run.

    Attributes:
        done: clips that were extracted now.
        skipped: clips that the store already had.
        failed: clips that could not be extracted; ``failures.csv`` in the store says why.
        relabelled: clips that the store had with other labels.
        replaced: how many of those extracted took the place of one whose file has changed since.
    """

    done: int
    skipped: int
    failed: int
    relabelled: int = 0
    replaced: int = 0


class FailureList:
    """The list of a run's failures, written as they happen; it replaces the list of the run before.

    Args:
        storage: the store's place.

    Raises:
        StoreError: it cannot be written.
    """

    def __init__(self, storage: Storage) -> None:
        self._file = GrowingFile(storage, FAILURES)
        self._writer = csv.writer(self._file)

    def __enter__(self) -> Self:
        self._file.__enter__()
        self.write("clip_id", "path", "error", "reason")
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.__exit__(*exception)

    def add(self, outcome: ClipOutcome) -> None:
        """List a clip that failed."""
        self.write(outcome.source.clip_id, str(outcome.source.path), outcome.error or "", outcome.reason or "")

    def write(self, clip_id: str, path: str, error: str, reason: str) -> None:
        """Write a row."""
        self._writer.writerow((clip_id, path, error, reason))

    def write_if_due(self) -> None:
        """Bring it up to date, where that is not done at once."""
        self._file.write_if_due()
