"""Cropper: a region of interest as a small upright picture.

Source: MediaPipe's ``image_to_tensor_converter_opencv.cc``.
"""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.roi import Image, RegionOfInterest

LONGEST_SIDE: Final = 16384
"""Pixels of a frame's side that a crop can address."""
_STRIP_ROWS: Final = 64  # of which the tables fit into a processor's own cache
# A larger part of a picture takes longer to copy than it takes remap to look for border.
_COPIED_PIXELS: Final = 1 << 18

FloatArray = npt.NDArray[np.float32]
Terms = tuple[FloatArray, FloatArray]


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
        self._index = np.arange(side)
        rows = min(_STRIP_ROWS, side)
        self._x, self._y = np.empty((2, rows, side), np.float32)
        self._pixel, self._fraction = np.empty((rows, side, 2), np.int16), np.empty((rows, side), np.uint16)
        self._memory = np.empty(0, np.uint8)
        self._picture = np.empty((side, side, 3), np.uint8)

    def __call__(self, image: Image, region: RegionOfInterest) -> Image:
        """A region of an (H, W, 3) uint8 RGB picture, (side, side, 3); it is overwritten by the next call."""
        side = len(self._index)
        scale, half = region.side / side, side / 2
        cos, sin = scale * math.cos(region.rotation), scale * math.sin(region.rotation)
        reach = half * (abs(cos) + abs(sin))
        left, right = _span(region.center[0], reach, image.shape[1])
        top, bottom = _span(region.center[1], reach, image.shape[0])
        part = image[top:bottom, left:right]
        framed = self._border != cv2.BORDER_REPLICATE or part.shape[0] * part.shape[1] <= _COPIED_PIXELS
        if framed:
            part, left, top = self._framed(part), left - 1, top - 1
        # The corners of the crop lie at 0 and `side`, not at `side - 1`.
        x = self._terms(cos, -sin, region.center[0] - half * (cos - sin) - left)
        y = self._terms(sin, cos, region.center[1] - half * (sin + cos) - top)
        # remap looks at the next pixel, too, if only to multiply it by 0.
        last_x, last_y = part.shape[1] - 1 - framed, part.shape[0] - 1 - framed
        for start in range(0, side, _STRIP_ROWS):
            strip = slice(start, min(start + _STRIP_ROWS, side))
            rows = strip.stop - start
            x_place, y_place = self._x[:rows], self._y[:rows]
            _place(x, strip, last_x, x_place)
            if _place(y, strip, last_y, y_place) and not framed:
                # All of it below the picture, as half of a signer's region is: a frame for one row is soon made.
                below = np.asarray(cv2.copyMakeBorder(part[-1:], 0, 1, 0, 1, cv2.BORDER_REPLICATE), np.uint8)
                y_place.fill(0)
                self._cut(below, strip)
            else:
                self._cut(part, strip)
        return self._picture

    def _framed(self, part: Image) -> Image:
        """A copy of a part of the picture in a frame of border.

        remap needs three times as long for a pixel of which it has to find out that it is border, while places outside
        this copy can be moved onto its frame beforehand.
        """
        shape = (part.shape[0] + 3, part.shape[1] + 3, 3)
        size = math.prod(shape)
        if self._memory.size < size:
            self._memory = np.empty(size, np.uint8)
        framed = self._memory[:size].reshape(shape)
        cv2.copyMakeBorder(part, 1, 2, 1, 2, self._border, dst=framed)
        return framed

    def _terms(self, per_column: float, per_row: float, start: float) -> Terms:
        """What each row and each column adds to a coordinate.

        In 32 bits, which know where one of 2000 pixels is to 1/8192; remap asks for 1/32.
        """
        rows = np.clip(self._index * per_row + start, -LONGEST_SIDE, LONGEST_SIDE)
        columns = np.clip(self._index * per_column, -LONGEST_SIDE, LONGEST_SIDE)
        return rows.astype(np.float32)[:, None], columns.astype(np.float32)

    def _cut(self, part: Image, strip: slice) -> None:
        """Fill some rows of the crop from their places in a part of the picture."""
        rows = strip.stop - strip.start
        pixel, fraction = self._pixel[:rows], self._fraction[:rows]
        cv2.convertMaps(self._x[:rows], self._y[:rows], cv2.CV_16SC2, pixel, fraction)
        cv2.remap(part, pixel, fraction, cv2.INTER_LINEAR, dst=self._picture[strip], borderMode=cv2.BORDER_REPLICATE)


def _span(center: float, reach: float, size: int) -> tuple[int, int]:
    """First pixel of the frame that a region needs and the one after the last; at least one."""
    first = min(max(math.floor(center - reach), 0), size - 1)
    last = math.ceil(min(center + reach + 2, size))
    return first, max(last, first + 1)


def _place(terms: Terms, strip: slice, last: int, place: FloatArray) -> bool:
    """Write the places of a strip, those outside of the picture moved onto its border; whether all lie beyond the last.

    The places are an affine map, whose least and greatest values are at corners.
    """
    rows, columns = terms
    np.add(rows[strip], columns, out=place)
    corners = place[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()
    if min(corners) < 0:
        np.maximum(place, 0, out=place)
    if max(corners) > last:
        np.minimum(place, last, out=place)
    return bool(min(corners) >= last)
