"""`posegloss teach`: more glosses for a trained model, from a few takes of each."""

from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import output, say_note, status
from posegloss.cli.viewing import Viewer
from posegloss.cli.words import count
from posegloss.pipeline.errors import SettingsError


def teach(
    model: Annotated[Path, typer.Argument(help="A model folder that `posegloss train` or `posegloss teach` made.")],
    takes: Annotated[
        list[str],
        typer.Argument(
            metavar="GLOSS=FILE...", help="A clip of one sign each: a video, or landmarks. About three of each gloss."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the new model.")],
) -> None:
    """Teach a trained model glosses of your own from a few takes; its own glosses stay.

    A gloss that was taught before is known by the new takes alone. How well the new glosses are recognised is not
    measured; `posegloss evaluate` measures it on other clips.

    Example: posegloss teach my.model CAT=cat1.mp4 CAT=cat2.mp4 CAT=cat3.mp4 --out mine.model
    """
    from posegloss.classifiers.bundle import check_free
    from posegloss.classifiers.predict import GlossRecogniser
    from posegloss.classifiers.teaching import save_taught
    from posegloss.classifiers.teaching import teach as learn
    from posegloss.pipeline.formats import ReadOptions

    named = _by_gloss(takes)
    check_free(out)
    recogniser = GlossRecogniser.load(model)
    with Viewer(recogniser, ReadOptions(layout=recogniser.classifier.preprocessing.layout)) as viewer:
        sequences = {gloss: [viewer.read(file) for file in files] for gloss, files in named.items()}
    with status("learning"):
        taught = learn(recogniser, sequences)
        save_taught(taught, out)
    for gloss, files in named.items():
        output.print(f"{gloss}: {count(len(files), 'take')}", markup=False)
    say_note("how well the new glosses are recognised was not measured")
    output.print(f"model with {count(len(taught.glosses), 'gloss', 'glosses')}: {out}", markup=False)


def _by_gloss(takes: list[str]) -> dict[str, list[Path]]:
    """The files of each gloss.

    Raises:
        SettingsError: an argument names no gloss or no file.
    """
    named: dict[str, list[Path]] = {}
    for take in takes:
        gloss, _, file = take.partition("=")
        if not gloss.strip() or not file:
            raise SettingsError(f"{take!r} is no GLOSS=FILE, such as CAT=cat1.mp4")
        named.setdefault(gloss.strip(), []).append(Path(file))
    return named
