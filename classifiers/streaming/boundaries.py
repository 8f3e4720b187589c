"""When somebody signs: the probability, moment by moment, that a sign is being made."""

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np

from posegloss.classifiers.streaming.boundary_features import NOTHING, RATE_HZ, Moments, sees_nobody
from posegloss.classifiers.streaming.boundary_network import AHEAD, BoundaryNetwork
from posegloss.classifiers.streaming.reference import RunningReference
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import INDEX

_WRISTS: Final = [INDEX["left_wrist"], INDEX["right_wrist"]]
_RESTING: Final = 1.1
_GONE: Final = 6
"""After so many moments without anybody, 0.3 s, nobody signs: a tracker loses people for less than that."""


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
    """A sign lasts while a wrist is held above the lap: the rule that the learned boundaries are measured against."""

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


class LearnedBoundaries:
    """A small network that has learned from an avatar where signs begin and end, in sentences, too.

    It reads the body's points alone, so it is the same for every layout, and for every sign language.

    Args:
        network: with a past of its own, so one for each stream; the one that comes with posegloss unless given.
        min_visibility: a point less visible than this is missing.
    """

    # One moment more: the newest one waits for the frame that follows it.
    delay_s = (AHEAD + 1) / RATE_HZ

    def __init__(self, network: BoundaryNetwork | None = None, min_visibility: float = 0.1) -> None:
        self._network = network or BoundaryNetwork.load()
        self._moments = Moments(min_visibility)
        self._pushed = self._gone = 0

    def push(
        self, keypoints: FloatArray | None, timestamp_s: float, size: tuple[int, int]
    ) -> Iterator[tuple[float, float]]:
        """See ``Boundaries``."""
        for time_s, described in self._moments.push(keypoints, timestamp_s, size):
            features = NOTHING if described is None else described
            logit = self._network(features)
            self._pushed += 1
            self._gone = self._gone + 1 if described is None or sees_nobody(features) else 0
            if self._pushed > AHEAD:
                signing = described is not None and self._gone < _GONE
                yield time_s - AHEAD / RATE_HZ, float(1 / (1 + np.exp(-logit))) if signing else 0.0
