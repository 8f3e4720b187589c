"""`posegloss predict`: which gloss is signed in a clip."""

import json
from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import Exit, errors, output, say_if_synthetic
from posegloss.cli.convert import pixels
from posegloss.cli.viewing import Viewer
from posegloss.pipeline.errors import PoseglossError, WeightsError


def predict(
    model: Annotated[Path, typer.Argument(help="A model that `posegloss train` or `posegloss export` made.")],
    videos: Annotated[
        list[Path], typer.Argument(help="Clips of one sign each: videos, or landmarks (posegloss convert --list).")
    ],
    top: Annotated[int, typer.Option(min=1, help="How many glosses to name.")] = 5,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Answers of less confidence are not sure; the model's own unless given."),
    ] = None,
    frame_rate: Annotated[
        float | None, typer.Option(metavar="FPS", help="Frames a second, where landmarks do not say or are wrong.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Frame size in pixels, where landmarks do not say or are wrong.")
    ] = None,
    clip: Annotated[
        list[str] | None,
        typer.Option(help="The clip of this id, of landmarks that hold several; may be given several times."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a clip, for scripts.")] = False,
) -> None:
    """Recognise the gloss in clips of one sign each.

    Exit code: 0 all recognised, 1 some clips could not be read or show nobody, 2 nothing could start.

    Example: posegloss predict my.model clip.mp4
    """
    from posegloss.classifiers.loading import load_recogniser
    from posegloss.pipeline.formats import ReadOptions, is_landmarks

    frame_size = pixels(size)
    recogniser = load_recogniser(model)
    if threshold is not None:
        recogniser.threshold = threshold
    options = ReadOptions(frame_rate, frame_size, recogniser.classifier.preprocessing.layout)
    landmarks = {path for path in videos if is_landmarks(path)}
    for option, value in (("--clip", clip), ("--frame-rate", frame_rate), ("--size", size)):
        if value and not landmarks:
            raise typer.BadParameter("is of landmarks, and all of these are videos", param_hint=option)
    say_if_synthetic(recogniser.synthetic)
    failed = 0
    with Viewer(recogniser, options) as viewer:
        wanted = [(video, clip_id) for video in videos for clip_id in (clip if clip and video in landmarks else [None])]
        for video, clip_id in wanted:
            name = f"{video}: {clip_id}" if clip_id else str(video)
            try:
                sequence = viewer.read(video, clip_id)
                for told in sequence.warnings if video in landmarks else ():
                    errors.print(f"{name}: {told}", markup=False)
                answer = recogniser.predict(sequence, top)
            except WeightsError:
                raise
            except PoseglossError as error:
                answer = recogniser.nothing(str(error))
            failed += answer.gloss is None
            if as_json:
                # In ASCII: a file's name need not be text that stdout can encode.
                print(json.dumps({"video": str(video), **({"clip": clip_id} if clip_id else {}), **answer.to_dict()}))  # noqa: T201
            elif answer.gloss is None:
                # An error of reading names its video itself.
                told = str(answer.reason)
                errors.print(told if str(video) in told else f"{name}: {told}", markup=False)
            else:
                ranking = ", ".join(f"{gloss} {probability:.0%}" for gloss, probability in answer.ranking)
                output.print(f"{name}: {'' if answer.sure else 'not sure: '}{ranking}", markup=False)
                for remark in answer.remarks:
                    errors.print(f"{name}: {remark}", markup=False)
    if failed:
        raise typer.Exit(Exit.SOME_FAILED)
