"""Pose: what a tracker says of one frame; and what every tracker can do."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.roi import Image

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pose:
    """The person in one frame.

    Attributes:
        keypoints: (K, 4) float32, K the points of the backend's layout: x and y as fractions of the frame's width and
            height, z in units of x (0 where the network knows no depth), and visibility (a probability).
        world: (33, 3) float32 in metres, origin at the middle of the hips; NaN where the network knows none.
        presence: probability that the frame shows a person; 1 where the backend does not tell.
        people: how many people the detector saw in the frame, the one of this pose among them; None where it did not
            look, because there was somebody to follow.
    """

    keypoints: FloatArray
    world: FloatArray
    presence: float
    people: int | None = None


class PoseBackend(Protocol):
    """One frame in, one Pose or None out."""

    def update(self, image: Image, timestamp_s: float) -> Pose | None:
        """The person in an (H, W, 3) uint8 RGB picture taken at a time in seconds; None if there is none."""
        ...

    def reset(self) -> None:
        """Forget the last video: the next frame is the first of another."""
        ...

    def close(self) -> None:
        """Free what the backend holds."""
        ...
