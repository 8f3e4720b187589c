"""PoseDetector: finds a person in a whole frame and the region of interest for the landmark network.

Facts: MediaPipe's ``pose_detection_cpu.pbtxt``, ``ssd_anchors_calculator.cc``,
``tensors_to_detections_calculator.cc`` and ``non_max_suppression_calculator.cc``.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.image_network import ImageNetwork
from posegloss.pipeline.roi import ROI_SCALE, Image, RegionOfInterest

INPUT_SIDE: Final = 224
STRIDES: Final = (8, 16, 32, 32, 32)
ANCHORS_PER_LAYER: Final = 2
NUM_BOXES: Final = 2254
SCORE_CLIPPING_THRESH: Final = 100.0
MIN_SUPPRESSION_THRESHOLD: Final = 0.3

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Detection:
    """A person found by the detector.

    Attributes:
        score: probability.
        box: (4,) left, top, right, bottom of the face in pixels of the frame; in a turned view the two corners that
            are there left top and right bottom.
        keypoints: (4, 2) x, y in pixels of the frame: middle of the hips, a point on the circle around the whole
            body, middle of the shoulders, a point on the circle around the upper body.
    """

    score: float
    box: FloatArray
    keypoints: FloatArray

    @property
    def region(self) -> RegionOfInterest | None:
        """The landmark network's region of interest; None where the detection has no extent."""
        region = RegionOfInterest.from_alignment_points(self.keypoints[0], self.keypoints[1])
        return region and region.scaled(ROI_SCALE)


class PoseDetector:
    """The SSD detector of BlazePose with weighted non-maximum suppression.

    Args:
        content: the detector's LiteRT flatbuffer.
        min_score: detections less probable than this are dropped.
        threads: threads of the network.

    Raises:
        WeightsError: the content is not the detector.
    """

    def __init__(self, content: bytes, *, min_score: float = 0.5, threads: int = 1) -> None:
        outputs = {"boxes": (1, NUM_BOXES, 12), "scores": (1, NUM_BOXES, 1)}
        self._network = ImageNetwork(content, outputs, low=-1, high=1, threads=threads)
        self._crop = Cropper(INPUT_SIDE, cv2.BORDER_CONSTANT)
        self._anchors = make_anchors()
        self._min_score = min_score

    def __call__(self, image: Image, view: RegionOfInterest | None = None) -> list[Detection]:
        """The people in an (H, W, 3) uint8 RGB picture, the most probable first.

        Args:
            image: the picture.
            view: what of it the network sees, and turned how; all of it upright unless given.
        """
        view = view or RegionOfInterest.of_frame(image.shape[1], image.shape[0])
        raw = self._network(self._crop(image, view))
        boxes, scores = decode(raw["boxes"], raw["scores"][:, 0], self._anchors, self._min_score)
        return [
            Detection(score, view.to_frame(points[:2]).ravel(), view.to_frame(points[2:]))
            for score, points in suppress(boxes, scores)
        ]


def make_anchors() -> FloatArray:
    """(2254, 2) anchor centers, x and y as fractions of the detector's input; every anchor has the size of it."""
    layers = []
    for stride in dict.fromkeys(STRIDES):
        cells = INPUT_SIDE // stride
        centers = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centers, centers), axis=-1).reshape(-1, 2)
        layers.append(np.repeat(grid, ANCHORS_PER_LAYER * STRIDES.count(stride), axis=0))
    return np.concatenate(layers)


def decode(
    raw_boxes: npt.NDArray[np.float32], logits: npt.NDArray[np.float32], anchors: FloatArray, min_score: float
) -> tuple[FloatArray, FloatArray]:
    """Boxes and keypoints of the anchors that fired.

    Args:
        raw_boxes: (N, 12) the network's center x, y, width, height and 4 keypoints, in pixels from the anchor.
        logits: (N,) scores before the sigmoid.
        anchors: (N, 2) from ``make_anchors``.
        min_score: probabilities below this are dropped.

    Returns:
        (M, 6, 2) corners (left top, right bottom) and the 4 keypoints, as fractions of the input; (M,) scores.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -SCORE_CLIPPING_THRESH, SCORE_CLIPPING_THRESH)))
    kept = np.flatnonzero(scores >= min_score)
    raw = raw_boxes[kept].astype(np.float64).reshape(-1, 6, 2) / INPUT_SIDE
    points = raw + anchors[kept][:, None]
    center, half = points[:, 0], raw[:, 1] / 2
    points[:, 0], points[:, 1] = center - half, center + half
    sound = (half >= 0).all(axis=1)
    return points[sound], scores[kept][sound]


def suppress(boxes: FloatArray, scores: FloatArray) -> list[tuple[float, FloatArray]]:
    """Weighted non-maximum suppression.

    The best box stands for all that overlap it, with the mean of their corners and keypoints weighted by score.

    Args:
        boxes: (M, 6, 2) corners and keypoints.
        scores: (M,) probabilities.

    Returns:
        Score and (6, 2) points of every box that remains, the most probable first.
    """
    kept = []
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    while len(boxes):
        same = _overlap(boxes[0], boxes) > MIN_SUPPRESSION_THRESHOLD
        same[0] = True  # a box without area overlaps nothing, not even itself
        kept.append((float(scores[0]), np.average(boxes[same], axis=0, weights=scores[same])))
        boxes, scores = boxes[~same], scores[~same]
    return kept


def _overlap(box: FloatArray, boxes: FloatArray) -> FloatArray:
    size = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    shared = np.maximum(size, 0).prod(axis=1)
    union = (box[1] - box[0]).prod() + (boxes[:, 1] - boxes[:, 0]).prod(axis=1) - shared
    overlap: FloatArray = np.zeros_like(shared)
    np.divide(shared, union, out=overlap, where=union > 0)
    return overlap
