"""Figures with their 95 % confidence intervals, people being the unit wherever enough of them are known.

Clips of one person resemble one another, so an interval that takes each clip for an independent trial is too narrow
for what matters here: how it goes with the next person. Every measure is a function of sums over clips; a resample
of people is a weighted sum of each person's sums.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Statistic = Callable[[FloatArray], FloatArray]
"""From (R, F) sums to (R,) values of a measure."""

# Fewer people than these say too little of how people differ for a bootstrap over them.
MIN_SIGNERS: Final = 5
BY_SIGNER: Final = "bootstrap over signers"
BY_CLIP: Final = "bootstrap over clips"
WILSON: Final = "Wilson interval over clips"
_RESAMPLES: Final = 2000
# Numbers drawn at a time, so that many clips of unknown people do not fill the memory.
_DRAWN_AT_ONCE: Final = 2_000_000


@dataclass(frozen=True)
class Measure:
    """A figure and its 95 % confidence interval.

    Attributes:
        value: from 0 to 1.
        low: lower end of the interval.
        high: upper end.
        method: how the interval was found.
    """

    value: float
    low: float
    high: float
    method: str

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"

    @property
    def plain(self) -> str:
        """As a number from 0 to 1, for measures that are no part of something."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, eq=False)
class Units:
    """What is resampled: people where enough of them are known, else clips.

    Attributes:
        of: (N,) the number of each answer's unit.
        count: how many units there are.
        clips: how many different clips there are; fewer than answers where a clip was answered by several models.
        method: BY_SIGNER or BY_CLIP.
    """

    of: IntArray
    count: int
    clips: int
    method: str

    @classmethod
    def choose(cls, clip_ids: Sequence[str], people: Sequence[str | None]) -> "Units":
        """People, if all are known and there are MIN_SIGNERS; else clips."""
        known = all(people) and len(set(people)) >= MIN_SIGNERS
        names, of = np.unique([str(name) for name in (people if known else clip_ids)], return_inverse=True)
        return cls(of.astype(np.int64), len(names), len(set(clip_ids)), BY_SIGNER if known else BY_CLIP)

    def sums(self, values: Any) -> Any:
        """(U, F) the sums over each unit's answers of (N, F) values, as a sparse matrix."""
        answers = len(self.of)
        membership = sparse.csr_array((np.ones(answers), (self.of, np.arange(answers))), (self.count, answers))
        return membership @ sparse.csr_array(values)


def mean(values: npt.ArrayLike, units: Units) -> Measure:
    """The mean of (N,) values from 0 to 1. Of yes and no over clips, and where units agree, Wilson's interval."""
    x = np.asarray(values, np.float64)
    sums = units.sums(np.stack([x, np.ones(len(x))], axis=1)).toarray()
    # Where all people do equally well, a bootstrap over them claims certainty.
    agree = np.ptp(sums[:, 0] / sums[:, 1]) < 1e-12
    if agree or (units.method == BY_CLIP and np.isin(x, (0, 1)).all()):
        return wilson(float(x.mean()), units.clips)
    return bootstrapped(sums, lambda total: total[:, 0] / total[:, 1], units)


def bootstrapped(sums: Any, statistic: Statistic, units: Units) -> Measure:
    """The percentile interval (Efron and Tibshirani 1993, section 13.3) over units, with a fixed seed.

    Some measures (the calibration error) grow when clips are drawn twice; the interval is widened to hold the value.

    Args:
        sums: (U, F) sums over the answers of each unit, dense or sparse.
        statistic: the measure as a function of their total.
        units: what was summed over.
    """
    generator = np.random.default_rng(0)
    rows = max(1, min(_RESAMPLES, _DRAWN_AT_ONCE // units.count))
    values: list[FloatArray] = []
    for start in range(0, _RESAMPLES, rows):
        drawn = generator.integers(0, units.count, (min(rows, _RESAMPLES - start), units.count))
        drawn += units.count * np.arange(len(drawn))[:, None]
        times = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
        values.append(statistic(np.asarray(times @ sums)))
    value = float(statistic(np.asarray(np.ones((1, units.count)) @ sums))[0])
    low, high = np.quantile(np.concatenate(values), (0.025, 0.975))
    return Measure(value, min(value, float(low)), max(value, float(high)), units.method)


def wilson(value: float, clips: int) -> Measure:
    """The score interval of a proportion of so many clips (Wilson 1927)."""
    z = 1.959964
    centre = (value + z**2 / (2 * clips)) / (1 + z**2 / clips)
    half = z * math.sqrt(value * (1 - value) / clips + z**2 / (4 * clips**2)) / (1 + z**2 / clips)
    return Measure(value, max(0.0, centre - half), min(1.0, centre + half), WILSON)
