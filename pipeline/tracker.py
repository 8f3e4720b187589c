"""PoseTracker: one frame in, one Pose or None out. The detector runs only while there is nobody to follow.

Control flow and constants: MediaPipe's ``pose_landmark_cpu.pbtxt`` and ``pose_landmark_filtering.pbtxt``; the paper
(Bazarevsky et al. 2020), section 2.1.
"""

import os
from typing import Final, Self

import numpy as np

from posegloss.pipeline import models
from posegloss.pipeline.accurate import LEAST_SCORE, PersonSearch
from posegloss.pipeline.crop import LONGEST_SIDE
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.errors import InvalidFrameError
from posegloss.pipeline.landmark_file import open_landmarks
from posegloss.pipeline.landmarks import NUM_POINTS, Landmarks
from posegloss.pipeline.pose import Pose
from posegloss.pipeline.roi import ROI_SCALE, Image, RegionOfInterest
from posegloss.pipeline.smoothing import LowPassFilter, OneEuroFilter

VISIBILITY_ALPHA: Final = 0.1
MIN_ALLOWED_OBJECT_SCALE: Final = 1e-6

# The coordinates of a track in a row: points, auxiliary points, world landmarks.
_SIZES: Final = (NUM_POINTS * 3, 2 * 2, NUM_POINTS * 3)
_POINTS, _AUXILIARY, _WORLD = (slice(sum(_SIZES[:i]), sum(_SIZES[: i + 1])) for i in range(3))
_MIN_CUTOFF: Final = np.repeat([0.05, 0.01, 0.1], _SIZES)
_BETA: Final = np.repeat([80.0, 10.0, 40.0], _SIZES)
_IN_PICTURE: Final = np.repeat([True, True, False], _SIZES)


