"""Many clips in, a KeypointStore out: in parallel, going on where it was; one bad clip never stops the rest."""

import csv
import filecmp
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from posegloss.pipeline import worker
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import PoseglossError, StoreError
from posegloss.pipeline.executors import run_here, run_in_processes
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import LABELS, Clip, KeypointStore, told_as_store_error

FLUSH_CLIPS: Final = 64
FLUSH_S: Final = 5.0
"""A shard is written with the next clip when so many clips or seconds came together."""
FAILURES: Final = "failures.csv"


@dataclass(frozen=True)
class ClipOutcome:
    """What became of one clip.

    Attributes:
        source: the clip.
        frames: frames that were read; 0 for a failed clip.
        frames_with_person: frames in which a person was found.
        warnings: of the sequence.
        error: why it failed, or None.
    """

    source: ClipSource
    frames: int = 0
    frames_with_person: int = 0
    warnings: Sequence[str] = ()
    error: str | None = None


@dataclass(frozen=True)
class CorpusResult:
    """What became of a run.

    Attributes:
        done: clips that were extracted now.
        skipped: clips that the store already had.
        failed: clips that could not be extracted; ``failures.csv`` in the store says why.
        relabelled: clips that the store had with other labels.
    """

    done: int
    skipped: int
    failed: int
    relabelled: int = 0


def extract_corpus(
    sources: Sequence[ClipSource],
    store: KeypointStore,
    settings: ExtractionSettings,
    *,
    workers: int | None = None,
    unusable: Sequence[tuple[str, str]] = (),
    on_start: Callable[[int], None] | None = None,
    on_clip: Callable[[ClipOutcome], None] | None = None,
) -> CorpusResult:
    """Extract the clips that the store does not have yet.

    A run that was stopped, however, goes on where it was when it is repeated. Clips that failed are tried again. Labels
    that changed since are taken over. A clip whose id the store has from another file fails.

    Args:
        sources: the clips, of unique ids.
        store: made with the same settings (``settings.to_dict()``).
        settings: how to extract.
        workers: processes; one for each processor unless given. A single clip gets all processors instead.
        unusable: path and reason of what the caller could not make a clip of, for the list of failures.
        on_start: is told how many clips the store has already.
        on_clip: is told what became of each clip.

    Raises:
        DiskFullError: the disk is full; what was written before is whole, and the run can be repeated.
        StoreError: the store cannot be written.
        WeightsError: the weights cannot be had.
    """
    known = store.known()
    todo: list[ClipSource] = []
    strangers: list[ClipSource] = []
    there: list[ClipSource] = []
    for source in sources:
        row = known.get(source.clip_id)
        part = todo if row is None else strangers if _is_another(source, row) else there
        part.append(source)
    if on_start:
        on_start(len(there))
    changed = {source.clip_id: new for source in there if (new := _changed_labels(source, known[source.clip_id]))}
    if changed:
        store.relabel(changed)
    workers = min(workers or os.cpu_count() or 1, len(todo))
    threads = max(1, (os.cpu_count() or 1) // max(workers, 1))
    start = partial(worker.start, settings, threads)
    run = partial(run_in_processes, workers=workers) if workers > 1 else run_here
    done, failed = 0, len(strangers) + len(unusable)
    waiting: list[Clip] = []
    flushed = time.monotonic()
    # Closed, so that an interrupt ends the workers at once and not when the garbage is collected.
    with _Failures(store) as failures, closing(run(worker.work, todo, start)) as results:
        for path, reason in unusable:
            failures.write("", path, "ManifestError", reason)
        for source in strangers:
            reason = f"the store has {known[source.clip_id]['source']} by this name; extract it into another store"
            outcome = ClipOutcome(source, error=failures.add(source, StoreError(reason)))
            if on_clip:
                on_clip(outcome)
        try:
            for source, result in results if todo else ():
                if isinstance(result, Exception):
                    failed += 1
                    outcome = ClipOutcome(source, error=failures.add(source, result))
                else:
                    done += 1
                    waiting.append(_to_clip(source, result))
                    outcome = _outcome(source, result)
                if len(waiting) >= FLUSH_CLIPS or time.monotonic() - flushed > FLUSH_S:
                    batch, waiting = waiting, []
                    store.append(batch)
                    flushed = time.monotonic()
                if on_clip:
                    on_clip(outcome)
        finally:
            # Also when interrupted: what was extracted is kept.
            store.append(waiting)
    return CorpusResult(done, len(there), failed, len(changed))


def _is_another(source: ClipSource, row: Mapping[str, Any]) -> bool:
    # A corpus may have been moved or copied since; a file of the same name and other contents is another clip.
    before = Path(row["source"])
    try:
        return before.is_file() and source.path.is_file() and not filecmp.cmp(before, source.path)
    except OSError:
        return False  # one that cannot be read says nothing


def _changed_labels(source: ClipSource, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the source says differently than the store; what it does not know stays."""
    labels = {name: getattr(source, name) for name in LABELS}
    return {name: value for name, value in labels.items() if value and value != row[name]}


def _to_clip(source: ClipSource, sequence: KeypointSequence) -> Clip:
    return Clip(source.clip_id, sequence, source.gloss, source.signer, source.split, source.synthetic)


def _outcome(source: ClipSource, sequence: KeypointSequence) -> ClipOutcome:
    return ClipOutcome(source, len(sequence), int(sequence.present.sum()), sequence.warnings)


class _Failures:
    """The list of a run's failures, on disk as soon as they happen; it replaces the list of the run before."""

    def __init__(self, store: KeypointStore) -> None:
        self._store = store

    def __enter__(self) -> "_Failures":
        with told_as_store_error(self._store.path):
            self._file = (self._store.path / FAILURES).open(
                "w", newline="", encoding="utf-8", errors="backslashreplace"
            )
        self._writer = csv.writer(self._file)
        self.write("clip_id", "path", "error", "reason")
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def add(self, source: ClipSource, error: Exception) -> str:
        # What is not one of ours is a bug, whose message alone says little.
        reason = str(error) if isinstance(error, PoseglossError) else f"{type(error).__name__}: {error}"
        self.write(source.clip_id, str(source.path), type(error).__name__, reason)
        return reason

    def write(self, *row: str) -> None:
        with told_as_store_error(self._store.path):
            self._writer.writerow(row)
            self._file.flush()
