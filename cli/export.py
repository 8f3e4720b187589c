"""`posegloss export`: a trained model as one file for phones, browsers and other programs."""

from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import output, say_note, status


def export(
    model: Annotated[Path, typer.Argument(help="A model folder that `posegloss train` made, of a Keras family.")],
    out: Annotated[Path, typer.Option(help="The file to write, *.tflite.")],
    precision: Annotated[str, typer.Option(help="Of the weights: float32, or smaller: float16, int8.")] = "float32",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if there is one.")] = False,
) -> None:
    """Export a model as one LiteRT file: raw keypoints in, probabilities of glosses out.

    `posegloss predict` takes the file instead of the model folder.

    Example: posegloss export my.model --out my.tflite --precision float16
    """
    with status("loading TensorFlow"):
        from posegloss.classifiers.exporting.export import export as export_model
        from posegloss.classifiers.extraction import LANDMARKS_FILE
    with status(f"converting {model.name}"):
        path = export_model(model, out, precision, overwrite=overwrite)
    output.print(f"{path}: {path.stat().st_size / 1e3:.0f} kB, {precision}", markup=False)
    if (model / LANDMARKS_FILE).exists():
        say_note(f"videos take the landmark network of your own, too: copy {model / LANDMARKS_FILE} beside it")
