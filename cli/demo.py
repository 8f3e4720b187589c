"""`posegloss demo`: the whole main job on a corpus that is drawn on the spot."""

import time
from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.avatar import avatar
from posegloss.cli.console import output
from posegloss.cli.extract import extract
from posegloss.cli.predict import predict
from posegloss.cli.render import render
from posegloss.cli.train import train

# Someone who is in no corpus of the demo: those count up from 0.
_STRANGER = 1000
_STRANGERS_GLOSS = "TWO-HANDS-RISE"
# A tenth of what so few clips of people would get: avatars differ less, and nobody waits minutes more for nothing.
_EPOCHS = 30
# Twelve of the avatar's invented signs, with near pairs among them: the same place with another movement, the same
# movement with one hand or two.
_GLOSSES = [
    *("CHIN-ARC-OUT", "CHIN-TAP", "TEMPLE-TWIST", "CHEST-CIRCLE", "CHEST-DOWN", "TWO-CHEST-CIRCLE"),
    *("SHOULDER-TAP", "SIDE-ZIGZAG", "ONE-HAND-RISE", "TWO-HANDS-RISE", "TWO-HANDS-PEDAL", "BASE-SWEEP-OUT"),
]


def demo(
    out: Annotated[Path, typer.Option(help="The folder for all that it makes.")] = Path("demo"),
    signers: Annotated[int, typer.Option(min=3, help="How many avatar signers.")] = 12,
    takes: Annotated[int, typer.Option(min=1, help="How often each performs each gloss.")] = 2,
    video: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Also extract and draw over this video of yours.")
    ] = None,
) -> None:
    """Render a synthetic corpus, extract it, train, test on unseen signers, recognise a stranger's clip.

    Interrupted and run again, it goes on where it was.

    Example: posegloss demo --out demo --video my.mp4
    """
    from posegloss.datasets.avatar import Signer, perform, write_video

    started = time.monotonic()
    corpus, store, model = out / "avatar", out / "avatar.store", out / "avatar.model"
    _say("1/5 A corpus of a synthetic avatar that performs invented signs")
    avatar(corpus, signers=signers, takes=takes, gloss=_GLOSSES)
    _say("2/5 BlazePose keypoints of every clip, by the real detector and tracker")
    extract([corpus], str(store))
    _say("3/5 A gloss classifier, tested on signers that it never saw")
    train(str(store), model, epochs=_EPOCHS)

    _say(f"4/5 A clip of yet another signer, who performs {_STRANGERS_GLOSS}")
    stranger, overlay = out / "stranger.mp4", out / "stranger-overlay.mp4"
    if not stranger.exists():
        write_video(perform(Signer.random(_STRANGER), [_STRANGERS_GLOSS], take=0, seed=0), stranger)
    predict(model, [stranger], top=3)
    render(stranger, overlay, classifier=model)

    made = [
        ("report", model / "report.html"),
        ("the stranger's clip, recognised", overlay),
        ("model", model),
        ("keypoints", store),
        ("corpus", corpus),
    ]
    if video:
        # Without a gloss: the model knows the avatar's invented signs only, so any would be wrong.
        _say(f"5/5 Your video {video}")
        drawn = out / f"{video.stem}-overlay.mp4"
        extract([video], str(out / "yours.store"))
        render(video, drawn)
        made += [("your video with its skeleton", drawn), ("your keypoints", out / "yours.store")]
    else:
        _say("5/5 No video of yours; add one with VIDEO=my.mp4 (or --video my.mp4)")
    output.print(f"\nDone in {(time.monotonic() - started) / 60:.1f} minutes. All of it is synthetic but your video:")
    for what, path in made:
        output.print(f"  {what}: {path}", markup=False)


def _say(step: str) -> None:
    output.print(f"\n{step}", style="bold", markup=False)
