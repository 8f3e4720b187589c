"""`posegloss inspect`: one sequence of a store as a page to look at."""

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from posegloss.cli.console import errors, output, status
from posegloss.cli.words import printable

if TYPE_CHECKING:
    from posegloss.pipeline.store import KeypointStore

_LISTED: Final = 20


def inspect(
    store: Annotated[str, typer.Argument(help="A store that `posegloss extract` made.")],
    clip: Annotated[str | None, typer.Option(help="The id of a clip; without it the first clips are listed.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The page to write (.html); named after the clip unless given.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Show the page in the web browser.")] = False,
    list_all: Annotated[bool, typer.Option("--list", help="List the ids of all clips, one a line.")] = False,
) -> None:
    """Show one sequence as an HTML page: the skeleton over time, visibility, wrists, missing frames.

    The page needs no network and nothing beside it. Without --clip the first clips are listed, unless there is one.

    Example: posegloss inspect corpus.store --clip WAVE/clip-7.mp4 --open
    """
    from posegloss.pipeline.inspection.lookup import find_clip
    from posegloss.pipeline.inspection.page import page_name, write_page
    from posegloss.pipeline.store import KeypointStore

    if out and out.suffix.lower() not in (".html", ".htm"):
        raise typer.BadParameter(f"{out} is not named as a page; end it in .html", param_hint="--out")
    opened = KeypointStore.open(store)
    if clip is None or list_all:
        clip_ids = sorted(opened.clip_ids())
        if list_all or len(clip_ids) != 1:
            if out:
                raise typer.BadParameter("say which clip the page is of", param_hint="--clip")
            _print_ids(clip_ids, len(clip_ids) if list_all else _LISTED, opened)
            if clip_ids and not list_all:
                errors.print("choose one with --clip ID")
            return
        clip = clip_ids[0]
    with status("drawing the page"):
        page = write_page(find_clip(opened, clip), out or Path(page_name(clip)))
    output.print(str(page), markup=False)
    if open_ and not webbrowser.open(page.resolve().as_uri()):
        errors.print("there is no web browser to show it in; open the page yourself")


def _print_ids(clip_ids: list[str], most: int, store: "KeypointStore") -> None:
    for clip_id in clip_ids[:most]:
        output.print(printable(clip_id), markup=False)
    if not clip_ids:
        errors.print(f"{store.place} has no clips yet", markup=False)
    elif most < len(clip_ids):
        errors.print(f"and {len(clip_ids) - most:,} more clips; all with --list")
