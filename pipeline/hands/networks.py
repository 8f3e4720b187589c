"""The two networks of a hand: one that finds its region more exactly, and one for its 21 landmarks.

Facts: MediaPipe's ``hand_recrop_by_roi_cpu.pbtxt``, ``hand_landmark_cpu.pbtxt`` and
``tensors_to_landmarks_calculator.cc``, release 0.10.21.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.hands.regions import RAISED
from posegloss.pipeline.image_network import ImageNetwork
from posegloss.pipeline.roi import Image, RegionOfInterest, rotation_of
from posegloss.pipeline.skeleton import HAND_NAMES

RECROP_SIDE: Final = 256
LANDMARK_SIDE: Final = 224
NORMALIZE_Z: Final = 0.4
NUM_POINTS: Final = len(HAND_NAMES)
# Beside these the network tells of world landmarks and of left or right, in tensors of the same shapes.
_TENSORS: Final = {"landmarks": "Identity", "presence": "Identity_1"}

FloatArray = npt.NDArray[np.float64]


class HandRecrop:
    """The network that finds the region of a hand in a larger one.

    Args:
        content: the LiteRT flatbuffer.
        threads: threads of the network.

    Raises:
        WeightsError: the content is not such a network.
    """

    def __init__(self, content: bytes, *, threads: int = 1) -> None:
        self._crop = Cropper(RECROP_SIDE, cv2.BORDER_REPLICATE)
        self._network = ImageNetwork(content, {"crop": (1, 1, 1, 4)}, low=0, high=1, threads=threads)

    def __call__(self, image: Image, region: RegionOfInterest) -> RegionOfInterest | None:
        """The region of the hand in a region of an (H, W, 3) uint8 RGB picture; None if it has no extent."""
        points = self._network(self._crop(image, region))["crop"].astype(np.float64).reshape(2, 2) / RECROP_SIDE
        center, below = region.to_frame(points)
        radius = float(np.hypot(*(below - center)))
        if radius <= 0:
            return None
        hand = RegionOfInterest((float(center[0]), float(center[1])), 2 * radius, rotation_of(*(center - below)))
        return hand.raised(RAISED)


@dataclass(frozen=True, eq=False)
class HandLandmarks:
    """What the landmark network says of one region.

    Attributes:
        points: (21, 3) x, y, z in pixels of the frame; z is depth from the wrist, smaller is nearer.
        presence: probability that the region shows a hand.
    """

    points: FloatArray
    presence: float


class HandLandmarkModel:
    """The landmark network of a hand; it serves left hands and right ones.

    Args:
        content: the LiteRT flatbuffer.
        threads: threads of the network.

    Raises:
        WeightsError: the content is not such a network.
    """

    def __init__(self, content: bytes, *, threads: int = 1) -> None:
        outputs = {"landmarks": (1, 3 * NUM_POINTS), "presence": (1, 1)}
        self._crop = Cropper(LANDMARK_SIDE, cv2.BORDER_REPLICATE)
        self._network = ImageNetwork(content, outputs, tensors=_TENSORS, low=0, high=1, threads=threads)

    def __call__(self, image: Image, region: RegionOfInterest) -> HandLandmarks:
        """The landmarks of the hand in a region of an (H, W, 3) uint8 RGB picture."""
        raw = self._network(self._crop(image, region))
        points = raw["landmarks"].astype(np.float64).reshape(NUM_POINTS, 3) / LANDMARK_SIDE
        points[:, :2] = region.to_frame(points[:, :2])
        points[:, 2] *= region.side / NORMALIZE_Z
        return HandLandmarks(points, float(raw["presence"][0]))
