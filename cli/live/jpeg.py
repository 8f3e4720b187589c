"""A JPEG from a stranger: how large it is, by its header alone, and its pixels once that is known to be little.

Segments as in ITU-T T.81, annex B.
"""

from typing import Final

import cv2
import numpy as np

from posegloss.cli.live.limits import LARGEST_SIDE, SMALLEST_SIDE, Close, Refusal
from posegloss.pipeline.roi import Image

_START: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_SCAN: Final = b"\xff\xda"
# Baseline, extended and progressive, all by Huffman: what browsers write.
_FRAMES: Final = (0xC0, 0xC1, 0xC2)
_OTHER_FRAMES: Final = (0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
# A progressive picture has about ten scans, but may claim thousands, each of which takes as long as the first.
_MOST_SCANS: Final = 16


def decode(jpeg: bytes) -> Image:
    """The pixels of a whole JPEG of a plausible size.

    Returns:
        (H, W, 3) uint8 RGB, as it is stored: a browser's canvas has turned it already.

    Raises:
        Refusal: it is something else. Nothing was decoded if its header says so.
    """
    width, height = size_of(jpeg)
    if not (min(width, height) >= SMALLEST_SIDE and max(width, height) <= LARGEST_SIDE):
        bounds = f"{SMALLEST_SIDE} to {LARGEST_SIDE}"
        raise Refusal(Close.MALFORMED, f"a picture has {bounds} pixels a side, not {width}x{height}")
    if not jpeg.endswith(_END):
        raise Refusal(Close.MALFORMED, "the picture is cut off")
    if jpeg.count(_SCAN) > _MOST_SCANS:
        raise Refusal(Close.MALFORMED, "the picture has too many scans")
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        image = None
    if image is None or image.shape != (height, width, 3):
        raise Refusal(Close.MALFORMED, "the picture cannot be decoded")
    return np.asarray(image, np.uint8)


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height that a JPEG's header claims.

    Raises:
        Refusal: it is no JPEG of a kind that browsers write.
    """
    if not jpeg.startswith(_START):
        raise Refusal(Close.MALFORMED, "the picture is no JPEG")
    place = len(_START)
    # Strict, so that no decoder finds another header than this one does: each segment begins where the last one ended.
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        kind, length = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4])
        if kind in _FRAMES and length >= 8 and place + 9 <= len(jpeg):
            return int.from_bytes(jpeg[place + 7 : place + 9]), int.from_bytes(jpeg[place + 5 : place + 7])
        if kind in _OTHER_FRAMES or not 0xC0 <= kind <= 0xFE or 0xD0 <= kind <= 0xDA or length < 2:
            break
        place += 2 + length
    raise Refusal(Close.MALFORMED, "the picture's header cannot be read")
