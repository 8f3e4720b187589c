"""From a keypoint sequence to what every model family reads: the same points at the same rate in time.

The result is in the signer's own frame of reference and has NaN where a point is missing. Time comes from the
timestamps alone, so the same motion filmed at 15 and at 50 frames a second gives the same input.

Depth is left out. On real people it says more of the camera and the body than of the sign: a conv-transformer that
was trained on one signer and tested on another (13 glosses, both ways) got 0.87 without it and 0.82 with it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.input_points import INPUT_POINTS, InputPoints
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.normalize import Normalization, normalize
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, LAYOUTS

# Part of the fingerprint: a change of what the code below computes changes it.
VERSION: Final = "2"


class LayoutError(PoseglossError, ValueError):
    """A sequence has other points than a classifier reads."""


@dataclass(frozen=True)
class Preprocessing:
    """How sequences become inputs; saved with every classifier.

    Attributes:
        normalization: the signer's frame of reference.
        rate_hz: inputs have this many frames a second.
        longest_gap_s: neither a point nor a frame is interpolated between sights further apart than this.
        longest_s: what goes on after this many seconds is cut off.
        layout: the points' order that sequences must have.
    """

    normalization: Normalization = field(default_factory=lambda: Normalization(fill_gap_s=0.3))
    rate_hz: float = 20.0
    longest_gap_s: float = 0.5
    longest_s: float = 20.0
    layout: str = BLAZEPOSE33

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"there is no layout {self.layout!r}; there are: {', '.join(LAYOUTS)}")

    @property
    def points(self) -> InputPoints:
        """The points that inputs have."""
        return INPUT_POINTS[self.layout]

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return {
            "normalization": self.normalization.to_dict(),
            "rate_hz": self.rate_hz,
            "longest_gap_s": self.longest_gap_s,
            "longest_s": self.longest_s,
            "layout": self.layout,
        }

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        return cls(**{**settings, "normalization": Normalization(**settings["normalization"])})

    @property
    def fingerprint(self) -> str:
        """Sha256 of the settings, the points and the version of the code: equal means equal inputs."""
        described = json.dumps({"version": VERSION, "points": self.points.places, **self.to_dict()}, sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()

    def __call__(self, sequence: KeypointSequence) -> FloatArray:
        """The input for one sequence.

        Returns:
            (T, K, 2) float32 x and y in shoulder widths from the middle of the shoulders, T frames at ``rate_hz``,
            K the number of ``points``, NaN where a point is missing. Frames without a person before the first and
            after the last sight of one are gone.

        Raises:
            NoSignerError: no frame shows both shoulders.
            LayoutError: the sequence has another layout.
        """
        if sequence.layout != self.layout:
            raise LayoutError(
                f"{sequence.source or 'the sequence'} has the layout {sequence.layout!r}, this classifier reads "
                f"{self.layout!r}; extract the video with --layout {self.layout}"
            )
        normalized = normalize(sequence, self.normalization)
        points = normalized.keypoints[:, self.points.places, :2]
        seen = np.flatnonzero(~np.isnan(points[..., 0]).all(axis=1))
        present = slice(seen[0], seen[-1] + 1)
        return resample(
            points[present], normalized.timestamps[present], self.rate_hz, self.longest_gap_s, self.longest_s
        )


def resample(
    points: FloatArray, timestamps: npt.NDArray[np.float64], rate_hz: float, longest_gap_s: float, longest_s: float
) -> FloatArray:
    """Interpolate linearly in time at a fixed rate.

    Args:
        points: (T, K, C), NaN where missing.
        timestamps: (T,) seconds.
        rate_hz: frames a second of the result.
        longest_gap_s: frames further apart than this are not interpolated between.
        longest_s: the result ends after this many seconds.

    Returns:
        (N, K, C) at the times first timestamp + n / rate_hz, up to the last timestamp. Missing where either
        neighbour in time is missing.
    """
    elapsed = timestamps - timestamps[0]
    times = np.arange(frames_until(min(elapsed[-1], longest_s), rate_hz)) / rate_hz
    after = np.searchsorted(elapsed, times - 1e-9).clip(0, len(elapsed) - 1)
    before = np.maximum(after - (elapsed[after] > times + 1e-9), 0)
    return interpolate(points[before], points[after], elapsed[before], elapsed[after], times, longest_gap_s)


def frames_until(seconds: float, rate_hz: float) -> int:
    """How many frames at a fixed rate have come after so many seconds; the first comes at once."""
    # The nudge keeps the last frame where rounding would lose it.
    return int(seconds * rate_hz + 1e-6) + 1


def interpolate(
    before: FloatArray,
    after: FloatArray,
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    times: npt.NDArray[np.float64],
    longest_gap_s: float,
) -> FloatArray:
    """(N, K, C) points at N times between those before and after, (N, K, C) at the times ``start`` and ``end`` (N,).

    Missing where either is missing or they lie further apart than ``longest_gap_s``.
    """
    gap = end - start
    weight = np.divide(times - start, gap, out=np.zeros_like(gap), where=gap > 0)
    weight[gap > longest_gap_s + 1e-6] = np.nan
    weight = weight.clip(0, 1).astype(np.float32)[:, None, None]
    return np.asarray((1 - weight) * before + weight * after, np.float32)
