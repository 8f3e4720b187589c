"""The rotated square region of interest: where it comes from, and the way back into the picture.

Sources: MediaPipe's ``alignment_points_to_rects_calculator.cc`` and ``detections_to_rects_calculator.cc``. A region is
always kept here in pixels of the frame, in which it is square.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

ROI_SCALE: Final = 1.25  # RectTransformationCalculator of pose_detection_to_roi and pose_landmarks_to_roi


Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class RegionOfInterest:
    """A square in the frame.

    Attributes:
        center: x, y in pixels.
        side: in pixels.
        rotation: radians, clockwise as seen; 0 for an upright person.
    """

    center: tuple[float, float]
    side: float
    rotation: float = 0.0

    @classmethod
    def of_frame(cls, width: int, height: int) -> "RegionOfInterest":
        """The smallest upright square around a whole frame."""
        return cls((width / 2, height / 2), max(width, height))

    @classmethod
    def from_alignment_points(
        cls, center: npt.NDArray[np.floating], edge: npt.NDArray[np.floating]
    ) -> "RegionOfInterest | None":
        """The square around the circle that circumscribes a person.

        Args:
            center: (2,) x, y in pixels of the middle of the hips.
            edge: (2,) x, y in pixels of a point on the circle, straight above the center of an upright person.

        Returns:
            The region, or None where the points coincide or are not finite.
        """
        dx, dy = float(edge[0] - center[0]), float(edge[1] - center[1])
        radius = math.hypot(dx, dy)
        if not math.isfinite(radius) or radius <= 0:
            return None
        return cls((float(center[0]), float(center[1])), 2 * radius, rotation_of(dx, dy))

    def scaled(self, factor: float) -> "RegionOfInterest":
        """The same square with its side times a factor."""
        return RegionOfInterest(self.center, self.side * factor, self.rotation)

    def raised(self, part: float) -> "RegionOfInterest":
        """The same square, moved in its own upward direction by a part of its side."""
        x, y = self.turn(np.array([0, -part * self.side]))
        return RegionOfInterest((self.center[0] + float(x), self.center[1] + float(y)), self.side, self.rotation)

    def to_frame(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Points of the square in the frame.

        Args:
            points: (..., 2) x, y as fractions of the square's side.

        Returns:
            (..., 2) x, y in pixels of the frame.
        """
        return np.asarray((points - 0.5) @ (self.side * _rotation(self.rotation)).T + self.center, np.float64)

    def from_frame(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """(..., 2) x, y in pixels of the frame, as fractions of the square's side: the way back of ``to_frame``."""
        return np.asarray((points - np.array(self.center)) @ _rotation(self.rotation) / self.side + 0.5, np.float64)

    def turn(self, vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """(..., 2) directions in the square, as directions in the frame, of the same length."""
        return np.asarray(vectors @ _rotation(self.rotation).T, np.float64)


def rotation_of(dx: float, dy: float) -> float:
    """The rotation of a square whose upward direction is this one in the frame: radians from -pi to pi."""
    return normalized(math.pi / 2 - math.atan2(-dy, dx))


def normalized(angle: float) -> float:
    """The same angle from -pi to pi, in radians."""
    return (angle + math.pi) % (2 * math.pi) - math.pi


def _rotation(angle: float) -> npt.NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])
