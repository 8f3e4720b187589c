"""Cropper: a region of interest as a small upright picture.

Source: MediaPipe's ``image_to_tensor_converter_opencv.cc``.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.roi import Image, RegionOfInterest

_SUBPIXEL_BITS: Final = 5  # INTER_BITS of OpenCV's remap
_SUBPIXELS: Final = 1 << _SUBPIXEL_BITS
LONGEST_SIDE: Final = 32766
"""Pixels of a frame's side that OpenCV's remap can address."""
_FARTHEST: Final = 32000  # remap takes int16 coordinates


class Cropper:
    """Cuts regions out of pictures, bilinear.

    Interpolates at 1/32 of a pixel as the OpenCV inside MediaPipe does, and today's OpenCV no longer: the difference is
    below the last bit of a color, yet moves landmarks by 0.7 px in the median.

    Keeps its memory from call to call (fresh memory costs a third of the whole), so each thread needs its own.

    Args:
        side: width and height of the result in pixels.
        border: what lies outside the frame, as an OpenCV border mode.
    """

    def __init__(self, side: int, border: int) -> None:
        self._border = border
        self._index = np.arange(side) * _SUBPIXELS
        self._places = np.empty((side, side))
        self._x, self._y = np.empty((2, side, side), np.int32)
        self._pixel = np.empty((side, side, 2), np.int16)
        self._fraction = np.empty((side, side), np.uint16)
        self._picture = np.empty((side, side, 3), np.uint8)

    def __call__(self, image: Image, region: RegionOfInterest) -> Image:
        """A region of an (H, W, 3) uint8 picture, (side, side, 3); it is overwritten by the next call."""
        side = len(self._index)
        scale = region.side / side
        cos, sin = scale * np.cos(region.rotation), scale * np.sin(region.rotation)
        half = side / 2
        # The corners of the crop lie at 0 and `side`, not at `side - 1`.
        left = region.center[0] - half * (cos - sin)
        top = region.center[1] - half * (sin + cos)
        self._place(cos, -sin, left, self._x)
        self._place(sin, cos, top, self._y)
        np.right_shift(self._x, _SUBPIXEL_BITS, out=self._pixel[..., 0], casting="unsafe")
        np.right_shift(self._y, _SUBPIXEL_BITS, out=self._pixel[..., 1], casting="unsafe")
        self._x &= _SUBPIXELS - 1
        self._y &= _SUBPIXELS - 1
        self._y <<= _SUBPIXEL_BITS
        np.bitwise_or(self._x, self._y, out=self._fraction, casting="unsafe")
        cv2.remap(image, self._pixel, self._fraction, cv2.INTER_LINEAR, dst=self._picture, borderMode=self._border)
        return self._picture

    def _place(self, per_column: float, per_row: float, start: float, out: npt.NDArray[np.int32]) -> None:
        """Write start + column * per_column + row * per_row, in whole subpixels."""
        rows, columns = self._index * per_row + start * _SUBPIXELS, self._index * per_column
        np.add.outer(rows, columns, out=self._places)
        if np.abs(self._places[:: len(rows) - 1, :: len(rows) - 1]).max() > _FARTHEST * _SUBPIXELS:
            # Only when a track goes astray; what lies so far off the frame is all border anyway.
            np.clip(self._places, -_FARTHEST * _SUBPIXELS, _FARTHEST * _SUBPIXELS, out=self._places)
        np.rint(self._places, out=self._places)
        np.copyto(out, self._places, casting="unsafe")
