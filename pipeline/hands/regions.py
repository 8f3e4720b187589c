"""Where a hand is looked for: the region that the body's points give, and the one that its own landmarks give.

Constants: ``hand_landmarks_from_pose_to_recrop_roi.pbtxt``, ``hand_landmarks_to_roi.pbtxt`` and
``hand_landmarks_to_rect_calculator.cc`` of MediaPipe Holistic 0.10.21; a hand's size from the body is that of the later
``hand_detections_from_pose_to_rects_calculator.cc``.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.roi import RegionOfInterest, rotation_of

POSE_SCALE: Final = 2.7
LANDMARKS_SCALE: Final = 2.0
RAISED: Final = 0.1
"""A hand's region is moved toward the fingers by this part of the hand's box."""
FROM_WRIST: Final = 0.79494
FROM_KNUCKLES: Final = 0.49580
"""A hand's size from its length (wrist to middle knuckle) and its width (index to pinky knuckle), fitted on Panoptic's
hands (sign-language-processing/mediapipe-hand-crop-fix). The 0.10.21 release takes twice the length alone, too little
for a hand that points at the camera."""
ROOM: Final = 1.25
"""On top of that size. MediaPipe multiplies by the picture's width over its height instead, so that a hand would be
smaller in an upright video."""
PALM: Final = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""The landmarks whose box counts: all but the outer two of each finger, which come and go as it bends."""
WRIST, INDEX_KNUCKLE, MIDDLE_KNUCKLE, RING_KNUCKLE, PINKY_KNUCKLE = 0, 5, 9, 13, 17
WRIST_PINKY_INDEX: Final = (WRIST, PINKY_KNUCKLE, INDEX_KNUCKLE)
"""The landmarks of a hand that the body's points wrist, pinky and index stand for."""

FloatArray = npt.NDArray[np.float64]


def from_pose(points: FloatArray) -> RegionOfInterest | None:
    """The region in which the recrop network finds a hand.

    Args:
        points: (3, 2) x, y in pixels of the body's wrist, pinky and index.

    Returns:
        The region, or None where the points coincide or are not finite.
    """
    wrist, pinky, index = points
    middle = (2 * index + pinky) / 3
    up = middle - wrist
    size = ROOM * float(FROM_WRIST * np.hypot(*up) + FROM_KNUCKLES * np.hypot(*(index - pinky)))
    if not np.isfinite(size) or size <= 0:
        return None
    center = float(middle[0]), float(middle[1])
    return RegionOfInterest(center, size, rotation_of(*up)).raised(RAISED).scaled(POSE_SCALE)


def from_landmarks(points: FloatArray) -> RegionOfInterest | None:
    """The region in which the landmark network sees a hand again that it has just seen.

    Args:
        points: (21, 2) x, y in pixels of the hand's landmarks.

    Returns:
        The region, or None where the landmarks coincide.
    """
    knuckles = (points[INDEX_KNUCKLE] + points[RING_KNUCKLE]) / 2
    rotation = rotation_of(*((knuckles + points[MIDDLE_KNUCKLE]) / 2 - points[WRIST]))
    palm = points[list(PALM)]
    # The box around the palm in the hand's own directions: turned about any point, here the frame's corner.
    turned = RegionOfInterest((0.0, 0.0), 1.0, -rotation).turn(palm)
    low, high = turned.min(axis=0), turned.max(axis=0)
    width, height = high - low
    side = float(max(width, height))
    if not np.isfinite(side) or side <= 0:
        return None
    upright = RegionOfInterest((0.0, 0.0), 1.0, rotation)
    x, y = upright.turn((low + high) / 2 - np.array([0, RAISED * height]))
    return RegionOfInterest((float(x), float(y)), LANDMARKS_SCALE * side, rotation)
