"""Which of the 33 BlazePose points is which point of other people's skeletons, by name.

Sources: the orders of BODY_25, COCO-18, BODY_135, hands and face are OpenPose's
(https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md); their names in a .pose header
are pose-format's (``pose_format/utils/openpose.py``, ``openpose_135.py``).

Middle points (Neck, MidHip, UpperNeck, HeadTop) and small toes have no counterpart among the 33 and are dropped; what
the other skeleton lacks stays missing. The hands' points are the knuckles that BlazePose was annotated with (pinky #1,
index #1, thumb #2, Bazarevsky et al. 2020). On 184,675 hands of MediaPipe Holistic recordings the thumb's point lies
nearer to its second joint than to the others of the thumb.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from posegloss.pipeline.skeleton import HAND_NAMES, KEYPOINT_NAMES

_SIDES: Final = (("L", "left"), ("R", "right"))
_JOINTS: Final = ("Eye", "Ear", "Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Heel")

BODY_25: Final = (
    *("Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "MidHip"),
    *("RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar"),
    *("LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel"),
)
COCO_18: Final = (
    *("Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist"),
    *("RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar"),
)
BODIES: Final[Mapping[int, tuple[str, ...]]] = {len(names): names for names in (BODY_25, COCO_18)}
"""By the number of joints, which is all that a JSON file tells of the model."""

BODY: Final[Mapping[str, str]] = {
    "Nose": "nose",
    **{f"{letter}{joint}": f"{side}_{joint.lower()}" for letter, side in _SIDES for joint in _JOINTS},
    **{f"{letter}BigToe": f"{side}_foot_index" for letter, side in _SIDES},
}
"""OpenPose's body joints; the other names have no counterpart."""

HAND: Final[Mapping[int, str]] = {2: "thumb", 5: "index", 17: "pinky"}
"""Of the 21 points of a hand, OpenPose's and MediaPipe's alike: thumb MCP, index MCP, pinky MCP."""

FACE: Final[Mapping[int, str]] = {
    **{36: "right_eye_outer", 39: "right_eye_inner", 42: "left_eye_inner", 45: "left_eye_outer"},
    **{48: "mouth_right", 54: "mouth_left"},
}
"""Of OpenPose's 70 points of a face: the corners of the eyes and of the mouth."""

HOLISTIC: Final[Mapping[str, str]] = {name.upper(): name for name in KEYPOINT_NAMES}
"""MediaPipe's names in a .pose header."""

MEDIAPIPE_HANDS: Final[Mapping[str, str]] = {side: f"{side.upper()}_HAND_LANDMARKS" for _, side in _SIDES}
_HANDS: Final[Mapping[str, tuple[str, ...]]] = {
    side: (name, f"hand_{side}_keypoints_2d", *(f"{side.upper()}_HAND{people}" for people in ("", "_133", "_136")))
    for side, name in MEDIAPIPE_HANDS.items()
}
_BODY_135_HANDS: Final[Mapping[str, str]] = {
    f"{letter}{finger}": f"{side}_{point}"
    for letter, side in _SIDES
    for finger, point in (("Thumb2Knuckles", "thumb"), ("Index1Knuckles", "index"), ("Pinky1Knuckles", "pinky"))
}
_BODY_135_FACE: Final[Mapping[str, str]] = {
    **{"REye0": "right_eye_outer", "REye3": "right_eye_inner", "LEye0": "left_eye_inner", "LEye3": "left_eye_outer"},
    **{"OMouth0": "mouth_right", "OMouth6": "mouth_left"},
}
_COCO_WHOLEBODY: Final[Mapping[str, str]] = {name: name for name in KEYPOINT_NAMES} | {
    f"{side}_big_toe": f"{side}_foot_index" for _, side in _SIDES
}
_HAND_NAMES: Final[Mapping[str, str]] = {
    **{"T_BCMC": "thumb", "I_CMC": "index", "P_CMC": "pinky"},
    **{"THUMB_MCP": "thumb", "INDEX_FINGER_MCP": "index", "PINKY_MCP": "pinky"},
    **{f"hand_{place}": point for place, point in HAND.items()},
}
_FACE_NAMES: Final[Mapping[str, str]] = {
    f"{prefix}{place}": point for place, point in FACE.items() for prefix in ("FE_", "FLO_", "face-")
}
_OF_BODY: Final[Mapping[str, str]] = {**BODY, **_BODY_135_HANDS, **_BODY_135_FACE, **_COCO_WHOLEBODY}


def counterparts(component: str, points: Sequence[str]) -> dict[int, str]:
    """Which points of a component of a .pose header are which of the 33.

    Args:
        component: its name, "POSE_LANDMARKS" or "pose_keypoints_2d" for instance.
        points: the names of its points.

    Returns:
        For the place of each point that has a counterpart, the counterpart's name.
    """
    known = _known(component)
    return {place: known[name] for place, name in enumerate(points) if name in known}


def hand_counterparts(component: str, points: Sequence[str]) -> dict[int, str]:
    """Which points of a hand's component of a .pose header are which of the 21 of a hand in ``holistic75``.

    MediaPipe's by their names; OpenPose's and COCO-wholebody's by their places: all three count a hand's points alike.

    Args:
        component: its name, "LEFT_HAND_LANDMARKS" for instance.
        points: the names of its points.

    Returns:
        For the place of each point that has a counterpart, the counterpart's name; nothing for what is no hand.
    """
    side = next((side for side, names in _HANDS.items() if component in names), None)
    if side is None:
        return {}
    known = {name.upper(): f"{side}_hand_{name}" for name in HAND_NAMES}
    if component == MEDIAPIPE_HANDS[side]:
        return {place: known[name] for place, name in enumerate(points) if name in known}
    return dict(enumerate(known.values())) if len(points) == len(known) else {}


def _known(component: str) -> Mapping[str, str]:
    match component:
        case "POSE_LANDMARKS":
            return HOLISTIC
        case "pose_keypoints_2d" | "BODY" | "BODY_133" | "BODY_135" | "BODY_136":
            return _OF_BODY
        case "face_keypoints_2d" | "FACE" | "FACE_133" | "FACE_136":
            return _FACE_NAMES
    for side, components in _HANDS.items():
        if component in components:
            return {name: f"{side}_{point}" for name, point in _HAND_NAMES.items()}
    return {}
