"""`posegloss status`: what a store holds, what went wrong in it, and how a run on it is getting on."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Column, Table

from posegloss.cli.console import output, say_note
from posegloss.cli.console import status as while_doing
from posegloss.cli.words import count, data, duration, printable, share

if TYPE_CHECKING:
    from posegloss.pipeline.inspection.kinds import Kind
    from posegloss.pipeline.inspection.last_run import LastRun
    from posegloss.pipeline.inspection.overview import Common, StoreOverview

_MOST_KINDS: Final = 10
_BAR: Final = 40
_ENDED: Final = {
    "finished": "finished",
    "interrupted": "[yellow]interrupted[/]; run the same command again to go on",
    "failed": "[red]ended by an error[/]; run the same command again to go on",
    "stopped": "[red]stopped without saying so (killed?); run the same command again[/]",
}


def status(
    store: Annotated[str, typer.Argument(help="A store that `posegloss extract` made, or is making.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same as one JSON object, for scripts.")] = False,
) -> None:
    """Show what a store holds, what went wrong in it, and how a run on it is getting on.

    Exit code: 0 the store could be read, 2 there is none or it is damaged.

    Example: posegloss status corpus.store
    """
    from posegloss.pipeline.inspection.overview import survey
    from posegloss.pipeline.store import KeypointStore

    opened = KeypointStore.open(store)
    with while_doing("reading the store"):
        overview = survey(opened)
    if as_json:
        # In ASCII: a clip's name need not be text that stdout can encode.
        print(json.dumps(overview.to_dict()))  # noqa: T201
        return
    _print(_facts(overview))
    _print_kinds("failed in the last run", overview.failures)
    _print_kinds("warnings", overview.warnings)
    if overview.worst:
        table = Table(Column("most frames without a person", overflow="fold"), Column("missing", justify="right"))
        for clip in overview.worst:
            table.add_row(
                _name(clip.clip_id), f"{clip.missing:,} of {clip.frames:,} ({share(clip.missing, clip.frames)})"
            )
        _print_below(table)
    for problem in overview.problems:
        say_note(problem)


def _print(table: Table) -> None:
    # The others' soft wrap would let long names run out of the columns.
    output.print(table, soft_wrap=False)


def _print_below(table: Table) -> None:
    table.box = None
    table.header_style = "bold"
    output.print()
    _print(table)


def _name(text: str) -> str:
    return escape(printable(text))


def _facts(overview: "StoreOverview") -> Table:
    facts = Table.grid(Column(style="bold"), Column(overflow="fold"), padding=(0, 2, 0, 0))
    facts.add_row("store", _name(overview.store))
    facts.add_row("settings", _name(_settings(overview.settings)))
    facts.add_row("clips", _clips(overview))
    if overview.synthetic:
        facts.add_row("synthetic", f"{count(overview.synthetic, 'clip')} of drawn signers: no real people")
    facts.add_row("video", f"{count(overview.frames, 'frame')}, {duration(overview.seconds)}")
    facts.add_row("no person", _without_person(overview))
    if overview.several_people:
        facts.add_row("people", f"several were seen in {count(overview.several_people, 'clip')}")
    facts.add_row("frame rates", _common(overview.frame_rates))
    facts.add_row("sizes", _common(overview.sizes))
    if overview.versions.values:
        facts.add_row("made by", f"posegloss {_common(overview.versions)}")
    per_hour = overview.bytes_per_hour
    facts.add_row("disk", data(overview.bytes) + (f", {data(per_hour)} for an hour of video" if per_hour else ""))
    if overview.run:
        _add_run(facts, overview.run)
    return facts


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {'yes' if value is True else 'no' if value is False else value}" for name, value in settings.items()
    )


def _clips(overview: "StoreOverview") -> str:
    labels = [count(overview.glosses, "gloss", "glosses"), count(overview.signers, "signer")]
    return f"{count(overview.clips, 'clip')}, {labels[0]}, {labels[1]}"


def _without_person(overview: "StoreOverview") -> str:
    if not overview.frames_without_person:
        return "a person in every frame" if overview.frames else "no frame yet"
    told = f"{share(overview.frames_without_person, overview.frames)} of the frames"
    whole = overview.clips_without_person
    return f"{told}; {count(whole, 'clip')} show nobody at all" if whole else told


def _common(common: "Common") -> str:
    named = [*common.values, *([("others", common.others)] if common.others else [])]
    return ", ".join(
        f"{_name(f'{value:g}' if isinstance(value, float) else value)} ({count(n, 'clip')})" for value, n in named
    )


def _add_run(facts: Table, run: "LastRun") -> None:
    when = f"started {run.started.astimezone():%Y-%m-%d %H:%M:%S}, "
    if run.state == "running":
        left = "unknown yet" if run.left_s is None else duration(run.left_s)
        facts.add_row("run", f"[green]running[/] for {duration(run.elapsed_s)}, time left {left}")
    else:
        facts.add_row("run", _ENDED[run.state])
        when += (
            f"last heard of after {duration(run.elapsed_s)}"
            if run.state == "stopped"
            else f"took {duration(run.elapsed_s)}"
        )
    pace = f", {run.frames_per_s:,.0f} frames/s" if run.frames_per_s else ""
    gone = run.total - run.left
    facts.add_row("", f"{gone:,} of {count(run.total, 'clip')} ({share(gone, run.total)}){pace}")
    if run.total and output.is_terminal:
        facts.add_row("", ProgressBar(run.total, gone, width=_BAR))
    facts.add_row("", f"{run.done:,} extracted, {run.skipped:,} there already, {run.failed:,} failed")
    facts.add_row("", when.removesuffix(", "))


def _print_kinds(title: str, kinds: Sequence["Kind"]) -> None:
    if not kinds:
        return
    table = Table(Column("clips", justify="right"), Column(title, overflow="fold"))
    for kind in kinds[:_MOST_KINDS]:
        error = f"[red]{_name(kind.error)}[/]: " if kind.error else ""
        table.add_row(f"{kind.clips:,}", f"{error}{_name(kind.kind)}")
        table.add_row("", f"[dim]{_name(_first(kind))}[/]")
    if more := kinds[_MOST_KINDS:]:
        table.add_row(f"{sum(kind.clips for kind in more):,}", f"of {len(more):,} more kinds; --json tells all")
    _print_below(table)


def _first(kind: "Kind") -> str:
    # What there is no number and no path in needs no example of its words.
    return kind.clip_id if kind.example == kind.kind else f"{kind.clip_id}: {kind.example}"
