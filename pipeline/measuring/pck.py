"""PCK: the share of points that lie within a part of the person's size of where people marked them.

As in Bazarevsky et al. 2020, section 3: within 20 % of the size of the torso, by the Euclidean distance. The paper does
not define that size; here it is from the middle of the shoulders to the middle of the hips of the truth. PCKh is the
same by the size of the head, with 50 % (Andriluka et al. 2014).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
PAPERS_THRESHOLD: Final = 0.2
HEAD_THRESHOLD: Final = 0.5
_RESAMPLES: Final = 2000


@dataclass(frozen=True)
class Figure:
    """A share from 0 to 1 and its 95 % interval; NaN where nothing was measured."""

    value: float
    low: float = np.nan
    high: float = np.nan

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "-"
        if np.isnan(self.low):
            return f"{100 * self.value:.1f}"
        return f"{100 * self.value:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


def relative_distances(truth: FloatArray, found: FloatArray, sizes: FloatArray) -> FloatArray:
    """How far the points that were found lie from the truth, in sizes of the person.

    Args:
        truth: (N, P, 2) pixels, NaN where nothing was marked.
        found: (N, P, 2) pixels, NaN where a point was not found.
        sizes: (N,) pixels, NaN where unknown.

    Returns:
        (N, P); NaN where there is no truth or no size, so that nothing can be said; infinite where a point that was
        marked was not found.
    """
    distances = np.linalg.norm(found - truth, axis=-1) / sizes[:, None]
    known = np.isfinite(truth).all(axis=-1) & np.isfinite(sizes)[:, None]
    result: FloatArray = np.where(known & np.isnan(distances), np.inf, distances)
    return np.where(known, result, np.nan)


def share_within(distances: FloatArray, threshold: float) -> float:
    """The share of (N, P) distances up to a threshold, of those that are known; NaN where none is."""
    known = ~np.isnan(distances)
    return float((distances[known] <= threshold).mean()) if known.any() else np.nan


def share_of_each(distances: FloatArray, threshold: float) -> FloatArray:
    """(P,) the same of each point."""
    return np.array([share_within(distances[:, point], threshold) for point in range(distances.shape[1])])


def with_interval(distances: FloatArray, threshold: float, groups: npt.NDArray[np.int64]) -> Figure:
    """PCK with the interval of a percentile bootstrap (Efron and Tibshirani 1993) over pictures, with a fixed seed.

    Args:
        distances: (N, P) from ``relative_distances``.
        threshold: in sizes of the person.
        groups: (N,) the number of each person's picture: people of one picture resemble each other.
    """
    return _resampled(_right(distances, threshold), ~np.isnan(distances), groups)


def difference(distances: FloatArray, others: FloatArray, threshold: float, groups: npt.NDArray[np.int64]) -> Figure:
    """How much more PCK one system has than another on the same people, with the same interval over pictures.

    Args:
        distances: (N, P) from ``relative_distances``.
        others: the same of the other system.
        threshold: in sizes of the person.
        groups: (N,) the number of each person's picture.
    """
    return _resampled(_right(distances, threshold) - _right(others, threshold), ~np.isnan(distances), groups)


def _right(distances: FloatArray, threshold: float) -> FloatArray:
    return (distances <= threshold).astype(np.float64)


def _resampled(points: FloatArray, known: BoolArray, groups: npt.NDArray[np.int64]) -> Figure:
    """The mean of (N, P) known points, and its interval over pictures."""
    right = np.bincount(groups, (points * known).sum(axis=1))
    marked = np.bincount(groups, known.sum(axis=1))
    value = float(right.sum() / marked.sum()) if marked.any() else np.nan
    right, marked = right[marked > 0], marked[marked > 0]
    if len(marked) < 2:
        return Figure(value)
    interval = stats.bootstrap(
        (right, marked),
        lambda x, n, axis: x.sum(axis=axis) / n.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=_RESAMPLES,
        batch=100,
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Figure(value, float(interval.low), float(interval.high))
