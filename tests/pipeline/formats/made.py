"""Small files of other people's formats, made on the spot."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.formats.names import BODY_25, COCO_18
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75, LAYOUTS, hand_points

SIZE = (1280, 720)


def make_sequence(
    frames: int = 12,
    rate: float = 25.0,
    size: tuple[int, int] = SIZE,
    world: bool = False,
    seed: int = 0,
    layout: str = BLAZEPOSE33,
) -> KeypointSequence:
    """Anybody anywhere, with a frame without a person and a point, and with hands one, that is missing for a while."""
    generator = np.random.default_rng(seed)
    keypoints = generator.uniform(-0.2, 1.2, (frames, len(LAYOUTS[layout]), 4)).astype(np.float32)
    keypoints[..., 3] = keypoints[..., 3].clip(0, 1)
    if layout == HOLISTIC75:
        for hand in map(hand_points, ("left", "right")):
            keypoints[:, hand, 3] = keypoints[:, hand.start, None, 3]
        keypoints[-frames // 3 :, hand_points("right")] = np.nan
    keypoints[frames // 2] = np.nan
    keypoints[: frames // 3, 7] = np.nan
    metres = generator.standard_normal((frames, 33, 3)).astype(np.float32) if world else None
    if metres is not None:
        metres[np.isnan(keypoints[:, :33, 0])] = np.nan
    return KeypointSequence(keypoints, np.arange(frames) / rate, size, layout=layout, world=metres)


def body(x: float, y: float, height: float, names: Sequence[str] = BODY_25) -> npt.NDArray[np.float64]:
    """(K, 3) x, y, confidence of somebody who stands upright, facing the camera, his feet's middle at x, y."""
    up = {
        **{"Nose": 0.92, "Neck": 0.82, "Eye": 0.94, "Ear": 0.93, "Shoulder": 0.81, "Elbow": 0.63, "Wrist": 0.48},
        **{"MidHip": 0.5, "Hip": 0.5, "Knee": 0.27, "Ankle": 0.04, "BigToe": 0, "SmallToe": 0, "Heel": 0.02},
    }
    out = {
        **{"Eye": 0.02, "Ear": 0.04, "Shoulder": 0.11, "Elbow": 0.15, "Wrist": 0.17},
        **{"Hip": 0.07, "Knee": 0.07, "Ankle": 0.07, "BigToe": 0.09, "SmallToe": 0.1, "Heel": 0.06},
    }
    joints = []
    for name in names:
        sided = name[0] in "LR" and name[1:] in out
        joint = name[1:] if sided else name
        # A person's left is on the right of the picture.
        side = {"L": 1, "R": -1}[name[0]] if sided else 0
        joints.append((x + side * out.get(joint, 0) * height, y - up[joint] * height, 0.9))
    return np.array(joints)


def person(joints: npt.NDArray[np.float64], key: str = "pose_keypoints_2d", **parts: list[float]) -> dict[str, object]:
    """One of ``people`` in a frame of OpenPose's."""
    return {key: np.round(joints, 3).ravel().tolist(), **parts}


def write_frames(
    folder: Path, frames: Sequence[Sequence[dict[str, object]]], name: str = "clip", version: float = 1.3
) -> Path:
    """A folder of OpenPose's JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, people in enumerate(frames):
        file = folder / f"{name}_{number:012}_keypoints.json"
        file.write_text(json.dumps({"version": version, "people": list(people)}))
    return folder


def rows(sequence: KeypointSequence, width: int = 258) -> npt.NDArray[np.float32]:
    """(T, width) as MediaPipe Holistic's recorders save a sequence: zeros where nothing was found."""
    flat = np.zeros((len(sequence), width), np.float32)
    flat[:, :132] = np.where(np.isnan(sequence.keypoints), 0, sequence.keypoints).reshape(len(sequence), -1)
    return flat


__all__ = ["COCO_18", "SIZE", "body", "make_sequence", "person", "rows", "write_frames"]
