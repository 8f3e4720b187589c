"""HandTracker: one hand of one person, from the body's points to 21 landmarks, frame after frame."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.hands.networks import HandLandmarkModel, HandLandmarks, HandRecrop
from posegloss.pipeline.hands.regions import WRIST_PINKY_INDEX, from_landmarks, from_pose
from posegloss.pipeline.roi import Image, RegionOfInterest, normalized
from posegloss.pipeline.smoothing import OneEuroFilter

MIN_PRESENCE: Final = 0.5
FARTHEST: Final = 0.25
"""A hand is lost whose palm lies farther from where the body has it than this part of its region's side."""
MOST_TURNED: Final = np.pi / 3
"""A hand is lost that is turned by more against where the body points it, in radians."""
# The body's landmarks are filtered so (pose_landmark_filtering.pbtxt), in units of the person; here the unit is the
# hand's region. MediaPipe does not smooth hands. Measured on 14 signing clips: a hand at rest trembles half as much,
# one in fast motion lies 0.01 palms farther from the mean of the frames around it.
MIN_CUTOFF: Final = 0.05
BETA: Final = 80.0
DERIVATE_CUTOFF: Final = 1.0

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Seen:
    """A hand in the frame before.

    Attributes:
        points: (21, 2) x, y in pixels of its landmarks, as the network gave them.
        on_body: (3, 2) x, y in pixels of the body's wrist, pinky and index at that time.
    """

    points: FloatArray
    on_body: FloatArray


class HandTracker:
    """Follows one hand.

    A hand is found in the region that the body's points give, first more exactly by the recrop network, then by the
    landmark network: two calls. One that was found in the frame before is looked for where it was, moved as the body's
    points of the hand have moved since: one call. It is looked for anew where that place does not agree with the body.
    MediaPipe Holistic calls the recrop network for every hand of every frame.

    Args:
        recrop: finds the region of a hand in a larger one.
        model: the landmark network; both may be shared between hands.
        smooth: smooth the landmarks over time.
        static: every picture on its own.
    """

    def __init__(self, recrop: HandRecrop, model: HandLandmarkModel, *, smooth: bool, static: bool) -> None:
        self._recrop, self._model = recrop, model
        self._smooth, self._static = smooth and not static, static
        self.forget()

    def forget(self) -> None:
        """The next frame has nothing to do with the last."""
        self._seen: _Seen | None = None
        self._filter = OneEuroFilter(min_cutoff=MIN_CUTOFF, beta=BETA, derivate_cutoff=DERIVATE_CUTOFF)

    def update(self, image: Image, on_body: FloatArray, timestamp_s: float) -> HandLandmarks | None:
        """The hand in the next frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            on_body: (3, 2) x, y in pixels of the body's wrist, pinky and index.
            timestamp_s: when it was taken, in seconds, later than the frame before; ignored by a static tracker.

        Returns:
            The hand, or None if it is not found; then it is looked for anew in the next frame.
        """
        region = self._where_it_went(on_body) or self._found_anew(image, on_body)
        hand = self._model(image, region) if region else None
        if hand is None or region is None or not hand.presence > MIN_PRESENCE:
            self.forget()
            return None
        if not self._static:
            self._seen = _Seen(hand.points[:, :2], on_body)
        if self._smooth:
            return HandLandmarks(self._filter(timestamp_s, hand.points, 1 / region.side), hand.presence)
        return hand

    def _found_anew(self, image: Image, on_body: FloatArray) -> RegionOfInterest | None:
        region = from_pose(on_body)
        return self._recrop(image, region) if region else None

    def _where_it_went(self, on_body: FloatArray) -> RegionOfInterest | None:
        """The region of the hand that was seen in the last frame; None if there is none, or the body says otherwise."""
        if self._seen is None:
            return None
        moved = self._seen.points + (on_body - self._seen.on_body).mean(axis=0)
        region, expected = from_landmarks(moved), from_pose(on_body)
        if region is None or expected is None:
            return None
        off = moved[list(WRIST_PINKY_INDEX)].mean(axis=0) - on_body.mean(axis=0)
        turned = normalized(region.rotation - expected.rotation)
        agrees = np.hypot(*off) <= FARTHEST * region.side and abs(turned) <= MOST_TURNED
        return region if agrees else None
