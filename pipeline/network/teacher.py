"""A teacher: a shipped landmark network that labels what nobody has marked."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline import models
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.landmarks import LandmarkModel, Landmarks
from posegloss.pipeline.network.description import NUM_ALIGNED
from posegloss.pipeline.network.example import MIRROR_ALIGNED, TRUST, Example, ExampleCropper
from posegloss.pipeline.network.segmentation import Segmenter
from posegloss.pipeline.roi import ROI_SCALE, Image, RegionOfInterest

_MIN_PERSON: Final = 0.5

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Labels:
    """What the teacher says of a region: the fields of ``Example`` of the same names."""

    points: FloatArray
    visibility: FloatArray
    presence: FloatArray
    world: FloatArray
    maps: npt.NDArray[np.uint8]


class Teacher:
    """A landmark network with the detector before it.

    Args:
        model: "lite", "full" or "heavy".
        report: is told what is being fetched.

    Raises:
        WeightsError: the weights cannot be had.
    """

    def __init__(self, model: str = "heavy", report: models.Report | None = None) -> None:
        self._detector = PoseDetector(models.load(models.DETECTOR, report))
        content = models.load(model, report)
        self._network = LandmarkModel(content)
        self.segment = Segmenter(content)
        self._crop = ExampleCropper()

    def aligned(self, image: Image, region: RegionOfInterest | None) -> RegionOfInterest | None:
        """Where the network itself would look next, which is nearer to the truth than a detector's region or a box."""
        landmarks = self._network(image, region) if region else None
        if landmarks is None or not landmarks.person > _MIN_PERSON:
            return None
        aligned = RegionOfInterest.from_alignment_points(*landmarks.auxiliary)
        return aligned and aligned.scaled(ROI_SCALE)

    def label(self, image: Image, region: RegionOfInterest) -> Labels | None:
        """The points in a region of an (H, W, 3) uint8 RGB picture; None where the teacher sees nobody in it."""
        landmarks, plain = self._network.with_heatmaps(image, region)
        if not landmarks.person > _MIN_PERSON:
            return None
        # The network is not equally sure of a region and its mirror image.
        _, mirrored = self._network.with_heatmaps(image, region, mirrored=True)
        both = plain[..., :NUM_ALIGNED] + mirrored[:, ::-1, MIRROR_ALIGNED]
        return _labels(landmarks, region, np.round(both * (255 / 2)).astype(np.uint8))

    def examples(self, origin: str, image: Image) -> list[Example]:
        """The people whom the detector finds in a picture, as the teacher sees them."""
        found = []
        for detection in self._detector(image):
            region = self.aligned(image, detection.region)
            if region is None or (labels := self.label(image, region)) is None:
                continue
            trust = np.full(len(labels.points), TRUST, np.float32)
            picture = self._crop(image, region)
            found.append(
                Example(
                    origin,
                    picture,
                    labels.points,
                    trust,
                    labels.visibility,
                    labels.presence,
                    labels.world,
                    1.0,
                    labels.maps,
                    self.segment(picture),
                )
            )
        return found


def _labels(landmarks: Landmarks, region: RegionOfInterest, maps: npt.NDArray[np.uint8]) -> Labels:
    z = np.append(landmarks.points[:, 2] / region.side, [np.nan, np.nan])
    places = region.from_frame(np.concatenate([landmarks.points[:, :2], landmarks.auxiliary]))
    world = landmarks.world.copy()
    world[:, :2] = RegionOfInterest((0, 0), 1, -region.rotation).turn(world[:, :2])
    return Labels(
        np.column_stack([places, z]).astype(np.float32),
        landmarks.visibility.astype(np.float32),
        landmarks.presence.astype(np.float32),
        world.astype(np.float32),
        maps,
    )
