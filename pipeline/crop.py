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
        self._index = np.arange(side, dtype=np.float64)
        rows = min(_STRIP_ROWS, side)
        self._places = np.empty((2, rows, side), np.float32)
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
        first = region.center[0] - half * (cos - sin) - left, region.center[1] - half * (sin + cos) - top
        # What each row and each column add to x and to y, in 32 bits, which know where one of 2000 pixels is to 1/8192;
        # remap asks for 1/32.
        across, down = cos * self._index, sin * self._index
        rows = (first[0] - down).astype(np.float32), (first[1] + across).astype(np.float32)
        columns = across.astype(np.float32), down.astype(np.float32)
        # remap looks at the next pixel, too, if only to multiply it by 0.
        last = part.shape[1] - 1 - framed, part.shape[0] - 1 - framed
        below: Image | None = None
        for start in range(0, side, _STRIP_ROWS):
            strip = slice(start, min(start + _STRIP_ROWS, side))
            x, y = self._places[:, : strip.stop - start]
            _place(x, rows[0][strip], columns[0], last[0])
            if not framed and _ends(rows[1][strip], columns[1])[0] >= last[1]:
                # All of it below the picture, as half of a signer's region is: a frame for one row is soon made.
                if below is None:
                    below = np.asarray(cv2.copyMakeBorder(part[-1:], 0, 1, 0, 1, cv2.BORDER_REPLICATE), np.uint8)
                y.fill(0)
                self._cut(below, x, y, strip)
            else:
                _place(y, rows[1][strip], columns[1], last[1])
                self._cut(part, x, y, strip)
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

    def _cut(self, part: Image, x: FloatArray, y: FloatArray, strip: slice) -> None:
        """Fill some rows of the crop from their places, (rows, side) each, in a part of the picture."""
        pixel, fraction = self._pixel[: len(x)], self._fraction[: len(x)]
        cv2.convertMaps(x, y, cv2.CV_16SC2, pixel, fraction)
        cv2.remap(part, pixel, fraction, cv2.INTER_LINEAR, dst=self._picture[strip], borderMode=cv2.BORDER_REPLICATE)


def _span(center: float, reach: float, size: int) -> tuple[int, int]:
    """First pixel of the frame that a region needs and the one after the last; at least one."""
    first = min(max(math.floor(center - reach), 0), size - 1)
    last = math.ceil(min(center + reach + 2, size))
    return first, max(last, first + 1)


def _place(place: FloatArray, rows: FloatArray, columns: FloatArray, last: int) -> None:
    """Write the places of a strip, those outside of the picture moved onto its border."""
    np.add(rows[:, None], columns, out=place)
    least, greatest = _ends(rows, columns)
    if least < 0:
        np.maximum(place, 0, out=place)
    if greatest > last:
        np.minimum(place, last, out=place)


def _ends(rows: FloatArray, columns: FloatArray) -> tuple[float, float]:
    """The least and the greatest of the places, which are an affine map, so that these are at its corners."""
    row, column = (rows.item(0), rows.item(-1)), (columns.item(0), columns.item(-1))
    return min(row) + min(column), max(row) + max(column)
