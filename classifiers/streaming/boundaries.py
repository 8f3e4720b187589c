"""When somebody signs: the probability, moment by moment, that a sign is being made."""

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np

from posegloss.classifiers.streaming.reference import RunningReference
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import INDEX

_WRISTS: Final = [INDEX["left_wrist"], INDEX["right_wrist"]]
_RESTING: Final = 1.1


class Boundaries(Protocol):
    """Frame in, and for moments up to it the probability that somebody signs."""

    delay_s: float
    """A moment's probability is known so many seconds after it."""

    def push(
        self, keypoints: FloatArray | None, timestamp_s: float, size: tuple[int, int]
    ) -> Iterator[tuple[float, float]]:
        """(time in seconds, probability) of each moment that this frame lets one know, in order."""
        ...


class RaisedHands:
    """A sign lasts while a wrist is held above the lap. A stand-in that needs no learning."""

    delay_s = 0.0

    def __init__(self, min_visibility: float = 0.1) -> None:
        self._reference = RunningReference(min_visibility)
        self._min_visibility = min_visibility

    def push(
        self, keypoints: FloatArray | None, timestamp_s: float, size: tuple[int, int]
    ) -> Iterator[tuple[float, float]]:
        """See ``Boundaries``."""
        if keypoints is None:
            yield timestamp_s, 0.0
            return
        pixels = keypoints[:, :2] * np.array(size, np.float32)
        self._reference.push(pixels, keypoints[:, 3], timestamp_s)
        known = self._reference.now
        if known is None:
            yield timestamp_s, 0.0
            return
        origin, unit = known
        height = (pixels[_WRISTS, 1] - origin[1]) / unit
        raised = (height < _RESTING) & (keypoints[_WRISTS, 3] >= self._min_visibility)
        yield timestamp_s, float(raised.any())
