"""report.html: how good a model is, on what that was measured, and what its right and wrong clips look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import posegloss
from posegloss.classifiers.base import History, Sample
from posegloss.classifiers.evaluating import charts
from posegloss.classifiers.evaluating.answers import Answer
from posegloss.classifiers.evaluating.behaviour import Behaviour
from posegloss.classifiers.evaluating.calibration import Calibration, select
from posegloss.classifiers.evaluating.evaluation import Evaluation
from posegloss.classifiers.evaluating.filmstrip import Filmstrip, filmstrip
from posegloss.classifiers.evaluating.groups import GroupAccuracy
from posegloss.classifiers.evaluating.pairs import confused_pairs, side_by_side
from posegloss.pipeline.html import render_html

# More glosses than these make a matrix that nobody can read; then only the most confused pairs are shown.
_LARGEST_MATRIX: Final = 40
_MOST_BARS: Final = 60
_MOST_GROUPS: Final = 60
_MOST_PAIRS: Final = 5
_STRIPS: Final = 6


@dataclass(frozen=True)
class ModelReport:
    """All that the report tells.

    Attributes:
        title: the model's name.
        family: its family.
        evaluation: on the held-out clips.
        baseline: the scikit-learn baseline on the same clips, or None.
        training: what the model was trained on.
        history: a row of values for each epoch.
        calibration: what was chosen on the validation people.
        by_group: accuracy for each group of clips, the worst first.
        grouped_by: what tells the groups apart.
        behaviour: accuracy under changes of the clips, or None where that was not measured.
    """

    title: str
    family: str
    evaluation: Evaluation
    baseline: Evaluation | None
    training: Mapping[str, Any]
    history: History
    calibration: Calibration = field(default_factory=Calibration)
    by_group: tuple[GroupAccuracy, ...] = ()
    grouped_by: str = "signer"
    behaviour: Behaviour | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for report.json."""
        return {
            "title": self.title,
            "family": self.family,
            "evaluation": self.evaluation.to_dict(),
            "baseline": self.baseline.to_dict() if self.baseline else None,
            "calibration": self.calibration.to_dict(),
            "grouped_by": self.grouped_by,
            "by_group": [row.to_dict() for row in self.by_group],
            "behaviour": self.behaviour.to_dict() if self.behaviour else None,
            "training": dict(self.training),
        }


def render_report(report: ModelReport, samples: Sequence[Sample]) -> str:
    """The page as HTML that needs nothing else. Names are escaped: glosses are other people's text.

    Args:
        report: what to tell.
        samples: the evaluated clips, for the filmstrips.
    """
    evaluation, threshold = report.evaluation, report.calibration.threshold
    bars = sorted(evaluation.per_gloss, key=lambda row: (row.recall.value, row.gloss))
    pairs = confused_pairs(evaluation)
    return render_html(
        Path(__file__).with_name("report.html"),
        report=report,
        evaluation=evaluation,
        version=posegloss.__version__,
        bars=bars[:_MOST_BARS],
        bars_left_out=len(bars) - len(bars[:_MOST_BARS]),
        groups=report.by_group[:_MOST_GROUPS],
        groups_left_out=len(report.by_group) - len(report.by_group[:_MOST_GROUPS]),
        matrix=_matrix(evaluation) if len(evaluation.glosses) <= _LARGEST_MATRIX else None,
        confused=pairs,
        side_by_side=side_by_side(pairs[:_MOST_PAIRS], evaluation, samples),
        reliability=charts.reliability_bars(evaluation.answers),
        coverage=charts.coverage_path(evaluation.answers),
        selection=None if threshold is None else select(evaluation.answers, threshold),
        square=charts.SQUARE,
        losses=charts.learning_curves(report.history, ("loss", "validation_loss"), None),
        accuracies=charts.learning_curves(report.history, ("accuracy", "validation_accuracy"), 1.0),
        curve_size=(charts.WIDTH, charts.HEIGHT),
        wrong=_strips(evaluation, samples, right=False),
        right=_strips(evaluation, samples, right=True),
    )


def _matrix(evaluation: Evaluation) -> list[tuple[str, list[tuple[int, float]]]]:
    """For each gloss that occurs the counts of the answers, and which part of its clips each is."""
    return [
        (gloss, [(count, count / sum(row)) for count in row])
        for gloss, row in zip(evaluation.glosses, evaluation.confusion.tolist(), strict=True)
        if sum(row)
    ]


def _strips(evaluation: Evaluation, samples: Sequence[Sample], right: bool) -> list[tuple[Answer, Filmstrip]]:
    """The surest wrong answers, or right ones of as many glosses as there is room for."""
    inputs = {sample.clip_id: sample.inputs for sample in samples}
    answers = sorted(
        (answer for answer in evaluation.answers if (answer.rank == 1) is right),
        key=lambda answer: -answer.confidence,
    )
    if right:
        first_of_gloss = {answer.gloss: answer for answer in reversed(answers)}
        answers = [first_of_gloss[gloss] for gloss in sorted(first_of_gloss)]
    return [(answer, filmstrip(inputs[answer.clip_id])) for answer in answers[:_STRIPS]]
