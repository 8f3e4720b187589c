"""`posegloss train`: a gloss classifier from a store, tested on signers that it never saw."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TextColumn

from posegloss.cli.console import errors, output, progress, say_note, warnings_as_notes
from posegloss.cli.measures import print_evaluation


def train(
    store: Annotated[str, typer.Argument(help="A store that `posegloss extract` made, with glosses.")],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
    model: Annotated[
        str, typer.Option(help="The family; `posegloss models compare` lists and compares them.")
    ] = "conv-transformer",
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Start from what this model of the same family knows, whatever its glosses."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many; unless given 30, or more where clips are few or glosses many."),
    ] = None,
    config: Annotated[
        str, typer.Option(help="Settings that differ from `posegloss models settings`, as JSON or a file of it.")
    ] = "{}",
    seed: Annotated[int, typer.Option(help="Decides the split and all that is random.")] = 0,
    test: Annotated[float, typer.Option(min=0.01, max=0.9, help="Part of the signers held out for the test.")] = 0.25,
    test_signer: Annotated[
        list[str] | None, typer.Option(help="Hold out exactly this signer; may be given several times.")
    ] = None,
    behaviour: Annotated[
        bool, typer.Option("--behaviour", help="Also test on the clips at other frame rates, distances, mirrored, …")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace another model at --out.")] = False,
) -> None:
    """Train a gloss classifier and test it on signers that it never saw. Killed and run again, it goes on.

    The model folder holds report.html with the result.

    Example: posegloss train corpus.store --out my.model

    Few clips, and a model of many: posegloss train few.store --out mine.model --from my.model

    Some glosses have few clips: posegloss train my.store --out my.model --config '{"training": {"balance": 1}}'
    """
    from posegloss.classifiers.base import EpochReport
    from posegloss.classifiers.bundle import read_description
    from posegloss.classifiers.evaluating.held_out import TRAINED_ON_SYNTHETIC
    from posegloss.classifiers.settings import read_settings
    from posegloss.classifiers.training import train as train_classifier
    from posegloss.datasets.splits import SplitWarning
    from posegloss.pipeline.store import KeypointStore

    opened = KeypointStore.open(store)
    with warnings_as_notes(SplitWarning) as told, progress(TextColumn("{task.fields[values]}")) as bar:
        task = bar.add_task("training", total=None, values="")

        def show(report: EpochReport) -> None:
            loss, accuracy = report.values.get("loss"), report.values.get("validation_accuracy")
            values = [] if loss is None else [f"loss {loss:.2f}"]
            values += [] if accuracy is None else [f"on validation {accuracy:.0%}"]
            bar.update(task, completed=report.epoch, total=report.epochs, values=", ".join(values))

        result = train_classifier(
            opened,
            out,
            family=model,
            config=read_settings(config),
            start=start,
            epochs=epochs,
            seed=seed,
            test=test,
            test_signers=test_signer or (),
            behaviour=behaviour,
            overwrite=overwrite,
            progress=show,
        )
    if result.already_there:
        errors.print(f"{out} is the result of this very training already", markup=False)
        if behaviour:
            say_note(f"it stays as it is; posegloss evaluate {out} {store} --behaviour measures behaviour now")
    print_evaluation(result.evaluation, result.baseline, told)
    about = read_description(out)
    if (reject_below := about.get("calibration", {}).get("reject_below")) is not None:
        output.print(f"in a stream, what is less than {reject_below:.1%} sure is taken for no sign of these glosses")
    if about["training"]["synthetic"]:
        say_note(TRAINED_ON_SYNTHETIC)
    output.print(f"model: {out}\nreport: {out / 'report.html'}", markup=False)
