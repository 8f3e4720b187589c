"""SignStream: what a sign may be while it is still being made, frame by frame at the same cost for each."""

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.base import GlossClassifier
from posegloss.classifiers.preprocessing import frames_until, interpolate
from posegloss.pipeline.errors import InvalidSequenceError, SettingsError
from posegloss.pipeline.sequence import FloatArray


class SignStream:
    """One sign, answered after each of its frames.

    The answer is the classifier's for the sign's frames up to the last time of its own frame rate that was reached, at
    most ``longest_s`` of them. Two things differ from ``Preprocessing``, which knows the whole clip: the signer's frame
    of reference is told at the beginning and stays, and short gaps of a point are not filled, since their other end
    lies in the future.

    Args:
        classifier: a trained one that looks back only.
        origin: (2,) the middle of the signer's shoulders, in pixels: see ``RunningReference``.
        unit: the distance between the shoulders, in pixels.

    Attributes:
        probabilities: (C,) the latest calibrated probabilities of the glosses; None until somebody was seen.

    Raises:
        SettingsError: the classifier looks ahead, or levels the shoulders by those of the whole clip.
    """

    def __init__(self, classifier: GlossClassifier, origin: npt.ArrayLike, unit: float) -> None:
        self._preprocessing = classifier.preprocessing
        if self._preprocessing.normalization.level_shoulders:
            raise SettingsError("this classifier levels the shoulders, which takes a whole clip; classify whole clips")
        stream = classifier.stream()
        if stream is None:
            raise SettingsError(f"the family {classifier.name} looks ahead and cannot follow a stream; use another one")
        self._stream = stream
        self._origin, self._unit = np.asarray(origin, np.float32), np.float32(unit)
        self._start_s: float | None = None
        self._last: tuple[FloatArray, float] | None = None
        self._inputs = 0
        self.probabilities: FloatArray | None = None

    def push(self, keypoints: FloatArray | None, timestamp_s: float, size: tuple[int, int]) -> FloatArray | None:
        """The next frame.

        Args:
            keypoints: (K, 4) as in ``KeypointSequence``; None where nobody is seen.
            timestamp_s: when it was taken, in seconds. A frame that is not later than the one before is passed over.
            size: width and height of the picture in pixels.

        Returns:
            ``probabilities``, with this frame.

        Raises:
            InvalidSequenceError: the keypoints are not those of the classifier's layout.
        """
        points = self._in_signers_frame(keypoints, size)
        if self._start_s is None and not np.isnan(points).all():
            self._start_s = timestamp_s
        if self._start_s is not None:
            self._follow(points, timestamp_s - self._start_s)
        return self.probabilities

    def _in_signers_frame(self, keypoints: FloatArray | None, size: tuple[int, int]) -> FloatArray:
        """(P, 2) the points that the classifier reads, in units from the origin, NaN where missing."""
        chosen, settings = self._preprocessing.points, self._preprocessing.normalization
        if keypoints is None:
            return np.full((len(chosen), 2), np.nan, np.float32)
        if np.shape(keypoints) != (len(chosen.layout), 4):
            raise InvalidSequenceError(f"keypoints have shape {np.shape(keypoints)}, not ({len(chosen.layout)}, 4)")
        seen = np.asarray(keypoints, np.float32)[list(chosen.places)]
        points = (seen[:, :2] * np.array(size, np.float32) - self._origin) / self._unit
        points[np.isnan(seen).any(axis=1) | (seen[:, 3] < settings.min_visibility)] = np.nan
        return points

    def _follow(self, points: FloatArray, elapsed_s: float) -> None:
        """Push the inputs whose time has come with this frame; as ``resample`` has them."""
        last, last_s = self._last or (points, elapsed_s)
        if self._last is not None and elapsed_s <= last_s:
            return
        self._last = points, elapsed_s
        settings = self._preprocessing
        until = frames_until(min(elapsed_s, settings.longest_s), settings.rate_hz)
        times = np.arange(self._inputs, until) / settings.rate_hz
        between = elapsed_s > times + 1e-9
        start, end = np.where(between, last_s, elapsed_s), np.full_like(times, elapsed_s)
        before = np.where(between[:, None, None], last, points)
        for inputs in interpolate(before, points[None], start, end, times, settings.longest_gap_s):
            self.probabilities = self._stream.push(inputs)
        self._inputs = until
