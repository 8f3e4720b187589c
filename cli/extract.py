"""`posegloss extract`: videos in, a store of keypoint sequences out."""

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, TextColumn

from posegloss.cli.clip_log import ClipLog
from posegloss.cli.console import Exit, errors, fetch_weights, output, progress, status

if TYPE_CHECKING:
    from posegloss.datasets.manifest import ClipSources
    from posegloss.pipeline.extract import ExtractionSettings
    from posegloss.pipeline.running.outcome import ClipOutcome


class Where(StrEnum):
    """Where the work runs."""

    LOCAL = "local"
    RAY = "ray"


def extract(
    inputs: Annotated[list[Path], typer.Argument(help="Videos, folders (gloss/clip.mp4) or manifests (CSV, Parquet).")],
    out: Annotated[str, typer.Option(help="The store to make or to go on with: a folder, or s3://bucket/store.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
    executor: Annotated[
        Where, typer.Option(help="Where the work runs: on this machine, or on a Ray cluster (docs/scaling.md).")
    ] = Where.LOCAL,
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Of the cluster: auto, host:port or ray://host:port. Without it one is started on this machine.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="The landmark network: lite, full, heavy or a .tflite of your own (docs/extraction.md).")
    ] = "full",
    backend: Annotated[
        str, typer.Option(help="blazepose (our tracker) or mediapipe (Google's own; --model also takes a .task).")
    ] = "blazepose",
    smooth: Annotated[bool, typer.Option(help="Smooth the keypoints over time.")] = True,
    static: Annotated[bool, typer.Option(help="Every frame on its own, without tracking.")] = False,
    world: Annotated[bool, typer.Option(help="Keep world landmarks (metres), too.")] = False,
    precision: Annotated[
        str, typer.Option(help="Of our landmark network: float, or int8, which is faster (docs/extraction.md).")
    ] = "float",
    layout: Annotated[
        str, typer.Option(help="The points: blazepose33, or holistic75 with 21 of each hand (docs/extraction.md).")
    ] = "blazepose33",
    accurate: Annotated[
        bool,
        typer.Option(
            "--accurate",
            help="Look longer for a person: in the first frame of a track and with --static (docs/extraction.md).",
        ),
    ] = False,
    time_limit: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="FACTOR",
            help="Stop a clip that hangs: after 60 s and FACTOR times its length; where the length is unknown, after "
            "60 s without progress. 0: never.",
        ),
    ] = 30.0,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the contents of files that look unchanged, too (sha256).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    log_json: Annotated[
        str | None, typer.Option(metavar="FILE", help="Add a line of JSON for each clip to FILE; - is stdout.")
    ] = None,
) -> None:
    """Extract keypoint sequences from videos, in parallel. Run again, it goes on where it was.

    A clip whose file has changed since is extracted again. What failed is listed with the reason in
    STORE/failures.csv. Exit code: 0 all done, 1 some failed, 2 it could not start or go on (the disk is full, another
    run has the store), 130 interrupted.

    Example: posegloss extract corpus/ --out corpus.store
    """
    from posegloss.datasets.manifest import find_clips
    from posegloss.pipeline.corpus import extract_corpus, on_ray
    from posegloss.pipeline.extract import ExtractionSettings
    from posegloss.pipeline.running.outcome import FAILURES
    from posegloss.pipeline.running.time_limit import TimeLimit
    from posegloss.pipeline.store import KeypointStore

    if ray_address and executor is not Where.RAY:
        raise typer.BadParameter("needs --executor ray", param_hint="--ray-address")
    settings = ExtractionSettings(model, backend, smooth, static, world, precision, layout, accurate)
    found = find_clips(inputs)
    for problem in found.problems:
        errors.print(
            f"row {problem.row_number} left out: {problem.path or '(no path)'}: {problem.reason}", markup=False
        )
    if dry_run:
        _say_what_would_be_done(found, out, settings, verify)
        return
    if not ray_address:
        fetch_weights(settings.weights)
    store = KeypointStore.create(out, settings.to_dict())
    limit = TimeLimit(time_limit) if time_limit else None
    cluster = on_ray(store, settings, address=ray_address, workers=workers, limit=limit)
    rate = TextColumn("{task.fields[rate]:.0f} frames/s")
    failures = TextColumn("[red]{task.fields[failed]} failed[/]")
    with ExitStack() as stack:
        # Before the progress bar, which takes stdout over.
        log = stack.enter_context(ClipLog(log_json)) if log_json else None
        shown = _Shown(stack.enter_context(progress(rate, failures)), len(found.clips), log)
        result = extract_corpus(
            found.clips,
            store,
            settings,
            workers=workers,
            executor=cluster if executor is Where.RAY else None,
            limit=limit,
            verify=verify,
            unusable=[(problem.path, f"row {problem.row_number}: {problem.reason}") for problem in found.problems],
            on_start=shown.start,
            on_clip=shown.clip,
            on_frames=shown.rate,
        )
    # What a program reads on stdout is not mixed with what a person reads.
    summary = errors if log_json == "-" else output
    summary.print(
        f"{result.done} clips extracted ({shown.frames} frames), {result.skipped} were there already, "
        f"{result.failed} failed: {store.place}",
        markup=False,
    )
    if result.replaced:
        errors.print(f"{result.replaced} of them were extracted again, as their files have changed")
    if result.relabelled:
        errors.print(f"{result.relabelled} clips that were there already got the labels of the manifest")
    if shown.warned:
        errors.print(f"{shown.warned} clips have warnings; they stand in the store's column 'warnings'")
    if result.failed:
        errors.print(f"why clips failed stands in {store.place}/{FAILURES}", markup=False)
        raise typer.Exit(Exit.SOME_FAILED if found.clips else Exit.NOTHING)


