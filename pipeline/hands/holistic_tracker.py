"""HolisticTracker: the body's tracker and one for each hand, together a backend for the layout holistic75.

The order of work and what counts as a visible wrist: ``hand_landmarks_left_and_right_cpu.pbtxt`` and
``hand_visibility_from_hand_landmarks_from_pose.pbtxt`` of MediaPipe Holistic. The left hand is the person's own left.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from posegloss.pipeline import models
from posegloss.pipeline.hands.hand_tracker import HandTracker
from posegloss.pipeline.hands.networks import HandLandmarkModel, HandRecrop
from posegloss.pipeline.pose import Pose, PoseBackend
from posegloss.pipeline.roi import Image
from posegloss.pipeline.sequence import nobody
from posegloss.pipeline.skeleton import HOLISTIC75, INDEX, SIDES, hand_points

MIN_WRIST_VISIBILITY: Final = 0.1
_ON_BODY: Final = {side: [INDEX[f"{side}_{point}"] for point in ("wrist", "pinky", "index")] for side in SIDES}


class HolisticTracker:
    """A body's tracker with hands.

    A hand is looked for only where its wrist is likely to be seen and lies inside the frame. MediaPipe Holistic itself,
    on 14 signing clips, found 807 of 967 hands whose wrist lay in the frame, and of 613 others none.

    Args:
        body: finds the 33 points.
        smooth: smooth the hands over time.
        static: every picture on its own.
        threads: threads of the networks.
        report: is told what is being fetched.

    Raises:
        WeightsError: the hands' weights cannot be had.
    """

    def __init__(
        self,
        body: PoseBackend,
        *,
        smooth: bool = True,
        static: bool = False,
        threads: int = 1,
        report: models.Report | None = None,
    ) -> None:
        self._body = body
        recrop = HandRecrop(models.load(models.HAND_RECROP, report), threads=threads)
        model = HandLandmarkModel(models.load(models.HAND, report), threads=threads)
        self._hands = {side: HandTracker(recrop, model, smooth=smooth, static=static) for side in SIDES}
        self._size = (0, 0)

    def update(self, image: Image, timestamp_s: float) -> Pose | None:
        """The person in the next frame, as ``PoseTracker.update``, with the 75 points of the layout holistic75.

        A hand that is not found is NaN with visibility 0; the visibility of one that is found is the probability that
        there is a hand. Its x and y are those of the body's points, its z is depth from its own wrist in units of x.
        """
        pose = self._body.update(image, timestamp_s)
        if pose is None:
            self._forget()
            return None
        height, width = image.shape[:2]
        if self._size != (width, height):
            # Where a hand was is in pixels of the old size.
            self._size = (width, height)
            self._forget()
        keypoints = nobody(HOLISTIC75)
        keypoints[: len(pose.keypoints)] = pose.keypoints
        for side, tracker in self._hands.items():
            on_body = pose.keypoints[_ON_BODY[side]].astype(np.float64)
            wrist = on_body[0]
            if not (wrist[3] > MIN_WRIST_VISIBILITY and ((wrist[:2] >= 0) & (wrist[:2] <= 1)).all()):
                tracker.forget()
                continue
            hand = tracker.update(image, on_body[:, :2] * (width, height), timestamp_s)
            if hand:
                points = keypoints[hand_points(side)]
                points[:, :3] = hand.points / (width, height, width)
                points[:, 3] = hand.presence
        return replace(pose, keypoints=keypoints)

    def reset(self) -> None:
        """Forget the last video: the next frame is the first of another."""
        self._body.reset()
        self._forget()

    def close(self) -> None:
        """Free what the backend holds."""
        self._body.close()

    def _forget(self) -> None:
        for tracker in self._hands.values():
            tracker.forget()
