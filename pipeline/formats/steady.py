"""Sequences at a steady frame rate, for formats that know only a rate and no timestamps."""

from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.formats.options import ASSUMED_RATE, MAX_FRAMES
from posegloss.pipeline.sequence import FloatArray, KeypointSequence

_JITTER: Final = 0.25
"""Of a frame: containers round to milliseconds, cameras are late now and then; neither is worth interpolating for."""
_LONGEST_GAP_S: Final = 0.5
_ROUNDED_S: Final = 0.0015


def at_steady_rate(sequence: KeypointSequence) -> tuple[KeypointSequence, float]:
    """A sequence whose frame n lies at n / rate, and that rate.

    Where each frame lies within a quarter of a frame of such a time already, nothing but the timestamps changes. Else
    the points are interpolated linearly at the median rate, with a warning: a point is missing where it was missing on
    either side, and a gap of more than half a second stays one.
    """
    times = sequence.timestamps - sequence.timestamps[:1]
    if len(times) < 2:
        return replace(sequence, timestamps=times), ASSUMED_RATE
    mean = float((len(times) - 1) / times[-1])
    exact = float(Fraction(mean).limit_denominator(1001))
    candidates = [(exact, 1e-7), *((rate, _ROUNDED_S) for rate in _plain_rates(mean))]
    rate = next((rate for rate, off in candidates if _deviation(times, rate) <= off), mean)
    steady = np.arange(len(times)) / rate
    if _deviation(times, rate) <= _JITTER / rate:
        return replace(sequence, timestamps=steady), rate
    rate = next(iter(_plain_rates(float(1 / np.median(np.diff(times))))))
    frames = min(int(times[-1] * rate + 1e-6) + 1, MAX_FRAMES)
    steady = np.arange(frames) / rate
    world = None if sequence.world is None else _interpolate(sequence.world, times, steady)
    told = f"frames come at irregular times; they were interpolated at {rate:g} frames a second"
    return replace(
        sequence,
        keypoints=_interpolate(sequence.keypoints, times, steady),
        timestamps=steady,
        world=world,
        warnings=(*sequence.warnings, told),
    ), rate


def _plain_rates(rate: float) -> list[float]:
    """The rates that videos have near a measured one: 30, 29.97 and the measured one."""
    whole = round(rate)
    return [whole, whole * 1000 / 1001, rate] if whole >= 1 else [rate]


def _deviation(times: npt.NDArray[np.float64], rate: float) -> float:
    return float(np.abs(times - np.arange(len(times)) / rate).max())


def _interpolate(points: FloatArray, times: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]) -> FloatArray:
    after = np.searchsorted(times, wanted - 1e-9).clip(0, len(times) - 1)
    before = np.maximum(after - (times[after] > wanted + 1e-9), 0)
    gap = times[after] - times[before]
    weight = np.divide(wanted - times[before], gap, out=np.zeros_like(gap), where=gap > 0)
    weight[gap > _LONGEST_GAP_S] = np.nan
    part = weight.astype(np.float32)[:, None, None]
    return np.asarray((1 - part) * points[before] + part * points[after], np.float32)
