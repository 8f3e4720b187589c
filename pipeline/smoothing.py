"""One-Euro and low-pass filters over arrays, on true timestamps.

Source: Casiez, Roussel, Vogel 2012, "1 Euro Filter"; MediaPipe's ``one_euro_filter.cc``, ``low_pass_filter.cc`` and
``landmarks_smoothing_calculator_utils.cc``, whose derivative is that of the raw values, not of the filtered ones.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class LowPassFilter:
    """Exponential smoothing of an array."""

    def __init__(self) -> None:
        self._stored: FloatArray | None = None

    def __call__(self, value: FloatArray, alpha: FloatArray | float) -> FloatArray:
        """The smoothed value; the first one passes unchanged. ``alpha`` is the new value's share."""
        smoothed = value if self._stored is None else self._stored + alpha * (value - self._stored)
        self._stored = smoothed
        return smoothed


class OneEuroFilter:
    """One-Euro filter: the faster a value moves, the less it is smoothed. Each element has a filter of its own.

    Args:
        min_cutoff: cutoff frequency of a value at rest, Hz; for all elements, or one for each.
        beta: what each unit of speed adds to the cutoff frequency; for all elements, or one for each.
        derivate_cutoff: cutoff frequency of the speed, Hz.
    """

    def __init__(self, *, min_cutoff: FloatArray | float, beta: FloatArray | float, derivate_cutoff: float) -> None:
        self._min_cutoff = min_cutoff
        self._beta = beta
        self._derivate_cutoff = derivate_cutoff
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next value passes unchanged."""
        self._value = LowPassFilter()
        self._speed = LowPassFilter()
        self._last: tuple[float, FloatArray] | None = None

    def __call__(self, timestamp_s: float, value: FloatArray, scale: FloatArray | float = 1.0) -> FloatArray:
        """The smoothed value.

        Args:
            timestamp_s: seconds, greater than that of the last call.
            value: of the same shape in every call.
            scale: what a unit of the value counts for in its speed (one over the size of the person); for all
                elements, or one for each.
        """
        if self._last is None:
            elapsed, speed = 1.0, np.zeros_like(value)
        else:
            elapsed = timestamp_s - self._last[0]
            speed = (value - self._last[1]) * (scale / elapsed)
        self._last = timestamp_s, value
        speed = self._speed(speed, _share(self._derivate_cutoff, elapsed))
        return self._value(value, _share(self._min_cutoff + self._beta * np.abs(speed), elapsed))


def _share(cutoff: FloatArray | float, elapsed: float) -> FloatArray | float:
    ratio = cutoff * (2 * np.pi * elapsed)  # of the time between two values to the filter's time constant
    return ratio / (1 + ratio)
