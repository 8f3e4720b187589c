"""A person in front of another picture, so that a network cannot remember whom it has seen by what was behind them."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.network.example import SIDE
from posegloss.pipeline.roi import Image

_SIDES: Final = (SIDE * 5 // 16, SIDE * 11 // 16)
"""Pixels of the square that is cut from the other picture: too small for all of the person whom that shows."""
_LIGHT: Final = (0.7, 1.2)


def in_front_of(picture: Image, segmentation: npt.NDArray[np.uint8], other: Image, rng: np.random.Generator) -> Image:
    """The person of one example's picture in front of a part of another's.

    Args:
        picture: (352, 352, 3), as ``Example`` has it.
        segmentation: (88, 88) where its person is, as ``Example`` has it.
        other: (352, 352, 3).
        rng: decides which part, how it is turned and how bright it is.
    """
    side = int(rng.integers(*_SIDES))
    x, y = rng.integers(0, SIDE - side + 1, 2)
    part = np.rot90(other[y : y + side, x : x + side], int(rng.integers(4)))
    behind = cv2.resize(np.ascontiguousarray(part), (SIDE, SIDE))
    behind = cv2.convertScaleAbs(behind, alpha=float(rng.uniform(*_LIGHT)))
    weight = cv2.resize(segmentation, (SIDE, SIDE)).astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(picture, behind, weight, 1 - weight), np.uint8)
