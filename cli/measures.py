"""How an evaluation looks in the terminal."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Column, Table

from posegloss.cli.console import errors, output, say_note
from posegloss.cli.words import count

if TYPE_CHECKING:
    from posegloss.classifiers.evaluating.behaviour import Behaviour
    from posegloss.classifiers.evaluating.evaluation import Evaluation
    from posegloss.classifiers.evaluating.groups import GroupAccuracy

_PERCENT: Final = {"top-1": "top1", "top-5": "top5", "macro F1": "macro_f1"}
_PLAIN: Final = {"MRR": "mrr", "DCG": "dcg"}
_MOST_REASONS: Final = 5


def print_evaluation(
    evaluation: "Evaluation", baseline: "Evaluation | None" = None, told: Collection[str] = ()
) -> None:
    """Print the figures with their intervals and what they were measured on; what was left out, on stderr.

    Args:
        evaluation: of the model.
        baseline: of the baseline, on the same clips.
        told: notes that the reader has been told already.
    """
    measured = {"model": evaluation} | ({"baseline (extra-trees)": baseline} if baseline else {})
    table = Table("", *(Column(name, no_wrap=True) for name in measured), box=None)
    for title, attribute in _PERCENT.items():
        table.add_row(title, *(str(getattr(one, attribute)) for one in measured.values()))
    for title, attribute in _PLAIN.items():
        table.add_row(title, *(getattr(one, attribute).plain for one in measured.values()))
    table.add_row("calibration error", *(str(one.ece) for one in measured.values()))
    output.print(table)
    output.print(measured_on(evaluation))
    for note in evaluation.notes:
        if note not in told:
            say_note(note)
    print_left_out(evaluation)


def measured_on(evaluation: "Evaluation") -> str:
    """What figures were measured on, and how their intervals were found."""
    people = count(len(evaluation.signers), "signer") if evaluation.signers else "unknown signers"
    independent = "never seen in training" if evaluation.signer_independent else "NOT signer-independent"
    return (
        f"measured on {count(evaluation.clips, 'clip')} of {people} ({independent}); in brackets 95 % "
        f"intervals: {evaluation.top1.method}"
    )


def print_groups(by: str, rows: "Sequence[GroupAccuracy]") -> None:
    """Print the accuracy for each group, the worst first."""
    table = Table(by, Column("clips", justify="right"), Column("glosses", justify="right"), "top-1", box=None)
    for row in rows:
        table.add_row(row.group, str(row.clips), str(row.glosses), str(row.top1))
    output.print(table, markup=False)
    output.print("the intervals of each row are Wilson's, over its clips")


def print_behaviour(behaviour: "Behaviour") -> None:
    """Print the accuracy under each change of the clips."""
    table = Table("the same clips", "", "top-1", Column("change", justify="right"), box=None)
    for place, row in enumerate(behaviour.rows):
        table.add_row(row.kind, row.name, str(row.top1), f"{100 * row.change:+.1f}" if place else "")
    output.print(table)
    output.print(f"measured on {behaviour.clips} of {count(behaviour.of, 'tested clip')}; changes in percentage points")


def print_left_out(evaluation: "Evaluation") -> None:
    """Say on stderr which clips were not used, and why."""
    clips = defaultdict(list)
    for clip_id, reason in evaluation.left_out.items():
        clips[reason].append(clip_id)
    for reason, ids in list(clips.items())[:_MOST_REASONS]:
        errors.print(f"left out: {ids[0] if len(ids) == 1 else f'{len(ids)} clips'}: {reason}", markup=False)
    if (more := sum(map(len, list(clips.values())[_MOST_REASONS:]))) > 0:
        errors.print(f"left out: {count(more, 'more clip')}; all are in report.json")
