"""How an evaluation looks in the terminal."""

from typing import TYPE_CHECKING

from rich.table import Table

from posegloss.cli.console import errors, output

if TYPE_CHECKING:
    from posegloss.classifiers.evaluation import Evaluation

_MOST_LEFT_OUT = 5


def print_evaluation(evaluation: "Evaluation", baseline: "Evaluation | None" = None) -> None:
    """Print the figures with their intervals and what they were measured on; what was left out, on stderr."""
    table = Table("", "top-1", "top-5", "macro F1", box=None)
    for name, measured in (("model", evaluation), ("baseline (extra-trees)", baseline)):
        if measured:
            table.add_row(name, str(measured.top1), str(measured.top5), str(measured.macro_f1))
    output.print(table)
    people = f"{len(evaluation.signers)} signers" if evaluation.signers else "signers unknown"
    independent = "never seen in training" if evaluation.signer_independent else "NOT signer-independent"
    output.print(
        f"measured on {len(evaluation.answers)} clips of {people} ({independent}); in brackets 95 % intervals: "
        f"{evaluation.top1.method}"
    )
    for note in evaluation.notes:
        errors.print(f"note: {note}", markup=False)
    for clip_id, reason in list(evaluation.left_out.items())[:_MOST_LEFT_OUT]:
        errors.print(f"left out: {clip_id}: {reason}", markup=False)
    if (more := len(evaluation.left_out) - _MOST_LEFT_OUT) > 0:
        errors.print(f"... and {more} more; all stand in report.json")
