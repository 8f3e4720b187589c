"""The 33 BlazePose points: names, bones, left and right.

Order, names and connections: ``mediapipe/tasks/python/vision/pose_landmarker.py`` (``PoseLandmark``,
``PoseLandmarksConnections``). Left is the person's own left, which is on the right of an unmirrored picture.
"""

from typing import Final

import numpy as np

BLAZEPOSE33: Final = "blazepose33"

KEYPOINT_NAMES: Final[tuple[str, ...]] = (
    "nose",
    "left_eye_inner",
    "left_eye",
    "left_eye_outer",
    "right_eye_inner",
    "right_eye",
    "right_eye_outer",
    "left_ear",
    "right_ear",
    "mouth_left",
    "mouth_right",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_pinky",
    "right_pinky",
    "left_index",
    "right_index",
    "left_thumb",
    "right_thumb",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "left_heel",
    "right_heel",
    "left_foot_index",
    "right_foot_index",
)

INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(KEYPOINT_NAMES)}

BONES: Final[tuple[tuple[int, int], ...]] = (
    *((0, 1), (1, 2), (2, 3), (3, 7), (0, 4), (4, 5), (5, 6), (6, 8), (9, 10)),
    *((11, 12), (11, 13), (13, 15), (15, 17), (15, 19), (15, 21), (17, 19)),
    *((12, 14), (14, 16), (16, 18), (16, 20), (16, 22), (18, 20)),
    *((11, 23), (12, 24), (23, 24), (23, 25), (24, 26), (25, 27), (26, 28)),
    *((27, 29), (28, 30), (29, 31), (30, 32), (27, 31), (28, 32)),
)

LEFT_SHOULDER: Final = INDEX["left_shoulder"]
RIGHT_SHOULDER: Final = INDEX["right_shoulder"]

# Nose, eyes, ears, mouth, shoulders, arms and hands: what a signing video shows. Hips and legs are mostly
# out of frame there, and the network invents them.
UPPER_BODY: Final[tuple[int, ...]] = tuple(range(23))


def _mirror_name(name: str) -> str:
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(part, part) for part in name.split("_"))


# MIRROR[i] is the point that point i becomes when the picture is mirrored.
MIRROR: Final = np.array([INDEX[_mirror_name(name)] for name in KEYPOINT_NAMES])
