"""`posegloss extract`: videos in, a store of keypoint sequences out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TextColumn

from posegloss.cli.console import Exit, errors, fetch_weights, output, progress


def extract(
    inputs: Annotated[list[Path], typer.Argument(help="Videos, folders (gloss/clip.mp4) or manifests (CSV, Parquet).")],
    out: Annotated[Path, typer.Option(help="The store to make or to go on with.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
    model: Annotated[str, typer.Option(help="The landmark network: lite, full or heavy.")] = "full",
    backend: Annotated[
        str, typer.Option(help="blazepose (our tracker) or mediapipe (Google's own; --model also takes a .task).")
    ] = "blazepose",
    smooth: Annotated[bool, typer.Option(help="Smooth the keypoints over time.")] = True,
    static: Annotated[bool, typer.Option(help="Every frame on its own, without tracking.")] = False,
    world: Annotated[bool, typer.Option(help="Keep world landmarks (metres), too.")] = False,
) -> None:
    """Extract keypoint sequences from videos, in parallel. Run again, it goes on where it was.

    What failed is listed with the reason in STORE/failures.csv. Exit code: 0 all done, 1 some failed, 2 nothing
    could start.

    Example: posegloss extract corpus/ --out corpus.store
    """
    from posegloss.datasets.manifest import find_clips
    from posegloss.pipeline.corpus import FAILURES, ClipOutcome, extract_corpus
    from posegloss.pipeline.extract import ExtractionSettings
    from posegloss.pipeline.store import KeypointStore

    settings = ExtractionSettings(model, backend, smooth, static, world)
    found = find_clips(inputs)
    fetch_weights(settings.model)
    store = KeypointStore.create(out, settings.to_dict())
    for problem in found.problems:
        errors.print(
            f"row {problem.row_number} left out: {problem.path or '(no path)'}: {problem.reason}", markup=False
        )

    rate = TextColumn("{task.fields[rate]:.0f} frames/s")
    failures = TextColumn("[red]{task.fields[failed]} failed[/]")
    frames = failed = warned = 0
    with progress(rate, failures) as bar:
        task = bar.add_task("extracting", total=len(found.clips), rate=0.0, failed=0)

        def show(outcome: ClipOutcome) -> None:
            nonlocal frames, failed, warned
            frames += outcome.frames
            failed += outcome.error is not None
            warned += bool(outcome.warnings)
            elapsed = bar.tasks[0].elapsed or 0
            bar.update(task, advance=1, rate=frames / elapsed if elapsed else 0.0, failed=failed)

        result = extract_corpus(
            found.clips,
            store,
            settings,
            workers=workers,
            unusable=[(problem.path, f"row {problem.row_number}: {problem.reason}") for problem in found.problems],
            on_clip=show,
            on_start=lambda skipped: bar.update(task, advance=skipped),
        )
    output.print(
        f"{result.done} clips extracted ({frames} frames), {result.skipped} were there already, "
        f"{result.failed} failed: {out}",
        markup=False,
    )
    if result.relabelled:
        errors.print(f"{result.relabelled} clips that were there already got the labels of the manifest")
    if warned:
        errors.print(f"{warned} clips have warnings; they stand in the store's column 'warnings'")
    if result.failed:
        errors.print(f"why clips failed stands in {out / FAILURES}", markup=False)
        raise typer.Exit(Exit.SOME_FAILED if found.clips else Exit.NOTHING)
