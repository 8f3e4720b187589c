"""The curves of a report, as paths that an SVG of a fixed size can draw; y grows downwards there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posegloss.classifiers.base import History
from posegloss.classifiers.evaluating.answers import Answer, confidences_of, right_of
from posegloss.classifiers.evaluating.calibration import coverage_curve
from posegloss.classifiers.evaluating.measures import CALIBRATION_BINS, calibration_bins

WIDTH, HEIGHT = 600, 220
SQUARE: Final = 300
_MOST_POINTS: Final = 200


@dataclass(frozen=True)
class Curve:
    """A line.

    Attributes:
        name: what it shows.
        points: x and y in turn, for a polyline.
        last: the value at its end.
    """

    name: str
    points: str
    last: float


@dataclass(frozen=True)
class Bar:
    """A bar of a reliability diagram, in units of the SVG.

    Attributes:
        x: its left side.
        y: its top.
        width: how wide it is.
        height: how high it is.
        confidence: where its mean confidence lies, from the top.
        told: what it says, for people to read.
    """

    x: float
    y: float
    width: float
    height: float
    confidence: float
    told: str


def learning_curves(history: History, names: Sequence[str], top: float | None) -> list[Curve]:
    """Values over epochs; none where there are fewer than two epochs.

    Args:
        history: a row of values for each epoch.
        names: of the values.
        top: the value at the upper edge; the highest where None.
    """
    known = [name for name in names if any(name in row for row in history)]
    if len(history) < 2 or not known:
        return []
    series = {name: np.array([row.get(name, np.nan) for row in history], dtype=float) for name in known}
    highest = top or max(1e-9, max(float(np.nanmax(values)) for values in series.values()))
    x = np.linspace(0, WIDTH, len(history))
    return [
        Curve(name.replace("_", " "), _points(x, HEIGHT * (1 - values.clip(0, highest) / highest)), float(values[-1]))
        for name, values in series.items()
    ]


def coverage_path(answers: Sequence[Answer]) -> str:
    """Accuracy (upwards) over the part of the clips that is answered, the surest first, in a SQUARE."""
    curve = coverage_curve(answers)
    # Of thousands of clips nobody sees them all.
    shown = [curve[i] for i in np.unique(np.linspace(0, len(curve) - 1, _MOST_POINTS).round().astype(int))]
    # The surest answers are all there is at the left edge.
    x = np.array([0.0, *(point.coverage for point in shown)])
    y = np.array([shown[0].accuracy, *(point.accuracy for point in shown)])
    return _points(SQUARE * x, SQUARE * (1 - y))


def reliability_bars(answers: Sequence[Answer]) -> list[Bar]:
    """Accuracy for each bin of confidence, in a SQUARE."""
    return [
        Bar(
            SQUARE * one.low,
            SQUARE * (1 - one.accuracy),
            SQUARE / CALIBRATION_BINS,
            SQUARE * one.accuracy,
            SQUARE * (1 - one.confidence),
            f"{one.answers} answers, {one.confidence:.0%} sure on average, {one.accuracy:.0%} right",
        )
        for one in calibration_bins(confidences_of(answers), right_of(answers))
    ]


def _points(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(b))
