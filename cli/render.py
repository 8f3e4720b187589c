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
        str, typer.Option(help="The landmark network: lite, full, heavy or a .tflite of your own.")
    ] = "full",
    layout: Annotated[str, typer.Option(help="The points: blazepose33, or holistic75 with the hands.")] = "blazepose33",
) -> None:
    """Draw the skeleton, and with --classifier the recognised gloss, over a video.

    Example: posegloss render clip.mp4 --out overlay.mp4 --classifier my.model
    """
    from posegloss.pipeline.clip_source import ClipSource
    from posegloss.pipeline.extract import ExtractionSettings, extract_clip
    from posegloss.pipeline.render import render_video

    if out.exists() and video.exists() and out.samefile(video):
        raise VideoError(f"{out} is the video itself, which is not drawn over; choose another --out")
    recogniser = None
    if classifier:
        from posegloss.classifiers.predict import GlossRecogniser

        recogniser = GlossRecogniser.load(classifier)
    # A classifier is shown what it was trained on: keypoints of the same settings.
    settings, threads = (
        recogniser.extraction if recogniser else ExtractionSettings(model, layout=layout),
        os.cpu_count() or 1,
    )
    fetch_weights(settings.weights)
    with status(f"looking at {video.name}"), closing(settings.open_backend(threads)) as tracker:
        sequence = extract_clip(ClipSource(str(video), video), settings, tracker, threads)
    caption = recogniser.predict(sequence).caption if recogniser else None
    with progress() as bar:
        task = bar.add_task("drawing", total=len(sequence))
        render_video(video, sequence, out, caption=caption, on_frame=lambda done: bar.update(task, completed=done))
    output.print(f"{out}: {int(sequence.present.sum())} of {len(sequence)} frames show a person", markup=False)
