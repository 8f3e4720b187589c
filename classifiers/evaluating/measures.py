"""What is measured of answers: formulas as functions of the ranks and confidences of clips.

MRR and DCG are those of a dictionary that lists glosses for a sign, as ASL Citizen reports them (Desai et al. 2023,
"ASL Citizen: A Community-Sourced Dataset for Advancing Isolated Sign Language Recognition", section 5).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from posegloss.classifiers.evaluating.intervals import FloatArray, IntArray, Measure, Units, bootstrapped, wilson

# Guo et al. 2017, "On Calibration of Modern Neural Networks", section 5: 15 bins of equal width.
CALIBRATION_BINS: Final = 15


@dataclass(frozen=True)
class CalibrationBin:
    """The answers of about the same confidence.

    Attributes:
        low: the bin's lowest confidence.
        high: its highest.
        answers: how many there are.
        confidence: their mean confidence.
        accuracy: the part of them that is right.
    """

    low: float
    high: float
    answers: int
    confidence: float
    accuracy: float


def reciprocal_ranks(ranks: IntArray) -> FloatArray:
    """(N,) 1 / rank of the true gloss; their mean is the MRR (Voorhees 1999)."""
    return 1 / np.asarray(ranks, np.float64)


def gains(ranks: IntArray) -> FloatArray:
    """(N,) 1 / log2(rank + 1); their mean is the DCG (Järvelin and Kekäläinen 2002), one gloss being relevant."""
    return np.asarray(1 / np.log2(np.asarray(ranks, np.float64) + 1))


def macro_f1(labels: IntArray, predicted: IntArray, classes: int, units: Units) -> Measure:
    """F1 averaged over the glosses that occur; as scikit-learn's f1_score, but quick enough for a bootstrap."""
    right = labels == predicted
    # Without an error all resamples agree; F1 then is the accuracy, and has its interval.
    if right.all():
        return wilson(1.0, units.clips)
    counted = [_one_hot(column, kept, classes) for column, kept in ((labels, right), (labels, None), (predicted, None))]

    def statistic(total: FloatArray) -> FloatArray:
        hits, signed, answered = np.split(total, 3, axis=1)
        occurs = signed > 0
        f1 = np.divide(2 * hits, signed + answered, out=np.zeros_like(hits), where=occurs)
        return np.asarray(f1.sum(axis=1) / occurs.sum(axis=1))

    return bootstrapped(units.sums(sparse.hstack(counted)), statistic, units)


def calibration_error(confidences: FloatArray, right: npt.NDArray[np.bool_], units: Units) -> Measure:
    """The expected calibration error: how far confidence and accuracy lie apart, a bin and its answers at a time.

    ECE = sum over the bins of n_b / N * abs(accuracy_b - confidence_b), with 15 bins of equal width (Guo et al. 2017,
    equation 3).
    """
    bins = _bins(confidences)
    gap = np.asarray(right, np.float64) - confidences
    table = sparse.hstack(
        [sparse.csr_array((gap, (np.arange(len(bins)), bins)), (len(bins), CALIBRATION_BINS)), np.ones((len(bins), 1))]
    )
    # |sum of the gaps in a bin| / N is n_b / N * |mean gap|.
    return bootstrapped(
        units.sums(table), lambda total: np.asarray(np.abs(total[:, :-1]).sum(axis=1) / total[:, -1]), units
    )


def calibration_bins(confidences: FloatArray, right: npt.NDArray[np.bool_]) -> tuple[CalibrationBin, ...]:
    """The bins of ``calibration_error`` that hold answers: a reliability diagram."""
    bins = _bins(confidences)
    return tuple(
        CalibrationBin(
            float(b / CALIBRATION_BINS),
            float((b + 1) / CALIBRATION_BINS),
            int((bins == b).sum()),
            float(confidences[bins == b].mean()),
            float(right[bins == b].mean()),
        )
        for b in np.unique(bins)
    )


def _bins(confidences: FloatArray) -> IntArray:
    """(N,) the bin of each: (0, 1/15], (1/15, 2/15] and so on."""
    return (np.ceil(confidences * CALIBRATION_BINS).astype(np.int64) - 1).clip(0, CALIBRATION_BINS - 1)


def _one_hot(columns: IntArray, kept: npt.NDArray[np.bool_] | None, classes: int) -> Any:
    rows = np.arange(len(columns)) if kept is None else np.flatnonzero(kept)
    return sparse.csr_array((np.ones(len(rows)), (rows, columns[rows])), (len(columns), classes))
