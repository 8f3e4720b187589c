"""What is measured: a picture in, the people found in it out. BlazePose in our hands, and in Google's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from posegloss.pipeline import models
from posegloss.pipeline.accurate import LEAST_SCORE, PersonSearch
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.landmark_file import is_file, open_landmarks
from posegloss.pipeline.measuring.people import Person
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.mediapipe_backend import MediaPipeTracker
from posegloss.pipeline.roi import RegionOfInterest
from posegloss.pipeline.skeleton import KEYPOINT_NAMES

FloatArray = npt.NDArray[np.float64]
MIN_PROBABILITY: Final = 0.5
"""Of a detection, and of a person in a region: what ``PoseTracker`` has unless told otherwise."""
ALL_POINTS: Final = tuple(range(len(KEYPOINT_NAMES)))


@dataclass(frozen=True, eq=False)
class Found:
    """A person found.

    Attributes:
        points: (33, 2) x, y in pixels; NaN where a point was not found.
        score: how sure the system is, among its own answers.
        of: the place of the annotated person whom it was made for; None where the system was told of nobody.
    """

    points: FloatArray
    score: float
    of: int | None = None


class System(Protocol):
    """Something that finds people in pictures."""

    name: str
    """What tables call it."""
    places: Sequence[int]
    """Which of the 33 points it can find."""
    rate: float | None
    """Frames a second where the system knows better than a clock around ``find``; NaN where nobody knows."""

    def find(self, picture: Picture, people: Sequence[Person]) -> list[Found]:
        """The people in a picture; those annotated are for systems that are given the region of interest."""
        ...

    def close(self) -> None:
        """Free what the system holds."""
        ...


class BlazePose:
    """BlazePose as ``PoseTracker(static=True)`` runs it: the surest detection's region, then the landmark network.

    Args:
        model: "lite", "full" or "heavy", or the path of a ``.tflite`` with the same outputs.
        true_region: give the network the region of interest of each annotated person instead of the detector's, so
            that what it gets wrong is not the detector's. It always answers then, be it unsure that anybody is there.
        accurate: as ``PoseTracker(static=True, accurate=True)`` runs it.
        report: is told what is being fetched.

    Raises:
        WeightsError: the weights cannot be had, or the file is not such a network.
    """

    def __init__(
        self, model: str, *, true_region: bool = False, accurate: bool = False, report: models.Report | None = None
    ) -> None:
        own = _name_of(Path(model)) if is_file(model) else model.capitalize()
        self.name = own if is_file(model) else f"{'posegloss' if accurate else 'BlazePose'} {own}"
        if accurate:
            self.name += ", accurate"
        elif true_region:
            self.name = f"{own}, true region"
        self.places: Sequence[int] = ALL_POINTS
        self.rate: float | None = None
        self._landmarks = open_landmarks(model, report=report)
        self._detector: PoseDetector | None = None
        self._search: PersonSearch | None = None
        if not true_region:
            least = LEAST_SCORE if accurate else MIN_PROBABILITY
            self._detector = PoseDetector(models.load(models.DETECTOR, report), min_score=least)
            if accurate:
                self._search = PersonSearch(
                    self._detector, self._landmarks, min_score=MIN_PROBABILITY, min_presence=MIN_PROBABILITY
                )

    def find(self, picture: Picture, people: Sequence[Person]) -> list[Found]:
        """The one person whom the detector is surest of; or one for each that is annotated."""
        if self._search:
            best, _ = self._search(picture.pixels)
            return [Found(best.points[:, :2], best.person)] if best else []
        if self._detector is None:
            answers = (self._look(picture, person.region, -1.0, place) for place, person in enumerate(people))
        else:
            detections = self._detector(picture.pixels)
            answers = (self._look(picture, one.region, MIN_PROBABILITY) for one in detections[:1])
        return [answer for answer in answers if answer]

    def _look(
        self, picture: Picture, region: RegionOfInterest | None, least: float, of: int | None = None
    ) -> Found | None:
        landmarks = self._landmarks(picture.pixels, region) if region else None
        if landmarks is None or not landmarks.person > least:
            return None
        return Found(landmarks.points[:, :2], landmarks.person, of)

    def close(self) -> None:
        """Nothing to free."""


class MediaPipe:
    """Google's PoseLandmarker on the same weights, every picture on its own (``mediapipe_backend``).

    Args:
        model: "lite", "full" or "heavy", or the path of an official ``.task``.
        report: is told what is being fetched.

    Raises:
        WeightsError: the weights cannot be had.
    """

    def __init__(self, model: str, report: models.Report | None = None) -> None:
        self.name = f"MediaPipe {Path(model).stem if model.endswith('.task') else model.capitalize()}"
        self.places: Sequence[int] = ALL_POINTS
        self.rate: float | None = None
        self._tracker = MediaPipeTracker(model, static=True, report=report)

    def find(self, picture: Picture, people: Sequence[Person]) -> list[Found]:
        """The one person whom it sees."""
        pose = self._tracker.update(picture.pixels, 0.0)
        if pose is None:
            return []
        return [Found(pose.keypoints[:, :2].astype(np.float64) * picture.size, pose.presence)]

    def close(self) -> None:
        """Free MediaPipe's graph."""
        self._tracker.close()


def _name_of(path: Path) -> str:
    # What `pose-train` writes is always landmarks.tflite, in a folder that the user named.
    return path.absolute().parent.name if path.stem == "landmarks" else path.stem