class _Shown:
    """What a run shows while it goes on."""

    def __init__(self, bar: Progress, total: int, log: ClipLog | None) -> None:
        self._bar, self._log = bar, log
        self._task = bar.add_task("extracting", total=total, rate=0.0, failed=0)
        self._ended = self._failed = 0
        self._started = False
        self.frames = self.warned = 0

    def start(self, skipped: int) -> None:
        # What was there already says nothing of how long the rest takes.
        self._bar.reset(self._task, completed=self._ended)
        self._started = True

    def clip(self, outcome: "ClipOutcome") -> None:
        if self._log:
            self._log.write(outcome)
        self._ended += 1
        self.frames += outcome.frames
        self._failed += outcome.status == "failed"
        self.warned += bool(outcome.warnings)
        if self._started:
            self._bar.update(self._task, completed=self._ended, failed=self._failed)

    def rate(self, frames: int) -> None:
        elapsed = self._bar.tasks[0].elapsed
        if elapsed:
            self._bar.update(self._task, rate=frames / elapsed)


def _say_what_would_be_done(found: "ClipSources", out: str, settings: "ExtractionSettings", verify: bool) -> None:
    from posegloss.pipeline.running.plan import Plan
    from posegloss.pipeline.store import DESCRIPTION, KeypointStore
    from posegloss.pipeline.storing.storage import Storage

    storage = Storage(out)
    # As in the run: a folder that is no store yet becomes one, a file does not.
    there = storage.exists(DESCRIPTION) or (storage.folder and storage.folder.is_file())
    known = KeypointStore.open_with(out, settings.to_dict()).known() if there else {}
    with status("comparing files with the store"):
        plan = Plan.of(found.clips, known, verify=verify).settled()
    again = sum(job.stored for job in plan.jobs)
    for line in (
        f"{len(plan.jobs) - again} clips new",
        f"{again} changed since, to be extracted again",
        f"{len(plan.there)} there already",
        f"{len(plan.strangers)} would fail: {storage.place} has another file by their name",
        f"{len(found.problems)} rows left out",
        f"{plan.count_bytes()} bytes of video to read",
    ):
        output.print(line, markup=False)
    for source, before in plan.strangers:
        errors.print(f"another file: {source.path} is not {before.source}", markup=False)
    if not found.clips:
        raise typer.Exit(Exit.NOTHING)
