"""Segmenter: which cells of an example's picture show its person."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import expit

from posegloss.pipeline.image_network import ImageNetwork
from posegloss.pipeline.network.example import SEGMENTATION_SIDE
from posegloss.pipeline.roi import Image

_SHAPE: Final = (1, 256, 256, 1)


class Segmenter:
    """The segmentation of one of Google's landmark networks, which the tracker does without.

    Args:
        content: the LiteRT flatbuffer.

    Raises:
        WeightsError: the content is not such a network, or has no segmentation.
    """

    def __init__(self, content: bytes) -> None:
        self._network = ImageNetwork(content, {"segmentation": _SHAPE}, low=0, high=1, threads=1)

    def __call__(self, picture: Image) -> npt.NDArray[np.uint8]:
        """(88, 88) how probably a cell shows the person in the middle of an example's picture, in 255ths."""
        side = self._network.side
        logits = self._network(np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8))
        cells = (SEGMENTATION_SIDE, SEGMENTATION_SIDE)
        chances = cv2.resize(expit(logits["segmentation"][..., 0]), cells, interpolation=cv2.INTER_AREA)
        return np.round(np.asarray(chances) * 255).astype(np.uint8)