class PoseTracker:
    """The BlazePose detector-tracker.

    Args:
        model: the landmark network: "lite", "full" or "heavy", or one of your own by the path of its ``.tflite``
            (docs/extraction.md).
        precision: of the landmark network: "float", as it is shipped, or "int8", which is faster (docs/extraction.md).
        smooth: smooth the landmarks over time.
        static: every picture on its own: no tracking, no smoothing; timestamps are ignored.
        accurate: look for the person with several calls of the networks (``accurate``) wherever there is nobody to
            follow: in every static picture, and in the first frame of a track. MediaPipe has no such thing.
        min_detection_confidence: a detection less probable than this is nobody; if accurate, it is tried from 0.3 on.
        min_tracking_confidence: a region in which a person is not more probable than this has lost the person.
        threads: threads of the networks.

    Raises:
        SettingsError: there is no such precision of this network.
        WeightsError: the weights cannot be had, or the file is not such a network.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = "full",
        *,
        precision: str = "float",
        smooth: bool = True,
        static: bool = False,
        accurate: bool = False,
        min_detection_confidence: float = 0.5,
        min_tracking_confidence: float = 0.5,
        threads: int = 1,
        report: models.Report | None = None,
    ) -> None:
        detector = models.load(models.DETECTOR, report)
        least = min(LEAST_SCORE, min_detection_confidence) if accurate else min_detection_confidence
        self._detector = PoseDetector(detector, min_score=least, threads=threads)
        self._landmark_model = open_landmarks(os.fspath(model), precision, threads=threads, report=report)
        self._min_presence = min_tracking_confidence
        self._search = (
            PersonSearch(
                self._detector,
                self._landmark_model,
                min_score=min_detection_confidence,
                min_presence=min_tracking_confidence,
            )
            if accurate
            else None
        )
        self._static = static
        self._smooth = smooth and not static
        self._followed: RegionOfInterest | None
        self._size: tuple[int, int] | None
        self.reset()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def reset(self) -> None:
        """Forget the last video: the next frame is the first of another."""
        self._timestamp = -np.inf
        self._size = None
        self._forget()

    def close(self) -> None:
        """Nothing to free; here so that every backend can be closed alike."""

    def update(self, image: Image, timestamp_s: float) -> Pose | None:
        """The person in the next frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            timestamp_s: when it was taken, in seconds, later than the frame before.

        Returns:
            The pose, or None if nobody is found; then the detector runs again on the next frame.

        Raises:
            InvalidFrameError: the image is not such an array or has a side of more than 16384 pixels, or the timestamp
                is not later than the last.
        """
        height, width = _check(image)
        if not self._static:
            if not timestamp_s > self._timestamp:
                raise InvalidFrameError(f"timestamp {timestamp_s} s does not follow {self._timestamp} s")
            self._timestamp = timestamp_s
        if self._size != (width, height):
            # Another camera or resolution: the region and the filters are in pixels of the old one.
            self._size = (width, height)
            self._forget()
        landmarks, people = self._look(image)
        if landmarks is None or not landmarks.person > self._min_presence:
            self._forget()
            return None
        if not self._static:
            landmarks = self._follow(landmarks, timestamp_s)
        keypoints = np.empty((NUM_POINTS, 4), np.float32)
        np.divide(landmarks.points, (width, height, width), out=keypoints[:, :3])
        # A depth that the network does not know is 0, as in two-dimensional formats; NaN would be a missing point.
        keypoints[np.isnan(keypoints[:, 2]), 2] = 0
        keypoints[:, 3] = landmarks.visibility
        return Pose(keypoints, landmarks.world.astype(np.float32), landmarks.person, people)

    def _look(self, image: Image) -> tuple[Landmarks | None, int | None]:
        """The landmarks of whoever is followed, else of whoever is found; and how many the detector saw."""
        if self._followed:
            return self._landmark_model(image, self._followed), None
        if self._search:
            return self._search(image)
        people = self._detector(image)
        region = people[0].region if people else None
        return self._landmark_model(image, region) if region else None, len(people)

    def _follow(self, landmarks: Landmarks, timestamp_s: float) -> Landmarks:
        person = RegionOfInterest.from_alignment_points(*landmarks.auxiliary)
        if person is None or person.side < MIN_ALLOWED_OBJECT_SCALE:
            self._followed = None
            return landmarks
        smoothed = self._filters(timestamp_s, landmarks, person.side)
        followed = RegionOfInterest.from_alignment_points(*smoothed.auxiliary)
        # The region is smoothed even when the landmarks are not: the graph has no switch there.
        self._followed = followed and followed.scaled(ROI_SCALE)
        return smoothed if self._smooth else landmarks

    def _forget(self) -> None:
        self._followed = None
        self._filters = _Filters()


class _Filters:
    """The filters of one track, with the values of MediaPipe's pose_landmark_filtering graph.

    There it is one filter for each kind of landmark; here all coordinates go through one, which is faster.
    """

    def __init__(self) -> None:
        self._coordinates = OneEuroFilter(min_cutoff=_MIN_CUTOFF, beta=_BETA, derivate_cutoff=1.0)
        self._visibility = LowPassFilter()

    def __call__(self, timestamp_s: float, landmarks: Landmarks, person_size: float) -> Landmarks:
        raw = np.concatenate([landmarks.points.ravel(), landmarks.auxiliary.ravel(), landmarks.world.ravel()])
        # World landmarks are in metres, whatever the size of the person in the picture.
        smoothed = self._coordinates(timestamp_s, raw, np.where(_IN_PICTURE, 1 / person_size, 1.0))
        return Landmarks(
            points=smoothed[_POINTS].reshape(-1, 3),
            visibility=self._visibility(landmarks.visibility, VISIBILITY_ALPHA),
            presence=landmarks.presence,
            world=smoothed[_WORLD].reshape(-1, 3),
            auxiliary=smoothed[_AUXILIARY].reshape(-1, 2),
            person=landmarks.person,
        )


def _check(image: Image) -> tuple[int, int]:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        what = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InvalidFrameError(f"a frame is a uint8 array of shape (height, width, 3) in RGB, not {what}")
    if not image.size:
        raise InvalidFrameError(f"a frame of shape {image.shape} has no pixels")
    if max(image.shape) > LONGEST_SIDE:
        size = f"{image.shape[1]} x {image.shape[0]}"
        raise InvalidFrameError(f"a frame of {size} pixels is too large: at most {LONGEST_SIDE} a side; scale it down")
    return image.shape[0], image.shape[1]
