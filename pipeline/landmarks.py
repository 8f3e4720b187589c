"""LandmarkModel: from a region of interest to 39 landmarks, refined by their heatmaps.

Facts: MediaPipe's ``tensors_to_pose_landmarks_and_segmentation.pbtxt``, ``tensors_to_landmarks_calculator.cc`` and
``refine_landmarks_from_heatmap_calculator.cc``.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.graph import without_outputs
from posegloss.pipeline.network import ImageNetwork
from posegloss.pipeline.roi import Image, RegionOfInterest

INPUT_SIDE: Final = 256
NUM_LANDMARKS: Final = 39
NUM_POINTS: Final = 33
AUXILIARY: Final = slice(33, 35)
HEATMAP_SIDE: Final = 64
SEGMENTATION_SHAPE: Final = (1, INPUT_SIDE, INPUT_SIDE, 1)
# 9 in the 0.10.21 release that we hold ourselves against (measured: first frames agree within 0.1 px; with the 7 of
# today's graph text they are up to 6.3 px apart).
KERNEL_SIZE: Final = 9
MIN_CONFIDENCE_TO_REFINE: Final = 0.5

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Landmarks:
    """What the landmark network says of one region of interest.

    Attributes:
        points: (33, 3) x, y, z in pixels of the frame; z is depth from the middle of the hips, smaller is nearer.
        visibility: (33,) probability that a point is in frame and not occluded.
        presence: (33,) probability that a point is in frame.
        world: (33, 3) x, y, z in metres from the middle of the hips.
        auxiliary: (2, 2) x, y in pixels of the frame: center of the person and a point on the circle around it.
        person: probability that the region shows a person.
    """

    points: FloatArray
    visibility: FloatArray
    presence: FloatArray
    world: FloatArray
    auxiliary: FloatArray
    person: float


class LandmarkModel:
    """The landmark network of BlazePose (Lite, Full, Heavy, or one with the same outputs).

    Args:
        content: the LiteRT flatbuffer; its segmentation output is taken out when loading.
        threads: threads of the network.

    Raises:
        WeightsError: the content is not such a network.
    """

    def __init__(self, content: bytes, *, threads: int = 1) -> None:
        outputs = {
            "landmarks": (1, NUM_LANDMARKS * 5),
            "person": (1, 1),
            "heatmap": (1, HEATMAP_SIDE, HEATMAP_SIDE, NUM_LANDMARKS),
            "world": (1, NUM_LANDMARKS * 3),
        }
        content = without_outputs(content, lambda shape: shape == SEGMENTATION_SHAPE)
        self._crop = Cropper(INPUT_SIDE, cv2.BORDER_REPLICATE)
        self._network = ImageNetwork(content, outputs, low=0, high=1, threads=threads)

    def __call__(self, image: Image, region: RegionOfInterest) -> Landmarks:
        """The landmarks of the person in a region of an (H, W, 3) uint8 RGB picture."""
        raw = self._network(self._crop(image, region))
        landmarks = raw["landmarks"].astype(np.float64).reshape(NUM_LANDMARKS, 5)
        landmarks[:, :3] /= INPUT_SIDE
        landmarks[:, :2] = refine(landmarks[:, :2], raw["heatmap"])
        landmarks[:, 3:] = _sigmoid(landmarks[:, 3:])
        world = raw["world"].astype(np.float64).reshape(NUM_LANDMARKS, 3)[:NUM_POINTS]
        world[:, :2] = region.turn(world[:, :2])
        in_frame = region.to_frame(landmarks[:, :2])
        points = np.column_stack([in_frame, landmarks[:, 2] * region.side])
        return Landmarks(
            points=points[:NUM_POINTS],
            visibility=landmarks[:NUM_POINTS, 3],
            presence=landmarks[:NUM_POINTS, 4],
            world=world,
            auxiliary=points[AUXILIARY, :2],
            person=float(raw["person"][0]),
        )


def refine(points: FloatArray, heatmap: npt.NDArray[np.float32]) -> FloatArray:
    """Move points to the center of mass of their heatmap near where the regression put them.

    Args:
        points: (K, 2) x, y as fractions of the network's input.
        heatmap: (S, S, K) logits, rows first.

    Returns:
        (K, 2) points. A point outside the map, or whose window nowhere reaches the confidence to refine, stays.
        The result is in indices of cells, not their centers: the network was trained so.
    """
    side = heatmap.shape[0]
    cell = np.trunc(points * side).astype(np.intp)  # toward zero, as C++ does: -0.5 belongs to cell 0
    inside = ((cell >= 0) & (cell < side)).all(axis=1)
    reach = np.arange(KERNEL_SIZE) - KERNEL_SIZE // 2
    columns = cell[:, :1] + reach
    rows = cell[:, 1:] + reach
    in_map = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    window = heatmap[
        np.clip(rows, 0, side - 1)[:, :, None],
        np.clip(columns, 0, side - 1)[:, None, :],
        np.arange(len(points))[:, None, None],
    ]
    weight = np.where(in_map, _sigmoid(window.astype(np.float64)), 0)
    refined = inside & (weight.max(axis=(1, 2)) >= MIN_CONFIDENCE_TO_REFINE)
    mass = weight.sum(axis=(1, 2))
    center = np.stack([(weight.sum(axis=1) * columns).sum(axis=1), (weight.sum(axis=2) * rows).sum(axis=1)], axis=-1)
    result = points.copy()
    result[refined] = center[refined] / (mass[refined, None] * side)
    return result


def _sigmoid(logits: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-logits))
