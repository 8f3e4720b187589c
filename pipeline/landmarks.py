"""LandmarkModel: from a region of interest to 39 landmarks, refined by their heatmaps where the network has them.

Facts: MediaPipe's ``tensors_to_pose_landmarks_and_segmentation.pbtxt``, ``tensors_to_landmarks_calculator.cc`` and
``refine_landmarks_from_heatmap_calculator.cc``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.graph import without_outputs
from posegloss.pipeline.image_network import ImageNetwork
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

_REACH: Final = np.arange(KERNEL_SIZE) - KERNEL_SIZE // 2
# What a cell of the window adds, by its weight, to the mass and to the center of mass: 1, column, row.
_MOMENTS: Final = np.array([(1.0, column, row) for row in _REACH for column in _REACH])

FloatArray = npt.NDArray[np.float64]
Float = TypeVar("Float", np.float32, np.float64)


@dataclass(frozen=True, eq=False)
class Landmarks:
    """What the landmark network says of one region of interest.

    Attributes:
        points: (33, 3) x, y, z in pixels of the frame; z is depth from the middle of the hips, smaller is nearer, NaN
            where the network was never taught it.
        visibility: (33,) probability that a point is in frame and not occluded.
        presence: (33,) probability that a point is in frame.
        world: (33, 3) x, y, z in metres from the middle of the hips, NaN where the network was never taught them.
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
    """The landmark network of BlazePose: Lite, Full, Heavy, or one with the same input and outputs.

    The paper's network has no heatmaps once it is trained; without them the regression stands as it is. Segmentation
    is never read.

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
        self._network = ImageNetwork(content, outputs, low=0, high=1, threads=threads, optional=("heatmap",))
        if self._network.side != INPUT_SIDE:
            raise WeightsError(f"the network's picture has a side of {self._network.side} pixels, not {INPUT_SIDE}")

    def __call__(self, image: Image, region: RegionOfInterest) -> Landmarks:
        """The landmarks of the person in a region of an (H, W, 3) uint8 RGB picture."""
        return self._landmarks(self._network(self._crop(image, region)), region)

    def with_heatmaps(
        self, image: Image, region: RegionOfInterest, *, mirrored: bool = False
    ) -> tuple[Landmarks, npt.NDArray[np.float32]]:
        """The landmarks, and (64, 64, 39) how probable each is in each cell; mirrored, both as the mirror shows them.

        Raises:
            WeightsError: the network has no heatmaps.
        """
        crop = self._crop(image, region)
        raw = self._network(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)
        if "heatmap" not in raw:
            raise WeightsError("the network has no heatmaps")
        chances = _sigmoid(raw["heatmap"].reshape(HEATMAP_SIDE, HEATMAP_SIDE, NUM_LANDMARKS))
        return self._landmarks(raw, region), chances

    def _landmarks(self, raw: Mapping[str, npt.NDArray[np.float32]], region: RegionOfInterest) -> Landmarks:
        landmarks = raw["landmarks"].astype(np.float64).reshape(NUM_LANDMARKS, 5)
        landmarks[:, :3] /= INPUT_SIDE
        if "heatmap" in raw:
            landmarks[:, :2] = refine(landmarks[:, :2], raw["heatmap"])
        probabilities = _sigmoid(landmarks[:NUM_POINTS, 3:])
        points = landmarks[: AUXILIARY.stop, :3]
        points[:, :2] = region.to_frame(points[:, :2])
        points[:, 2] *= region.side
        world = raw["world"].astype(np.float64).reshape(NUM_LANDMARKS, 3)[:NUM_POINTS]
        world[:, :2] = region.turn(world[:, :2])
        return Landmarks(
            points=points[:NUM_POINTS],
            visibility=probabilities[:, 0],
            presence=probabilities[:, 1],
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
    side, _, count = heatmap.shape
    cell = np.trunc(points * side).astype(np.intp)  # toward zero, as C++ does: -0.5 belongs to cell 0
    window = cell.T[:, :, None] + _REACH
    in_map = (window >= 0) & (window < side)
    # Where in memory the windows of all points lie; what lies outside the map is read anywhere and weighs nothing.
    steps = ((_REACH[:, None] * side + _REACH) * count).ravel()
    place = ((cell[:, 1] * side + cell[:, 0]) * count + np.arange(count))[:, None] + steps
    weight = _sigmoid(heatmap.reshape(-1).take(place, mode="clip"))
    if not in_map.all():
        weight *= (in_map[1][:, :, None] & in_map[0][:, None, :]).reshape(weight.shape)
    refined = in_map[:, :, KERNEL_SIZE // 2].all(axis=0) & (weight.max(axis=1) >= MIN_CONFIDENCE_TO_REFINE)
    moments = weight[refined].astype(np.float64) @ _MOMENTS
    result = points.copy()
    result[refined] = (cell[refined] + moments[:, 1:] / moments[:, :1]) / side
    return result


def _sigmoid(logits: npt.NDArray[Float]) -> npt.NDArray[Float]:
    result: npt.NDArray[Float] = np.exp(-logits)
    result += 1
    return np.reciprocal(result, out=result)
