"""How an evaluation looks in the terminal."""

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from rich.table import Column, Table

from posegloss.cli.console import errors, output, say_note

if TYPE_CHECKING:
    from posegloss.classifiers.evaluating.evaluation import Evaluation

_MEASURES: Final = {"top-1": "top1", "top-5": "top5", "macro F1": "macro_f1"}
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
    for title, attribute in _MEASURES.items():
        table.add_row(title, *(str(getattr(one, attribute)) for one in measured.values()))
    output.print(table)
    people = _count(len(evaluation.signers), "signer") if evaluation.signers else "unknown signers"
    independent = "never seen in training" if evaluation.signer_independent else "NOT signer-independent"
    output.print(
        f"measured on {_count(len(evaluation.answers), 'clip')} of {people} ({independent}); in brackets 95 % "
        f"intervals: {evaluation.top1.method}"
    )
    for note in evaluation.notes:
        if note not in told:
            say_note(note)
    _print_left_out(evaluation)


def _print_left_out(evaluation: "Evaluation") -> None:
    clips = defaultdict(list)
    for clip_id, reason in evaluation.left_out.items():
        clips[reason].append(clip_id)
    for reason, ids in list(clips.items())[:_MOST_REASONS]:
        errors.print(f"left out: {ids[0] if len(ids) == 1 else f'{len(ids)} clips'}: {reason}", markup=False)
    if (more := sum(map(len, list(clips.values())[_MOST_REASONS:]))) > 0:
        errors.print(f"left out: {_count(more, 'more clip')}; all are in report.json")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
