"""`posegloss convert`: landmarks from one format to another."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Column, Table

from posegloss.cli.console import Exit, errors, output, progress, say_note
from posegloss.cli.words import count, printable

if TYPE_CHECKING:
    from posegloss.pipeline.formats.conversion import Converted

_MOST_PROBLEMS: Final = 10


def convert(
    source: Annotated[
        Path | None, typer.Argument(metavar="IN", show_default=False, help="A file or folder; --list tells of which.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Argument(metavar="OUT", show_default=False, help="What to write; a name without an ending is a store."),
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", help="What IN is, where its name does not tell.")] = None,
    to: Annotated[
        str | None, typer.Option(help="What to write, where OUT's name does not tell: pose for a folder.")
    ] = None,
    frame_rate: Annotated[
        float | None, typer.Option(metavar="FPS", help="Frames a second, where IN does not say or is wrong.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Frame size in pixels, where IN does not say or is wrong.")
    ] = None,
    layout: Annotated[
        str, typer.Option(help="The points to read: blazepose33, or holistic75 with the hands, where IN has them.")
    ] = "blazepose33",
    clip: Annotated[
        list[str] | None, typer.Option(help="Only the clip of this id; may be given several times.")
    ] = None,
    tier: Annotated[
        list[str] | None, typer.Option(help="The tier of an .eaf that has, or gets, the glosses; several may be read.")
    ] = None,
    list_formats: Annotated[bool, typer.Option("--list", help="List what can be read and written.")] = False,
) -> None:
    """Convert landmarks that others made: .pose, OpenPose JSON, MediaPipe .npy and .npz, ELAN .eaf, stores.

    A store and a folder are gone on with when the command is run again. Exit code: 0 all done, 1 some clips could not
    be read, 2 nothing could.

    Example: posegloss convert openpose_frames/ signer.store --frame-rate 25 --size 1280x720
    """
    from posegloss.pipeline.formats import ReadOptions
    from posegloss.pipeline.formats.conversion import convert as convert_clips
    from posegloss.pipeline.formats.registry import kind_of

    if list_formats:
        _print_formats()
        return
    if source is None or out is None:
        raise typer.BadParameter("say what to read and what to write", param_hint="IN OUT")
    if out.suffix.lower() == ".eaf":
        _convert_rows(source, out, tier or [])
        return
    options = ReadOptions(frame_rate, pixels(size), layout)
    kind = from_ or kind_of(source)
    if kind == "eaf":
        _convert_spans(source, out, tier or [])
        return
    with progress() as bar:
        task = bar.add_task("converting", total=None)
        result = convert_clips(
            source,
            out,
            kind=kind,
            to=to,
            options=options,
            clips=clip or (),
            # One clip needs no bar.
            on_clip=lambda done, total: bar.update(task, completed=done, total=total if total > 1 else None),
        )
    _print_result(result, out)


def pixels(size: str | None) -> tuple[int, int] | None:
    """Width and height as --size gives them."""
    if size is None:
        return None
    found = re.fullmatch(r"(\d{1,6})[xX*](\d{1,6})", size.strip())
    if not found:
        raise typer.BadParameter(f"{size!r} is no size; write width x height, as in 1280x720", param_hint="--size")
    return int(found[1]), int(found[2])


def _convert_spans(source: Path, out: Path, tiers: list[str]) -> None:
    from posegloss.pipeline.formats.span_rows import write_span_manifest

    if out.suffix.lower() not in (".csv", ".parquet"):
        raise typer.BadParameter(f"an .eaf becomes a manifest: end {out} in .csv or .parquet", param_hint="OUT")
    written = write_span_manifest(source, out, tiers)
    for note in written.notes:
        say_note(printable(note))
    output.print(f"{count(written.rows, 'row')}: {out}", markup=False)


def _convert_rows(source: Path, out: Path, tiers: list[str]) -> None:
    from posegloss.datasets.manifest import MANIFEST_SUFFIXES, read_manifest
    from posegloss.pipeline.formats.span_rows import write_span_tier

    if source.suffix.lower() not in MANIFEST_SUFFIXES:
        raise typer.BadParameter(f"an .eaf is made of a manifest; {source} is none (.csv, .parquet)", param_hint="IN")
    if len(tiers) != 1:
        raise typer.BadParameter("name the tier that the rows become", param_hint="--tier")
    found = read_manifest(source)
    for problem in found.problems[:_MOST_PROBLEMS]:
        errors.print(printable(f"row {problem.row_number}: {problem.path}: {problem.reason}"), markup=False)
    if (more := len(found.problems) - _MOST_PROBLEMS) > 0:
        errors.print(f"and {more:,} more rows that cannot be used")
    written = write_span_tier(found.clips, out, tiers[0])
    for note in written.notes:
        say_note(printable(note))
    output.print(f"{count(written.rows, 'annotation')}: {out}", markup=False)
    if found.problems:
        raise typer.Exit(Exit.SOME_FAILED)


def _print_result(result: "Converted", out: Path) -> None:
    for told, clips in list(result.warnings.items())[:_MOST_PROBLEMS]:
        say_note(printable(f"{count(clips, 'clip')}: {told}" if clips > 1 else told))
    if (more := len(result.warnings) - _MOST_PROBLEMS) > 0:
        say_note(f"and {more} other warnings")
    for clip_id, reason in list(result.problems.items())[:_MOST_PROBLEMS]:
        errors.print(printable(f"{clip_id}: {reason}"), markup=False)
    if (more := len(result.problems) - _MOST_PROBLEMS) > 0:
        errors.print(f"and {more:,} more clips that failed")
    output.print(
        f"{count(result.done, 'clip')} written, {result.skipped:,} were there already, "
        f"{len(result.problems):,} failed: {out}",
        markup=False,
    )
    if result.problems:
        raise typer.Exit(Exit.SOME_FAILED)


def _print_formats() -> None:
    from posegloss.pipeline.formats import FORMATS

    table = Table("name", Column("read", overflow="fold"), Column("written", overflow="fold"), box=None)
    for one in FORMATS.values():
        table.add_row(one.name, one.reads or "-", one.writes or "-")
    output.print(table, soft_wrap=False, markup=False)
