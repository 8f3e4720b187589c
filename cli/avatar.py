"""`posegloss avatar`: a corpus of a drawn signer with invented signs."""

from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import output, progress


def avatar(
    out: Annotated[Path, typer.Option(help="The folder to render into.")],
    signers: Annotated[int, typer.Option(min=1, help="How many different signers.")] = 8,
    takes: Annotated[int, typer.Option(min=1, help="How often each signer performs each gloss.")] = 4,
    gloss: Annotated[list[str] | None, typer.Option(help="Only this gloss; may be given several times.")] = None,
    sentences: Annotated[int, typer.Option(min=0, help="Sentences of several signs for each signer, too.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed has other takes; signers are the same.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
) -> None:
    """Render a corpus of a procedural avatar: synthetic people, invented signs, exact ground truth.

    Example: posegloss avatar --out avatar/ --signers 8 --takes 4
    """
    from posegloss.datasets.avatar import render_corpus

    with progress() as bar:
        task = bar.add_task("rendering", total=None)
        manifest = render_corpus(
            out,
            signers=signers,
            takes=takes,
            glosses=gloss,
            sentences=sentences,
            seed=seed,
            workers=workers,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    output.print(f"synthetic corpus of invented signs: {manifest}", markup=False)
