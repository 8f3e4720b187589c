"""report.html: how good a model is, on what that was measured, and what its right and wrong clips look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import posegloss
from posegloss.classifiers.base import History, Sample
from posegloss.classifiers.evaluating.evaluation import Answer, Evaluation
from posegloss.classifiers.evaluating.filmstrip import Filmstrip, filmstrip
from posegloss.pipeline.html import render_html

# More glosses than these make a matrix that nobody can read; then only the most confused pairs are shown.
_LARGEST_MATRIX: Final = 40
_MOST_BARS: Final = 60
_STRIPS: Final = 6
_CURVE_WIDTH, _CURVE_HEIGHT = 600, 220


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
    """

    title: str
    family: str
    evaluation: Evaluation
    baseline: Evaluation | None
    training: Mapping[str, Any]
    history: History

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for report.json."""
        return {
            "title": self.title,
            "family": self.family,
            "evaluation": self.evaluation.to_dict(),
            "baseline": self.baseline.to_dict() if self.baseline else None,
            "training": dict(self.training),
        }


@dataclass(frozen=True)
class _Curve:
    name: str
    path: str
    last: float


def render_report(report: ModelReport, samples: Sequence[Sample]) -> str:
    """The page as HTML that needs nothing else. Names are escaped: glosses are other people's text.

    Args:
        report: what to tell.
        samples: the evaluated clips, for the filmstrips.
    """
    evaluation = report.evaluation
    bars = sorted(evaluation.per_gloss, key=lambda row: (row.recall.value, row.gloss))
    return render_html(
        Path(__file__).with_name("report.html"),
        report=report,
        evaluation=evaluation,
        version=posegloss.__version__,
        bars=bars[:_MOST_BARS],
        bars_left_out=len(bars) - len(bars[:_MOST_BARS]),
        matrix=_matrix(evaluation) if len(evaluation.glosses) <= _LARGEST_MATRIX else None,
        confused=confused_pairs(evaluation),
        losses=_curves(report.history, ("loss", "validation_loss"), None),
        accuracies=_curves(report.history, ("accuracy", "validation_accuracy"), 1.0),
        curve_size=(_CURVE_WIDTH, _CURVE_HEIGHT),
        wrong=_strips(evaluation, samples, right=False),
        right=_strips(evaluation, samples, right=True),
    )


def confused_pairs(evaluation: Evaluation, most: int = 10) -> list[tuple[str, str, int]]:
    """What is signed, what was answered instead, and how often; the most frequent first."""
    counts = np.array(evaluation.confusion)
    np.fill_diagonal(counts, 0)
    order = np.argsort(-counts, axis=None, kind="stable")[:most]
    pairs = [np.unravel_index(i, counts.shape) for i in order]
    return [(evaluation.glosses[i], evaluation.glosses[j], int(counts[i, j])) for i, j in pairs if counts[i, j]]


def _matrix(evaluation: Evaluation) -> list[tuple[str, list[tuple[int, float]]]]:
    """For each gloss that occurs the counts of the answers, and which part of its clips each is."""
    return [
        (gloss, [(count, count / max(1, sum(row))) for count in row])
        for gloss, row in zip(evaluation.glosses, evaluation.confusion, strict=True)
        if sum(row)
    ]


def _curves(history: History, names: Sequence[str], top: float | None) -> list[_Curve]:
    known = [name for name in names if any(name in row for row in history)]
    if len(history) < 2 or not known:
        return []
    series = {name: np.array([row.get(name, np.nan) for row in history], dtype=float) for name in known}
    highest = top or max(1e-9, max(float(np.nanmax(values)) for values in series.values()))
    x = np.linspace(0, _CURVE_WIDTH, len(history))
    return [
        _Curve(
            name.replace("_", " "),
            _polyline(x, _CURVE_HEIGHT * (1 - values.clip(0, highest) / highest)),
            float(values[-1]),
        )
        for name, values in series.items()
    ]


def _polyline(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(b))


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
