"""`posegloss evaluate`: a trained model on the clips of a store."""

from pathlib import Path
from typing import Annotated

import typer

from posegloss.cli.console import output, status
from posegloss.cli.measures import print_behaviour, print_evaluation, print_groups


def evaluate(
    model: Annotated[Path, typer.Argument(help="A model folder that `posegloss train` made.")],
    store: Annotated[str, typer.Argument(help="A store with glosses.")],
    out: Annotated[Path | None, typer.Option(help="Write report.html and report.json into this folder.")] = None,
    by: Annotated[
        str | None, typer.Option(help="Also apart for each signer, gloss or value of another column of the store.")
    ] = None,
    behaviour: Annotated[
        bool,
        typer.Option("--behaviour", help="Also on the same clips at other frame rates, distances, mirrored, …"),
    ] = False,
    all_signers: Annotated[
        bool, typer.Option("--all-signers", help="Also clips of people that the model was trained on.")
    ] = False,
) -> None:
    """Measure a trained model on people that it was not trained on.

    Example: posegloss evaluate my.model other-people.store --by signer --out report/
    """
    from posegloss.classifiers.bundle import load_bundle
    from posegloss.classifiers.evaluating.held_out import evaluate_bundle
    from posegloss.pipeline.store import KeypointStore

    clips = KeypointStore.open(store)
    with status("evaluating"):
        bundle = load_bundle(model)
        held_out = evaluate_bundle(bundle, clips, all_signers=all_signers, by=by or "signer", behaviour=behaviour)
        page = held_out.write(out) if out else None
    print_evaluation(held_out.evaluation)
    if by:
        print_groups(by, held_out.report.by_group)
    if held_out.report.behaviour:
        print_behaviour(held_out.report.behaviour)
    if page:
        output.print(f"report: {page}", markup=False)
