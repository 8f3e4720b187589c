"""`posegloss render`: a video with its skeleton, and what is signed, drawn over it."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import fetch_weights, output, progress, status
from posegloss.pipeline.errors import VideoError


def render(
    video: Annotated[Path, typer.Argument(help="A video.")],
    out: Annotated[Path, typer.Option(help="The video to write (.mp4).")],
    classifier: Annotated[
        Path | None, typer.Option("--classifier", help="A trained model folder: its gloss becomes the caption.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The landmark network: lite, full (the default), heavy or a .tflite of your own.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="The points: blazepose33 (the default), or holistic75 with the hands.")
    ] = None,
) -> None:
    """Draw the skeleton, and with --classifier the recognised gloss, over a video.

    Example: posegloss render clip.mp4 --out overlay.mp4 --classifier my.model
    """
    from posegloss.pipeline.clip_source import ClipSource
    from posegloss.pipeline.extract import ExtractionSettings, extract_clip
    from posegloss.pipeline.render import render_video
    from posegloss.pipeline.skeleton import BLAZEPOSE33

    if out.exists() and video.exists() and out.samefile(video):
        raise VideoError(f"{out} is the video itself, which is not drawn over; choose another --out")
    recogniser = None
    if classifier:
        # It is shown what it was trained on.
        for option, value in (("--model", model), ("--layout", layout)):
            if value is not None:
                raise typer.BadParameter("is the classifier's own; leave it out", param_hint=option)
        from posegloss.classifiers.predict import GlossRecogniser

        recogniser = GlossRecogniser.load(classifier)
    threads = os.cpu_count() or 1
    settings = (
        recogniser.extraction if recogniser else ExtractionSettings(model or "full", layout=layout or BLAZEPOSE33)
    )
    fetch_weights(settings.weights)
    with status(f"looking at {video.name}"), closing(settings.open_backend(threads)) as tracker:
        sequence = extract_clip(ClipSource(str(video), video), settings, tracker, threads)
    caption = recogniser.predict(sequence).caption if recogniser else None
    with progress() as bar:
        task = bar.add_task("drawing", total=len(sequence))
        render_video(video, sequence, out, caption=caption, on_frame=lambda done: bar.update(task, completed=done))
    output.print(f"{out}: {int(sequence.present.sum())} of {len(sequence)} frames show a person", markup=False)
