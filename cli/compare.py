"""`posegloss models compare`: several model families on the same folds."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import TextColumn
from rich.table import Column, Table

from posegloss.cli.console import output, progress, say_note
from posegloss.cli.measures import measured_on, print_left_out
from posegloss.cli.words import count

if TYPE_CHECKING:
    from posegloss.classifiers.evaluating.comparison import Comparison
    from posegloss.classifiers.evaluating.cross_validation import FoldReport


def compare(
    store: Annotated[str, typer.Argument(help="A store with glosses and signers.")],
    model: Annotated[
        list[str] | None, typer.Option(help="A family; may be given several times. All unless given.")
    ] = None,
    by: Annotated[str, typer.Option(help="What is held out: signer, or another column of the store.")] = "signer",
    folds: Annotated[
        int | None, typer.Option(min=2, help="Hold out so many sets of people in turn; one at a time unless given.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Train so often for each fold.")] = 1,
    epochs: Annotated[int | None, typer.Option(min=1, help="At most so many; each family's own unless given.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures and answers here.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write comparison.html into this folder.")] = None,
) -> None:
    """Compare model families by cross-validation: every person is the test once, by models that never saw them.

    What is done is printed and written even when it is stopped before the last family.

    Example: posegloss models compare corpus.store --model extra-trees --model conv-transformer --folds 5
    """
    from posegloss.classifiers.base import FAMILIES
    from posegloss.classifiers.evaluating.comparison import Comparison, compare_families
    from posegloss.pipeline.store import KeypointStore

    opened = KeypointStore.open(store)
    families = list(dict.fromkeys(model or FAMILIES))
    comparison = Comparison(opened.place, by, folds, {})
    try:
        with progress(TextColumn("{task.fields[held_out]}")) as bar:
            task = bar.add_task("comparing", total=None, held_out="")

            def show(family: str, report: "FoldReport") -> None:
                done = families.index(family) * report.total + report.done
                held_out = f"{', '.join(report.held_out[:3])}: {report.top1:.0%}"
                total = len(families) * report.total
                bar.update(task, description=family, completed=done, total=total, held_out=held_out)

            found = compare_families(
                opened, families, by=by, folds=folds, seeds=range(seeds), epochs=epochs, progress=show
            )
            for family, result in found:
                comparison = replace(comparison, results={**comparison.results, family: result})
                comparison.write(json_file, out)
    finally:
        if comparison.results:
            print_comparison(comparison)
    if out:
        output.print(f"report: {out / 'comparison.html'}", markup=False)


def print_comparison(comparison: "Comparison") -> None:
    """Print a row a family, the best first, and what all were measured on."""
    # The intervals of all figures are wider than a terminal; they are in what is written.
    table = Table(*(Column(name, no_wrap=True) for name in ("family", "top-1")), box=None, pad_edge=False)
    for name in ("top-5", "F1", "MRR", "ECE", "train"):
        table.add_column(name, justify="right", no_wrap=True)
    for family, result in comparison.best_first:
        one = result.evaluation
        percents = (f"{100 * measure.value:.1f}" for measure in (one.top5, one.macro_f1))
        rest = (f"{one.mrr.value:.3f}", f"{100 * one.ece.value:.1f}", f"{result.training_s:.1f} s")
        table.add_row(family, str(result.top1_mean), *percents, *rest)
    output.print(table)
    first = comparison.best_first[0][1]
    people = count(len(first.by_group), comparison.by)
    output.print(
        f"top-1 is the mean over {people}, held out {comparison.held_out}"
        + (f", and over {len(first.seeds)} seeds" if len(first.seeds) > 1 else "")
        + f" ({first.top1_mean.method}); {measured_on(first.evaluation)}",
        markup=False,
    )
    output.print("top-5, F1 (macro) and ECE (calibration error) in per cent; train: the time of a training")
    for note in first.evaluation.notes:
        say_note(note)
    print_left_out(first.evaluation)
