"""The `posegloss` command: its subcommands, and how an error looks to the person who runs it."""

import os
import sys
import traceback
from typing import Annotated

import typer

from posegloss import __version__
from posegloss.cli import (
    annotate,
    avatar,
    compare,
    convert,
    datasets,
    demo,
    evaluate,
    export,
    extract,
    inspect,
    models,
    pose_eval,
    pose_train,
    predict,
    render,
    status,
    teach,
    train,
)
from posegloss.cli.console import Exit, errors, say_error
from posegloss.cli.live import command as live
from posegloss.pipeline.errors import PoseglossError

app = typer.Typer(
    name="posegloss",
    help="Sign language recognition: from signing video to 33-point keypoint sequences to gloss.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("extract")(extract.extract)
app.command("status")(status.status)
app.command("inspect")(inspect.inspect)
app.command("convert")(convert.convert)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("teach")(teach.teach)
app.command("predict")(predict.predict)
app.command("annotate")(annotate.annotate)
app.command("export")(export.export)
app.command("render")(render.render)
app.command("live")(live.live)
app.command("avatar")(avatar.avatar)
app.command("demo")(demo.demo)
app.command("pose-eval")(pose_eval.pose_eval)
app.command("pose-train")(pose_train.pose_train)
app.add_typer(datasets.app, name="datasets")
models.app.command("compare")(compare.compare)
app.add_typer(models.app, name="models")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    if version:
        typer.echo(f"posegloss {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line. An error of ours is a message and exit code 2, a defect is too, an interrupt is 130."""
    # MediaPipe greets on stderr from C++; its errors still come through. keras_backend.py hushes TensorFlow.
    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        app()
    except PoseglossError as error:
        say_error(str(error))
        sys.exit(Exit.NOTHING)
    except (KeyboardInterrupt, SystemExit) as end:
        # Typer makes an interrupt in a command the exit code 130, without a word.
        if isinstance(end, SystemExit) and end.code != Exit.INTERRUPTED:
            raise
        errors.print("\n[bold]stopped.[/] Nothing that was finished is lost; run the same command again to go on.")
        sys.exit(Exit.INTERRUPTED)
    except Exception:  # noqa: BLE001
        # A defect: Python's own exit code would be the one of a run in which only some clips failed.
        traceback.print_exc()
        sys.exit(Exit.NOTHING)
