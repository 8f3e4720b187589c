"""The signer's frame of reference, known from what a stream has shown up to now."""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import LEFT_SHOULDER, RIGHT_SHOULDER

# Long enough that a shrug does not move the frame, short enough that somebody who steps closer is soon seen right.
_WINDOW_S: Final = 3.0


class RunningReference:
    """The middle of the shoulders and their distance as medians over the last seconds.

    ``normalize`` takes both medians over the whole clip; a stream has no whole.

    Args:
        min_visibility: a shoulder less visible than this is missing.
    """

    def __init__(self, min_visibility: float) -> None:
        self._min_visibility = min_visibility
        self._seen: deque[tuple[float, npt.NDArray[np.float64]]] = deque()

    def push(self, pixels: FloatArray, visibility: FloatArray, timestamp_s: float) -> None:
        """Take in a frame: (K, 2) points in pixels and their (K,) visibility."""
        while self._seen and self._seen[0][0] < timestamp_s - _WINDOW_S:
            self._seen.popleft()
        left, right = pixels[LEFT_SHOULDER].astype(float), pixels[RIGHT_SHOULDER].astype(float)
        shown = min(visibility[LEFT_SHOULDER], visibility[RIGHT_SHOULDER]) >= self._min_visibility
        if shown and np.isfinite(left + right).all():
            distance = float(np.hypot(*(left - right)))
            self._seen.append((timestamp_s, np.array([*((left + right) / 2), distance])))

    @property
    def now(self) -> tuple[npt.NDArray[np.float64], float] | None:
        """(2,) origin and the unit, in pixels; None while both shoulders have not been seen some way apart."""
        if not self._seen:
            return None
        *origin, unit = np.median([values for _, values in self._seen], axis=0)
        return (np.array(origin), float(unit)) if unit >= 1 else None
