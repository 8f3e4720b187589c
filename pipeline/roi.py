"""The rotated square region of interest: where it comes from, its crop, and the way back into the picture.

Sources: MediaPipe's ``alignment_points_to_rects_calculator.cc``, ``detections_to_rects_calculator.cc`` and
``image_to_tensor_converter_opencv.cc``. Here a region is always kept in pixels of the frame, in which it is square.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

ROI_SCALE: Final = 1.25  # RectTransformationCalculator of pose_detection_to_roi and pose_landmarks_to_roi

_SUBPIXEL_BITS: Final = 5  # INTER_BITS of OpenCV's remap
_SUBPIXELS: Final = 1 << _SUBPIXEL_BITS
_FARTHEST: Final = 32000  # remap takes int16 coordinates

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
        radius = float(np.hypot(dx, dy))
        if not np.isfinite(radius) or radius <= 0:
            return None
        rotation = np.pi / 2 - np.arctan2(-dy, dx)
        rotation -= 2 * np.pi * np.floor((rotation + np.pi) / (2 * np.pi))
        return cls((float(center[0]), float(center[1])), 2 * radius, float(rotation))

    def scaled(self, factor: float) -> "RegionOfInterest":
        """The same square with its side times a factor."""
        return RegionOfInterest(self.center, self.side * factor, self.rotation)

    def crop(self, image: Image, side: int, border: int) -> Image:
        """The square as a picture of ``side`` times ``side`` pixels, bilinear.

        Interpolates at 1/32 of a pixel as the OpenCV inside MediaPipe does, and today's OpenCV no longer: the
        difference is below the last bit of a color, yet moves landmarks by 0.7 px in the median.

        Args:
            image: (H, W, 3) uint8.
            side: pixels of the result.
            border: what lies outside the frame, as an OpenCV border mode.
        """
        scale = self.side / side
        cos, sin = scale * np.cos(self.rotation), scale * np.sin(self.rotation)
        half = side / 2
        # The corners of the crop lie at 0 and `side`, not at `side - 1`.
        left, top = self.center[0] - half * (cos - sin), self.center[1] - half * (sin + cos)
        x = _subpixels(cos, -sin, left, side)
        y = _subpixels(sin, cos, top, side)
        pixel = np.empty((side, side, 2), np.int16)
        np.right_shift(x, _SUBPIXEL_BITS, out=pixel[..., 0], casting="unsafe")
        np.right_shift(y, _SUBPIXEL_BITS, out=pixel[..., 1], casting="unsafe")
        x &= _SUBPIXELS - 1
        y &= _SUBPIXELS - 1
        fraction = (y << _SUBPIXEL_BITS | x).astype(np.uint16)
        return cv2.remap(image, pixel, fraction, cv2.INTER_LINEAR, borderMode=border)  # type: ignore[return-value]

    def to_frame(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Points of the square in the frame.

        Args:
            points: (..., 2) x, y as fractions of the square's side.

        Returns:
            (..., 2) x, y in pixels of the frame.
        """
        return np.asarray((points - 0.5) @ (self.side * _rotation(self.rotation)).T + self.center, np.float64)

    def turn(self, vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """(..., 2) directions in the square, as directions in the frame, of the same length."""
        return np.asarray(vectors @ _rotation(self.rotation).T, np.float64)


def _rotation(angle: float) -> npt.NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _subpixels(per_column: float, per_row: float, start: float, side: int) -> npt.NDArray[np.int32]:
    """(side, side) start + column * per_column + row * per_row, in whole subpixels."""
    index = np.arange(side) * _SUBPIXELS
    grid: npt.NDArray[np.float64] = np.add.outer(index * per_row + start * _SUBPIXELS, index * per_column)
    corners = grid[:: side - 1, :: side - 1]
    if np.abs(corners).max() > _FARTHEST * _SUBPIXELS:
        # Only when a track goes astray; what lies so far off the frame is all border anyway.
        np.clip(grid, -_FARTHEST * _SUBPIXELS, _FARTHEST * _SUBPIXELS, out=grid)
    np.rint(grid, out=grid)
    return grid.astype(np.int32)
