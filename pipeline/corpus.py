"""Many clips in, a KeypointStore out: in parallel, going on where it was; one bad clip never stops the rest."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Final

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.executors import Executor, run_in_processes
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.running import worker
from posegloss.pipeline.running.outcome import ClipOutcome, CorpusResult, FailureList, Status
from posegloss.pipeline.running.plan import Plan, changed_labels
from posegloss.pipeline.running.ray_executor import run_on_ray
from posegloss.pipeline.running.run_state import RunState
from posegloss.pipeline.running.shard_keeper import ShardKeeper, Stored
from posegloss.pipeline.running.time_limit import TimeLimit
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import LABELS, Clip, Known, columns_of
from posegloss.pipeline.storing.journal import Journal
from posegloss.pipeline.storing.provenance import Origin

FLUSH_CLIPS: Final = 64
FLUSH_S: Final = 5.0
"""Clips are written when so many came together, or have waited for so long."""
AMEND_CLIPS: Final = 4096
"""Changes of clips that stay are written when so many came together: each time many shards are read."""
LIMIT: Final = TimeLimit()


def extract_corpus(
    sources: Sequence[ClipSource],
    store: KeypointStore,
    settings: ExtractionSettings,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    limit: TimeLimit | None = LIMIT,
    verify: bool = False,
    unusable: Sequence[tuple[str, str]] = (),
    on_start: Callable[[int], None] | None = None,
    on_clip: Callable[[ClipOutcome], None] | None = None,
    on_frames: Callable[[int], None] | None = None,
) -> CorpusResult:
    """Extract the clips that the store does not have yet, and those whose files have changed since.

    A run that was stopped, however, goes on where it was when it is repeated. Clips that failed are tried again. Labels
    that changed since are taken over. A clip whose id the store has from another file, which still exists, fails.

    Args:
        sources: the clips, of unique ids.
        store: made with the same settings (``settings.to_dict()``).
        settings: how to extract.
        workers: local processes; one for each processor unless given. They share the processors.
        executor: where the work runs (``on_ray``); local processes unless given, which need an importable main module.
        limit: when a clip is taken for stuck in a local process; None is never.
        verify: compare the contents of files that look unchanged, too.
        unusable: path and reason of what the caller could not make a clip of, for the list of failures.
        on_start: is told how many clips the store has already.
        on_clip: is told what became of each clip.
        on_frames: is told about once a second how many frames are done in this run, those of clips in flight included.

    Raises:
        DiskFullError: the disk is full; what was written before is whole, and the run can be repeated.
        StoreError: the store cannot be written, or another run is writing it.
        WeightsError: the weights cannot be had.
    """
    with (
        store.exclusive(),
        RunState(store.storage, len(sources) + len(unusable), failed=len(unusable)) as state,
        FailureList(store.storage) as failures,
    ):
        known = store.known(tidy=True)
        plan = Plan.of(sources, known, verify=verify)
        run = _Run(store, settings, known, state, failures, on_clip, on_frames)
        for path, reason in unusable:
            failures.write("", path, "ManifestError", reason)
        for source, before in plan.strangers:
            run.tell(ClipOutcome.of_error(source, StoreError(worker.stranger_reason(before))))
        for source in plan.there:
            run.skip(source)
        run.amend()
        if on_start:
            on_start(state.skipped)
        if plan.jobs:
            processors = os.cpu_count() or 1
            workers = min(workers or processors, len(set(map(worker.pass_of, plan.jobs))))
            # What runs elsewhere has the processors that it was given there.
            start = partial(worker.start, settings, 1 if executor else max(1, processors // workers))
            execute: Executor = executor or partial(
                run_in_processes, workers=workers, limit=limit, together=worker.pass_of
            )
            # Closed, so that an interrupt ends the workers at once and not when the garbage is collected.
            with run, closing(execute(worker.work, plan.jobs, start, on_beat=run.beat)) as results:
                for job, result in results:
                    run.take(job, result)
        run.amend()
        return CorpusResult(state.done, state.skipped, state.failed, run.relabelled, run.replaced)


def on_ray(
    store: KeypointStore,
    settings: ExtractionSettings,
    *,
    address: str | None = None,
    workers: int | None = None,
    limit: TimeLimit | None = LIMIT,
) -> Executor:
    """An executor for ``extract_corpus`` with the same store and settings: the workers of a Ray cluster.

    The workers write into the store themselves; it must lie where all machines reach it.

    Args:
        store: to extract into.
        settings: how to extract.
        address: of the cluster, see ``run_on_ray``.
        workers: one for each processor of the cluster unless given.
        limit: when a clip is taken for stuck; None is never.
    """
    keeper = ShardKeeper(store.storage, settings.to_dict())
    return partial(run_on_ray, keeper=keeper, workers=workers, address=address, limit=limit)


class _Run:
    """The results of a run on their way into the store. Leaving it, however, writes what has come so far."""

    def __init__(
        self,
        store: KeypointStore,
        settings: ExtractionSettings,
        known: Mapping[str, Known],
        state: RunState,
        failures: FailureList,
        on_clip: Callable[[ClipOutcome], None] | None,
        on_frames: Callable[[int], None] | None,
    ) -> None:
        self._store, self._settings = store, settings.to_dict()
        self._known, self._state, self._failures = known, state, failures
        self._on_clip, self._on_frames = on_clip, on_frames
        self._new: list[Clip] = []
        self._changed: list[Clip] = []
        self._journal: Journal | None = None
        self._flushed = time.monotonic()
        self._frames = 0
        self.relabelled = self.replaced = 0
        self._amendments: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> None:
        if self._store.storage.folder:
            self._journal = Journal(self._store.storage.folder)

    def __exit__(self, *exception: object) -> None:
        self._state.frames = self._frames
        try:
            self._flush()
        finally:
            if self._journal:
                self._journal.close()

    def skip(self, source: ClipSource, now: Origin | None = None) -> None:
        """A clip that the store has; ``now`` is its file, if that was read to find out."""
        changes = changed_labels(source, self._known[source.clip_id])
        self.relabelled += bool(changes)
        # Else it would be read again at every run.
        changes |= columns_of(now) if now else {}
        if changes:
            self._amendments[source.clip_id] = changes
        self.tell(ClipOutcome(source, "skipped"))

    def take(self, job: worker.Job, result: worker.Extracted | Stored | Exception) -> None:
        """Take what a worker made of a clip, and stored itself or not."""
        source = job.source
        # Jobs in doubt come first: what was learned from reading their files is to outlive a run that is killed.
        if len(self._amendments) >= AMEND_CLIPS or not job.doubt:
            self.amend()
        if isinstance(result, Exception):
            self.tell(ClipOutcome.of_error(source, result))
        elif isinstance(result, Stored):
            self._count(source, "done", result)
        elif result.sequence is None:
            self.skip(source, result.origin)
        else:
            clip = Clip.extracted(self._labelled(source), result.sequence, result.origin, self._settings)
            (self._changed if job.stored else self._new).append(clip)
            if self._journal:
                self._journal.add(clip)
            self.replaced += job.stored
            if len(self._new) + len(self._changed) >= FLUSH_CLIPS:
                self._flush()
            self._count(source, "replaced" if job.stored else "done", Stored.of(result.sequence, result.seconds))
        self._write_if_due()

    def beat(self, in_flight: int) -> None:
        """See Executor. Clips that wait are written also while no other comes."""
        # Never backwards: what a dead worker had done counts until others have done as much.
        self._state.frames = max(self._state.frames, self._frames + in_flight)
        self._write_if_due()
        if self._on_frames:
            self._on_frames(self._state.frames)

    def amend(self) -> None:
        """Write what has changed of the clips that were skipped."""
        if not self._amendments:
            return
        self._store.amend(self._amendments)
        self._amendments.clear()

    def tell(self, outcome: ClipOutcome) -> None:
        """Count and report what became of a clip."""
        if outcome.status == "failed":
            self._state.failed += 1
            self._failures.add(outcome)
        elif outcome.status == "skipped":
            self._state.skipped += 1
        else:
            self._state.done += 1
        if self._on_clip:
            self._on_clip(outcome)

    def _labelled(self, source: ClipSource) -> ClipSource:
        """With the labels that the store has and the source does not know."""
        known = self._known.get(source.clip_id)
        if known is None:
            return source
        return replace(source, **{name: getattr(source, name) or getattr(known, name) for name in LABELS})

    def _count(self, source: ClipSource, status: Status, told: Stored) -> None:
        self._frames += told.frames
        self._state.frames = max(self._state.frames, self._frames)
        self.tell(ClipOutcome(source, status, told.frames, told.frames_with_person, told.seconds, told.warnings))

    def _write_if_due(self) -> None:
        if time.monotonic() - self._flushed > FLUSH_S:
            self._flush()
        self._state.write_if_due()
        self._failures.write_if_due()

    def _flush(self) -> None:
        # Taken first: after an error there is no second try.
        new, changed = self._new, self._changed
        self._new, self._changed = [], []
        self._flushed = time.monotonic()
        self._store.append(new)
        self._store.replace(changed)
        if self._journal and (new or changed):
            self._journal.clear()
