"""Layouts of points: the 33 of BlazePose, and these with 21 of each hand. Names, bones, left and right.

Order, names and connections: ``mediapipe/tasks/python/vision/pose_landmarker.py`` (``PoseLandmark``,
``PoseLandmarksConnections``) and ``hand_landmarker.py`` (``HandLandmark``, ``HandLandmarksConnections``). Left is the
person's own left, which is on the right of an unmirrored picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np

BLAZEPOSE33: Final = "blazepose33"
HOLISTIC75: Final = "holistic75"

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

SIDES: Final = ("left", "right")

LEFT_SHOULDER: Final = INDEX["left_shoulder"]
RIGHT_SHOULDER: Final = INDEX["right_shoulder"]

# Nose, eyes, ears, mouth, shoulders, arms and hands: what a signing video shows. Hips and legs are mostly
# out of frame there, and the network invents them.
UPPER_BODY: Final[tuple[int, ...]] = tuple(range(23))


_FINGERS: Final = {
    "thumb": ("cmc", "mcp", "ip", "tip"),
    **{f"{finger}_finger": ("mcp", "pip", "dip", "tip") for finger in ("index", "middle", "ring")},
    "pinky": ("mcp", "pip", "dip", "tip"),
}

# The 21 points of a hand: the wrist, then four of each finger from the palm to the tip.
HAND_NAMES: Final = ("wrist", *(f"{finger}_{joint}" for finger, joints in _FINGERS.items() for joint in joints))

# Each finger from the wrist or the palm to its tip, and the palm along the knuckles.
HAND_BONES: Final[tuple[tuple[int, int], ...]] = (
    *(bone for finger in ((0, 1, 2, 3, 4), (0, 5, 6, 7, 8)) for bone in pairwise(finger)),
    *(bone for first in (9, 13, 17) for bone in pairwise(range(first, first + 4))),
    *pairwise((5, 9, 13, 17)),
    (0, 17),
)


@dataclass(frozen=True, eq=False)
class Layout:
    """A fixed order of points.

    Attributes:
        name: what stores and models call it.
        points: the points' names.
        bones: pairs of points to draw a line between.
    """

    name: str
    points: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The place of each point by its name."""
        return {name: i for i, name in enumerate(self.points)}

    @cached_property
    def mirror(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """``mirror[i]`` is the point that point i becomes when the picture is mirrored."""
        return np.array([self.index[_mirror_name(name)] for name in self.points])


def _mirror_name(name: str) -> str:
    swap = {"left": "right", "right": "left"}
    return "_".join(swap.get(part, part) for part in name.split("_"))


def _with_hands() -> Layout:
    body, hand = len(KEYPOINT_NAMES), len(HAND_NAMES)
    hands = tuple(f"{side}_hand_{name}" for side in SIDES for name in HAND_NAMES)
    bones = tuple((a + start, b + start) for start in (body, body + hand) for a, b in HAND_BONES)
    return Layout(HOLISTIC75, KEYPOINT_NAMES + hands, BONES + bones)


LAYOUTS: Final[Mapping[str, Layout]] = {
    layout.name: layout for layout in (Layout(BLAZEPOSE33, KEYPOINT_NAMES, BONES), _with_hands())
}


def hand_points(side: str) -> slice:
    """Where the 21 points of the ``"left"`` or ``"right"`` hand lie in ``holistic75``."""
    start = LAYOUTS[HOLISTIC75].index[f"{side}_hand_wrist"]
    return slice(start, start + len(HAND_NAMES))


# MIRROR[i] is the point that point i becomes when the picture is mirrored.
MIRROR: Final = LAYOUTS[BLAZEPOSE33].mirror
