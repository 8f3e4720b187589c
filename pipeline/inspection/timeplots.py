"""Values over the time of a clip as pictures: lines with gaps for an SVG, and a heat map.

All share one axis: ``TimeAxis`` cuts the clip into columns of equal time, so that a long clip makes no larger a picture
than a short one, and what stands at one place of two pictures happened at the same moment.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

COLUMNS: Final = 800
"""More than a screen shows apart in a plot."""
WIDTH, HEIGHT = 1000, 100
"""Of a plot, in units of its SVG, which is stretched to fit."""
_TICKS: Final = 6
_GAP: Final = 5
"""A frame that comes so many median intervals after the one before has no line to it."""


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The time of a clip: (T,) timestamps in seconds, of which each frame lasts until the next."""

    timestamps: npt.NDArray[np.float64]

    @cached_property
    def start_s(self) -> float:
        """The time of the first frame."""
        return float(self.timestamps[0]) if len(self.timestamps) else 0.0

    @cached_property
    def end_s(self) -> float:
        """The end of the last frame, which lasts as long as most; a clip of one frame lasts a second."""
        if len(self.timestamps) < 2:
            return self.start_s + 1.0
        return float(self.timestamps[-1] + np.median(np.diff(self.timestamps)))

    @property
    def thinned(self) -> bool:
        """Whether a column stands for several frames."""
        return len(self.timestamps) > COLUMNS

    def places(self, times_s: Floats) -> Floats:
        """Where times lie on the axis, from 0 to 1."""
        return np.asarray((times_s - self.start_s) / (self.end_s - self.start_s))

    def ticks(self) -> list[tuple[float, str]]:
        """Round times to write at the axis: their places, and themselves in seconds."""
        step = round_step((self.end_s - self.start_s) / _TICKS)
        times = np.arange(np.ceil(self.start_s / step) * step, self.end_s - step / 3, step)
        return [(float(self.places(time)), f"{time:.10g}") for time in times.round(9)]

    @cached_property
    def _frames(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The first frame of each column, and the one after its last; a column without a frame has the one before."""
        edges = np.linspace(self.start_s, self.end_s, COLUMNS + 1)
        first = np.searchsorted(self.timestamps, edges[:-1])
        after = np.searchsorted(self.timestamps, edges[1:])
        first = np.where(after > first, first, np.maximum(first - 1, 0))
        return first, np.maximum(after, first + 1)

    def mean(self, values: Floats) -> Floats:
        """(COLUMNS, ...) mean of (T, ...) values in each column, of those that are not NaN; NaN where all are."""
        if not len(values):
            return np.full((COLUMNS, *values.shape[1:]), np.nan)
        first, after = self._frames
        zero = np.zeros((1, *values.shape[1:]))
        sums = np.concatenate([zero, np.nancumsum(values, axis=0, dtype=np.float64)])
        counts = np.concatenate([zero, np.cumsum(np.isfinite(values), axis=0)])
        number = counts[after] - counts[first]
        return np.where(number > 0, (sums[after] - sums[first]) / np.maximum(number, 1), np.nan)

    def bands(self, frames: npt.NDArray[np.bool_]) -> str:
        """SVG path of the times at which (T,) frames are as asked; a single one is wide enough to be seen."""
        shown = np.nan_to_num(self.mean(frames.astype(np.float64))) > 0
        edges = np.flatnonzero(np.diff(np.concatenate([[False], shown, [False]]).astype(int)))
        unit = WIDTH / COLUMNS
        return "".join(
            f"M{a * unit:.5g} 0H{b * unit:.5g}V{HEIGHT}H{a * unit:.5g}z" for a, b in edges.reshape(-1, 2).tolist()
        )

    def line(self, values: Floats, low: float, high: float, *, steps: bool = False) -> str:
        """SVG path of (T,) values between two limits, with gaps where they are NaN or no frame came for long.

        Of a long clip it keeps the least and the greatest value of each column: no peak is lost.

        Args:
            values: (T,) one for each frame.
            low: the value at the foot of the plot.
            high: the value at its top.
            steps: each value lasts until the next frame, however late that comes.
        """
        kept = self._peaks(values) if self.thinned else slice(None)
        x = WIDTH * self.places(self.timestamps)[kept]
        y = HEIGHT * (1 - (np.asarray(values, np.float64)[kept] - low) / (high - low)).clip(-1, 2)
        known = np.isfinite(y)
        breaks = ~known | (self._after_gap[kept] & (not steps))
        starts = known & (breaks | ~np.concatenate([[False], known[:-1]]))
        path = []
        for i in np.flatnonzero(known).tolist():
            if starts[i]:
                # A point between two gaps is a line of hardly any length, which round ends make a dot.
                path.append(f"M{x[i]:.1f} {y[i]:.1f}h.1")
            else:
                path.append(f"H{x[i]:.1f}V{y[i]:.1f}" if steps else f"L{x[i]:.1f} {y[i]:.1f}")
        return "".join(path)

    @cached_property
    def _after_gap(self) -> npt.NDArray[np.bool_]:
        """(T,) whether a frame comes long after the one before."""
        intervals = np.diff(self.timestamps, prepend=self.timestamps[:1])
        return np.asarray(intervals > _GAP * np.median(intervals[1:])) if len(intervals) > 1 else intervals > 0

    def _peaks(self, values: Floats) -> list[int]:
        """The frames with the least and the greatest value of each column, and the first without one."""
        kept: list[int] = []
        for first, after in zip(*map(np.ndarray.tolist, self._frames), strict=True):
            part = values[first:after]
            here = {int(np.isnan(part).argmax())}
            if np.isfinite(part).any():
                here |= {int(np.nanargmin(part)), int(np.nanargmax(part))}
            kept += sorted(first + i for i in here)
        return kept


def round_step(least: float) -> float:
    """The least of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ... that is no smaller."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9)))


def limits(values: Sequence[Floats], least_span: float = 0.0) -> tuple[float, float]:
    """The least and the greatest of several arrays, a little apart; 0 and 1 where all are NaN."""
    finite = np.concatenate([one[np.isfinite(one)] for one in values])
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    margin = max((least_span - (high - low)) / 2, 0.04 * (high - low), 1e-6)
    return low - margin, high + margin


def heat_map(axis: TimeAxis, values: Floats) -> str:
    """A picture of (T, K) values from 0 to 1, a row for each of K, as the data address of a PNG.

    The colours are cividis, which color-blind people read as others do; NaN is transparent.
    """
    mean = axis.mean(values).T
    levels = np.nan_to_num(mean * 255).clip(0, 255).astype(np.uint8)
    picture = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2BGRA)
    picture[np.isnan(mean)] = 0
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode("ascii")
