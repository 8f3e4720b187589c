"""What tells whether somebody signs: how both arms are held and move, 20 times a second, from any camera's frames.

The arms alone, in the signer's running frame of reference: which sign it is does not matter here. All of it is known
from the past and the present, so a stream can be read as it comes.
"""

from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.streaming.reference import RunningReference
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import INDEX, LEFT_SHOULDER, RIGHT_SHOULDER, SIDES

RATE_HZ: Final = 20.0
_LONGEST_GAP_S: Final = 0.5
"""As in ``Preprocessing``: frames further apart are not interpolated between."""

_ARMS: Final = [INDEX[f"{side}_{part}"] for side in SIDES for part in ("wrist", "elbow", "index", "pinky")]
_POINTS: Final = np.array([INDEX["nose"], LEFT_SHOULDER, RIGHT_SHOULDER, *_ARMS])
# Places among these.
_NOSE: Final = 0
_SHOULDERS: Final = [1, 2]
_WRISTS: Final = [3, 7]
_ELBOWS: Final = [4, 8]
_KNUCKLES: Final = [5, 6, 9, 10]
_WRIST_OF_KNUCKLE: Final = [3, 3, 7, 7]
_LAGS: Final = (1, 2, 4)
"""Moments over which velocities are taken: short ones see a hand start and stop, long ones see through the noise."""

_FAST: Final = 2.5
"""Shoulder widths a second, a hand of about 1 m/s: what is faster is squashed."""

_STILL: Final = 0.15
"""Shoulder widths a second, about the tracker's noise on a hand that rests."""

_MOVING: Final = [*_WRISTS, *_ELBOWS, *_KNUCKLES]
_FLAGGED: Final = [_NOSE, *_MOVING]
# The middle of the shoulders is a point more.
_HELD: Final = 2 * (len(_FLAGGED) + 1)
_VELOCITIES: Final = len(_LAGS) * (2 * len(_MOVING) + len(_WRISTS))

COUNT: Final = _HELD + _VELOCITIES + len(_FLAGGED)
"""Features a moment: where the points are, velocities, and which points are missing."""

NOTHING: Final = np.repeat(np.array([0, 1], np.float32), [_HELD + _VELOCITIES, len(_FLAGGED)])
"""The features of a moment at which nobody is seen."""


def sees_nobody(features: FloatArray) -> bool:
    """Whether neither arm nor nose is seen at a moment."""
    return bool(features[-len(_FLAGGED) :].all())


class Moments:
    """From frames at any rate to features at ``RATE_HZ``.

    Args:
        min_visibility: a point less visible than this is missing.
    """

    def __init__(self, min_visibility: float = 0.1) -> None:
        self._reference = RunningReference(min_visibility)
        self._min_visibility = min_visibility
        self._first_s: float | None = None
        self._count = 0
        self._last: tuple[float, FloatArray] | None = None
        self._past: deque[FloatArray] = deque(maxlen=max(_LAGS) + 1)

    def push(
        self, keypoints: FloatArray | None, timestamp_s: float, size: tuple[int, int]
    ) -> Iterator[tuple[float, FloatArray | None]]:
        """Take in a frame.

        Args:
            keypoints: (K, 4) as in ``KeypointSequence``, the body's 33 first; None where nobody is seen.
            timestamp_s: in seconds, later than the one before.
            size: width and height of the picture in pixels.

        Yields:
            The time in seconds and the (``COUNT``,) features of each moment since the frame before; None where it is
            not known how large the signer is, since no frame of the last seconds shows both shoulders.
        """
        points = np.full((len(_POINTS), 2), np.nan, np.float32)
        if keypoints is not None:
            pixels = keypoints[:, :2] * np.array(size, np.float32)
            self._reference.push(pixels, keypoints[:, 3], timestamp_s)
            seen = keypoints[_POINTS, 3] >= self._min_visibility
            points[seen] = pixels[_POINTS[seen]]
        if self._first_s is None:
            self._first_s = timestamp_s
        while (time_s := self._first_s + self._count / RATE_HZ) <= timestamp_s + 1e-6:
            self._past.appendleft(self._between(points, timestamp_s, time_s))
            self._count += 1
            known = self._reference.now
            yield time_s, None if known is None else self._describe(*known)
        self._last = timestamp_s, points

    def _between(self, points: FloatArray, timestamp_s: float, time_s: float) -> FloatArray:
        """The points at a moment between the frame before and this one, NaN where either lacks them."""
        if self._last is None or timestamp_s - time_s < 1e-6:
            return points
        last_s, last = self._last
        if timestamp_s - last_s > _LONGEST_GAP_S + 1e-6:
            return np.full_like(points, np.nan)
        weight = np.float32((time_s - last_s) / (timestamp_s - last_s))
        return (1 - weight) * last + weight * points

    def _describe(self, origin: npt.NDArray[np.float64], unit: float) -> FloatArray:
        scale = np.float32(1 / unit)
        points = (self._past[0] - origin.astype(np.float32)) * scale
        held = [
            points[_NOSE][None],
            points[_SHOULDERS].mean(axis=0)[None],
            points[_WRISTS],
            points[_ELBOWS],
            2 * (points[_KNUCKLES] - points[_WRIST_OF_KNUCKLE]),
        ]
        parts = [np.concatenate(held).ravel()]
        for lag in _LAGS:
            before = self._past[min(lag, len(self._past) - 1)]
            velocity = (self._past[0] - before)[_MOVING] * (scale * np.float32(RATE_HZ / lag))
            parts.append(np.tanh(velocity / _FAST).ravel())
            parts.append(np.log1p(np.hypot(*velocity[:2].T) / _STILL) / 2)
        missing = np.isnan(points[_FLAGGED, 0])
        features: FloatArray = np.nan_to_num(np.concatenate([*parts, missing])).clip(-4, 4).astype(np.float32)
        return features
