"""`posegloss evaluate`: a trained model on the clips of a store."""

from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import output, status
from posegloss.cli.measures import print_evaluation


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model folder that `posegloss train` made.")],
    store: Annotated[str, typer.Argument(help="A store with glosses.")],
    out: Annotated[Path | None, typer.Option(help="Write report.html and report.json into this folder.")] = None,
    all_signers: Annotated[
        bool, typer.Option("--all-signers", help="Also clips of people that the model was trained on.")
    ] = False,
) -> None:
    """Measure a trained model on people that it was not trained on.

    Example: posegloss evaluate my.model other-people.store --out report/
    """
    from posegloss.classifiers.bundle import load_bundle
    from posegloss.classifiers.evaluating.held_out import evaluate_bundle
    from posegloss.pipeline.store import KeypointStore

    clips = KeypointStore.open(store)
    with status("evaluating"):
        bundle = load_bundle(model)
        evaluation = evaluate_bundle(bundle, clips, all_signers=all_signers, report_to=out)
    print_evaluation(evaluation)
    if out:
        output.print(f"report: {out / 'report.html'}", markup=False)
