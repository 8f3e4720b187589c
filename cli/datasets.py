"""`posegloss datasets`: the published datasets that posegloss reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from posegloss.cli.console import Exit, output, progress, say_error, say_note, status, warnings_as_notes
from posegloss.cli.words import count, printable

if TYPE_CHECKING:
    from posegloss.datasets.readers import DatasetClip, MetadataProblem, Reading

app = typer.Typer()

_SHOWN: Final = 5
"""Problems and examples that are shown of many."""

Name = Annotated[str, typer.Argument(help="One of those that `posegloss datasets` lists.")]
Root = Annotated[Path, typer.Argument(help="The set's folder.")]
MissingFile = Annotated[
    Path | None, typer.Option("--missing", metavar="FILE", help="Write the list of what is missing to FILE, as CSV.")
]


@app.callback(invoke_without_command=True)
def list_(context: typer.Context) -> None:
    """List the datasets that posegloss reads from disk; nothing is ever downloaded.

    Example: posegloss datasets
    """
    if context.invoked_subcommand:
        return
    from posegloss.datasets.readers import READERS

    rows = [("name", "language", "signs", "clips", "signers", "split", "terms")]
    for reader in READERS.values():
        about = reader.about
        signs, clips, signers = ("" if one is None else f"{one:,}" for one in (about.signs, about.clips, about.signers))
        rows.append((about.name, about.language, signs, clips, signers, about.split, about.terms))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        # A line for each, however narrow the terminal: scripts read it, too.
        cells = [f"{cell:{'>' if 2 <= i <= 4 else '<'}{widths[i]}}" for i, cell in enumerate(row)]
        output.print("  ".join(cells).rstrip(), markup=False)
    output.print("how to get one, and what belongs where: posegloss datasets show NAME", markup=False)


@app.command()
def show(name: Name) -> None:
    """Show what a dataset holds, where to get it, and which files posegloss looks for.

    Example: posegloss datasets show wlasl
    """
    from posegloss.datasets.readers import reader_of

    about = reader_of(name).about
    numbers = (("signs", about.signs), ("clips", about.clips), ("signers", about.signers))
    facts = {
        "name": about.name,
        "title": about.title,
        "language": about.language,
        "published": ", ".join(f"{number:,} {what}" for what, number in numbers if number is not None),
        "split": ". ".join(filter(None, (about.split, about.split_note))),
        "subsets": ", ".join(about.subsets),
        "files": "\n".join(about.layout),
        "gives": about.gives,
        "get it from": about.url,
        "terms": about.terms,
        "paper": about.reference,
    }
    for what, fact in facts.items():
        for number, line in enumerate(fact.splitlines()):
            output.print(f"{'' if number else what:<12} {line}", markup=False)


@app.command()
def index(
    name: Name,
    root: Root,
    out: Annotated[Path, typer.Option(help="The manifest to write: .parquet or .csv.")],
    subset: Annotated[str | None, typer.Option(help="A part of the set, such as 100 of wlasl.")] = None,
    signer_independent: Annotated[
        bool, typer.Option("--signer-independent", help="A split by signer in place of the published one.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Decides the split by signer.")] = 0,
    missing: MissingFile = None,
    pack: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where clips are folders of pictures: make videos of them in FOLDER."),
    ] = None,
) -> None:
    """Write a manifest of a dataset's clips, which `posegloss extract` reads, and say what is missing.

    Exit code: 0 all clips that the set names are there, 1 some are not, 2 none is.

    Example: posegloss datasets index wlasl WLASL/ --subset 100 --out wlasl100.parquet
    """
    from posegloss.datasets.readers import Content, DatasetError, read_dataset, reader_of, split_by_signer
    from posegloss.datasets.readers.index import check_format, write_manifest, write_missing
    from posegloss.datasets.splits import SplitWarning

    about = reader_of(name).about
    check_format(out)
    if about.content is Content.LANDMARKS:
        raise DatasetError(
            f"{about.name} holds landmarks and no videos; put them into a store with: "
            f"posegloss datasets import {about.name} {root} --out STORE"
        )
    with status(f"reading {about.title}"):
        reading = read_dataset(name, root, subset)
    if missing:
        write_missing(reading.missing, missing)
    clips, problems = list(reading.clips), list(reading.problems)
    if about.content is Content.PICTURES:
        clips, unpacked = _pack(clips, root, pack, about.frame_rate or 0)
        problems += unpacked
    _say_what_is_wrong(reading, problems)
    if not clips:
        raise DatasetError(
            f"no clip of {about.title} can be used in {root}: {count(len(reading.missing), 'video')} missing, "
            f"{count(len(problems), 'row')} unusable"
        )
    how = f"published, {about.split}"
    if signer_independent:
        with warnings_as_notes(SplitWarning):
            clips, how = split_by_signer(clips, seed)
    write_manifest(clips, out)
    _print_counts(clips, reading, signer_independent)
    output.print(f"split: {how}. {_overlap(clips)}", markup=False)
    if about.split_note and not signer_independent:
        say_note(about.split_note)
    output.print(f"manifest: {out}", markup=False)
    if reading.missing or problems:
        raise typer.Exit(Exit.SOME_FAILED)


@app.command("import")
def import_(
    name: Name,
    root: Root,
    out: Annotated[Path, typer.Option(help="The store to make or to go on with.")],
    layout: Annotated[str, typer.Option(help="The points: blazepose33, or holistic75 with the hands.")] = "blazepose33",
    missing: MissingFile = None,
) -> None:
    """Put a dataset that holds landmarks in place of videos into a store. Run again, it goes on where it was.

    Exit code: 0 all is in the store, 1 some files are missing or cannot be read, 2 it could not start or go on.

    Example: posegloss datasets import asl-signs asl-signs/ --out asl-signs.store
    """
    from posegloss.datasets.readers import Content, DatasetError, reader_of
    from posegloss.datasets.readers.asl_signs import ASSUMED
    from posegloss.datasets.readers.index import write_missing
    from posegloss.datasets.readers.landmark_import import import_into_store

    about = reader_of(name).about
    if about.content is not Content.LANDMARKS:
        raise DatasetError(
            f"{about.name} holds no landmarks; index its clips and extract them: "
            f"posegloss datasets index {about.name} {root} --out manifest.parquet"
        )
    with progress() as bar:
        task = bar.add_task("importing", total=None)
        done = import_into_store(
            root, out, layout=layout, progress=lambda number, total: bar.update(task, completed=number, total=total)
        )
    if missing:
        write_missing(done.reading.missing, missing)
    problems = [*done.reading.problems, *done.failures]
    _say_what_is_wrong(done.reading, problems)
    output.print(f"{count(done.done, 'clip')} imported, {done.skipped} were there already: {out}", markup=False)
    say_note(ASSUMED)
    if not done.done and not done.skipped:
        say_error(f"no file of {about.title} can be used in {root}")
        raise typer.Exit(Exit.NOTHING)
    if done.reading.missing or problems:
        raise typer.Exit(Exit.SOME_FAILED)


def _pack(
    clips: "list[DatasetClip]", root: Path, folder: Path | None, frame_rate: float
) -> "tuple[list[DatasetClip], list[MetadataProblem]]":
    """The clips as videos; without a folder for these, those that are videos already."""
    from posegloss.datasets.readers.pictures import pack_clips

    if folder is None:
        videos = [clip for clip in clips if not clip.source.path.is_dir()]
        if len(videos) < len(clips):
            left = count(len(clips) - len(videos), "clip is a folder", "clips are folders")
            say_note(f"{left} of pictures, left out; --pack FOLDER makes videos of them, without compressing them anew")
        return videos, []
    with progress() as bar:
        task = bar.add_task("packing", total=len(clips))
        return pack_clips(clips, root, folder, frame_rate, lambda done: bar.update(task, completed=done))


def _say_what_is_wrong(reading: "Reading", problems: "list[MetadataProblem]") -> None:
    for problem in problems[:_SHOWN]:
        place = f"{problem.file}, row {problem.row}" if problem.row else problem.file
        say_note(printable(f"{place}: {problem.reason}"))
    if len(problems) > _SHOWN:
        say_note(f"and {count(len(problems) - _SHOWN, 'more problem')} of this kind or others")
    if reading.missing:
        examples = ", ".join(one.path for one in reading.missing[:_SHOWN])
        more = ", ..." if len(reading.missing) > _SHOWN else ""
        say_note(printable(f"{count(len(reading.missing), 'clip')} missing: {examples}{more}"))
    for remark in reading.remarks:
        say_note(printable(remark))


def _print_counts(clips: "list[DatasetClip]", reading: "Reading", own_split: bool) -> None:
    """A row for each part of the split, and one for all of it."""
    table = Table("split", "clips", "glosses", "signers", "missing", box=None)
    parts = {clip.source.split for clip in clips} | (set() if own_split else {one.split for one in reading.missing})
    rows = [(name, name or "(none)") for name in ("train", "val", "test", *sorted(filter(None, parts)), None)]
    rows = [row for row in dict.fromkeys(rows) if row[0] in parts]
    for name, shown in rows if len(rows) > 1 else []:
        part = [clip for clip in clips if clip.source.split == name]
        # A split of our own has no place for what is not there.
        gone = "" if own_split else f"{sum(one.split == name for one in reading.missing):,}"
        table.add_row(printable(shown), *_counts(part), gone)
    table.add_row("all", *_counts(clips), f"{len(reading.missing):,}")
    output.print(table)


def _counts(clips: "list[DatasetClip]") -> tuple[str, str, str]:
    glosses, signers = ({getattr(clip.source, what) for clip in clips} - {None} for what in ("gloss", "signer"))
    return f"{len(clips):,}", f"{len(glosses):,}", f"{len(signers):,}"


def _overlap(clips: "list[DatasetClip]") -> str:
    """What the split of the clips that are there says about new people."""
    tested = {clip.source.signer for clip in clips if clip.source.split == "test"} - {None}
    if not tested:
        return "No test clips of known signers are there"
    trained = {clip.source.signer for clip in clips if clip.source.split == "train"}
    return f"Of {count(len(tested), 'test signer')} {len(tested & trained)} in training, too"
