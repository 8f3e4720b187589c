"""From the paths of the hands to the joints of the whole body: inverse kinematics, fingers, head and trunk."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from posegloss.datasets.avatar.body import (
    ANKLE_HEIGHT,
    EYE_HEIGHT,
    KNEE_HEIGHT,
    KNUCKLES,
    PHALANGES,
    Array,
    Body,
)
from posegloss.datasets.avatar.motion import Choreography, wander
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.trajectory import HandPath
from posegloss.pipeline.skeleton import INDEX, KEYPOINT_NAMES

_MIRROR: Final = np.array([-1.0, 1.0, 1.0])
_WRIST_BEND: Final = np.deg2rad(62)

# The face in head heights from the middle between the ears (x, y, z); right-hand points mirror these. Heights follow
# the eyes' 0.936 and the chin's 0.870 of the stature, the rest is laid out like the drawing in face.py.
FACE: Final = {
    "nose": (0.0, 0.06, -0.36),
    "eye_inner": (0.075, -0.10, -0.29),
    "eye": (0.143, -0.10, -0.285),
    "eye_outer": (0.205, -0.10, -0.25),
    "ear": (0.325, 0.0, 0.0),
    "mouth": (0.105, 0.21, -0.285),
}
EAR_HEIGHT: Final = EYE_HEIGHT - 0.0125
_PIVOT_HEIGHT: Final = 0.845  # where the head turns, in the neck


@dataclass(frozen=True, eq=False)
class Joints:
    """Joints over T frames, in metres in the body frame.

    Attributes:
        points: (T, 33, 3) in BlazePose's order.
        fingers: (T, 2, 5, 4, 3) left hand then right; index, middle, ring, little finger, thumb; knuckle to tip.
        palms: (T, 2, 3) directions out of the palms.
        head: (T, 3, 3) rotation of the head.
        neck: (T, 3) the pivot of the head.
    """

    points: Array
    fingers: Array
    palms: Array
    head: Array
    neck: Array


def articulate(signer: Signer, dance: Choreography, frame_rate: float, rng: np.random.Generator) -> Joints:
    """Every joint of the body for the paths of the hands.

    Args:
        signer: whose body it is.
        dance: the paths; the dominant hand goes to the right, or to the left of a left-handed signer.
        frame_rate: frames a second, for the idle movement of trunk and head.
        rng: of the take.
    """
    body = signer.body
    n = len(dance.effort)
    points = np.zeros((n, 33, 3))
    fingers = np.zeros((n, 2, 5, 4, 3))
    palms = np.zeros((n, 2, 3))
    hands = (dance.dominant, dance.other) if signer.left_handed else (dance.other, dance.dominant)
    for side, (name, path) in enumerate(zip(("left", "right"), hands, strict=True)):
        flip = _MIRROR if name == "left" else np.ones(3)
        shoulder = np.array([-body.shoulder_x, body.shoulder_y, 0.0])
        elbow, wrist, frame = _arm(body, shoulder, path, signer.style.elbow)
        chain = _fingers(body, wrist, frame, path.bends)
        fingers[:, side] = chain * flip
        palms[:, side] = frame[..., 1] * flip
        # BlazePose marks the knuckles of little finger and index, and the thumb's second knuckle.
        arm = {"shoulder": shoulder, "elbow": elbow, "wrist": wrist}
        arm |= {"pinky": chain[:, 3, 0], "index": chain[:, 0, 0], "thumb": chain[:, 4, 1]}
        for part, place in (arm | _leg(body)).items():
            points[:, INDEX[f"{name}_{part}"]] = place * flip

    sway = wander(n, frame_rate, rng, 0.45) * signer.style.sway
    head = _head(signer, dance, wander(n, frame_rate, rng, 0.7))
    points, fingers = _lean(body, points, sway), _lean(body, fingers, sway)
    neck = _lean(body, np.tile([0.0, body.height(_PIVOT_HEIGHT), 0.01], (n, 1)), sway)
    joints = Joints(points, fingers, palms, head, neck)
    points[:, :11] = on_head(body, joints, _FACE_POINTS)
    return joints


def _arm(body: Body, shoulder: Array, path: HandPath, elbow_out: float) -> tuple[Array, Array, Array]:
    """Elbow (n, 3), wrist (n, 3) and the hand's frame (n, 3, 3) once wrist and elbow can follow."""
    frame = path.frame
    to_wrist = 0.46 * body.hand
    wrist = path.centre - frame[..., 0] * to_wrist
    for _ in range(3):
        elbow, wrist = _reach(body, shoulder, wrist, elbow_out)
        forearm = _unit(wrist - elbow)
        frame = _bend_wrist(forearm, path.frame)
        wrist = path.centre - frame[..., 0] * to_wrist
    elbow, wrist = _reach(body, shoulder, wrist, elbow_out)
    return elbow, wrist, frame


def _reach(body: Body, shoulder: Array, wrist: Array, elbow_out: float) -> tuple[Array, Array]:
    """Two bones from the shoulder to the wrist, the elbow low and to the side; a wrist out of reach is pulled in."""
    upper, fore = body.upper_arm, body.forearm
    way = wrist - shoulder
    length = np.linalg.norm(way, axis=-1, keepdims=True)
    direction = way / length
    length = np.clip(length, 0.45 * (upper + fore), 0.985 * (upper + fore))
    hint = np.array([-elbow_out, 0.85, 0.3])
    down = _unit(hint - direction * (direction @ hint)[:, None])
    along = (length**2 + upper**2 - fore**2) / (2 * length)
    elbow = shoulder + direction * along + down * np.sqrt(np.maximum(upper**2 - along**2, 0))
    return elbow, shoulder + direction * length


def _bend_wrist(forearm: Array, frame: Array) -> Array:
    """The hand's frame, with its fingers no further from the forearm than a wrist bends."""
    fingers = frame[..., 0]
    cosine = np.clip((fingers * forearm).sum(-1), -1, 1)
    angle = np.arccos(cosine)
    aside = _unit(fingers - forearm * cosine[:, None] + 1e-9)
    bent = np.minimum(angle, _WRIST_BEND)[:, None]
    along = forearm * np.cos(bent) + aside * np.sin(bent)
    palm = _unit(frame[..., 1] - along * (along * frame[..., 1]).sum(-1, keepdims=True))
    return np.stack([along, palm, np.cross(along, palm)], axis=-1)


def _fingers(body: Body, wrist: Array, frame: Array, bends: Array) -> Array:
    """(n, 5, 4, 3) finger joints of a right hand, from the knuckle to the tip."""
    along, palm, thumb = (frame[:, None, :, i] for i in range(3))
    knuckles = KNUCKLES * body.hand
    start = wrist[:, None] + along * knuckles[:, :1] + thumb * knuckles[:, 1:2] + palm * knuckles[:, 2:]
    # Fingers fan out about the middle one; the thumb stands off to the side and swings in front of the palm.
    fan = np.array([1.0, 0.1, -0.7, -1.5]) * bends[:, 15:]
    angle = np.cumsum(bends[:, :15].reshape(-1, 5, 3), axis=-1)
    out = along * np.cos(fan)[..., None] + thumb * np.sin(fan)[..., None]
    steps = np.cos(angle[:, :4, :, None]) * out[:, :, None] + np.sin(angle[:, :4, :, None]) * palm[:, :, None]
    open_thumb, closed = _unit(0.72 * along + 0.68 * thumb + 0.15 * palm), _unit(0.55 * palm - 0.8 * thumb)
    inward = _unit(closed - open_thumb * (closed * open_thumb).sum(-1, keepdims=True))
    swing = angle[:, 4:, :, None]
    steps = np.concatenate([steps, np.cos(swing) * open_thumb[:, :, None] + np.sin(swing) * inward[:, :, None]], axis=1)
    bones = np.cumsum(steps * (PHALANGES * body.hand)[..., None], axis=2)
    return np.concatenate([start[:, :, None], start[:, :, None] + bones], axis=2)


def _leg(body: Body) -> dict[str, Array]:
    """Joints of a right leg that stands straight."""
    ankle, knee, ground = body.height(ANKLE_HEIGHT), body.height(KNEE_HEIGHT), body.height(0.0)
    foot = 0.152 * body.stature
    x = -body.hip_x
    return {
        "hip": np.array([x, 0.0, 0.0]),
        "knee": np.array([x, knee, 0.0]),
        "ankle": np.array([x, ankle, 0.02]),
        "heel": np.array([x, ground, 0.05]),
        "foot_index": np.array([x, ground, 0.05 - foot]),
    }


def _head(signer: Signer, dance: Choreography, idle: Array) -> Array:
    """(n, 3, 3) rotation of the head: idle movement, a nod with the effort, and a look towards the hand."""
    hand = dance.dominant.centre[:, 0] * (-1 if signer.left_handed else 1)
    yaw = 0.06 * idle[:, 0] - 0.25 * hand * dance.effort
    pitch = 0.03 * idle[:, 1] + 0.05 * dance.effort
    roll = 0.025 * idle[:, 2]
    one, zero = np.ones_like(yaw), np.zeros_like(yaw)
    turn = np.array([[np.cos(yaw), zero, np.sin(yaw)], [zero, one, zero], [-np.sin(yaw), zero, np.cos(yaw)]])
    nod = np.array([[one, zero, zero], [zero, np.cos(pitch), -np.sin(pitch)], [zero, np.sin(pitch), np.cos(pitch)]])
    tilt = np.array([[np.cos(roll), -np.sin(roll), zero], [np.sin(roll), np.cos(roll), zero], [zero, zero, one]])
    return np.asarray(np.moveaxis(tilt, 2, 0) @ np.moveaxis(turn, 2, 0) @ np.moveaxis(nod, 2, 0))


def on_head(body: Body, joints: Joints, points: Array) -> Array:
    """Where points of the head are.

    Args:
        body: for the size of the head.
        joints: for its pose over n frames.
        points: (k, 3) in head heights from the middle between the ears, as in `FACE`.

    Returns:
        (n, k, 3) metres in the body frame.
    """
    ears = np.array([0.0, body.height(EAR_HEIGHT) - body.height(_PIVOT_HEIGHT), -0.01])
    offsets = ears + points * body.head_height
    return np.asarray(offsets @ np.swapaxes(joints.head, 1, 2) + joints.neck[:, None])


def _face_points() -> Array:
    """(11, 3) BlazePose's points of the face, in head heights from the middle between the ears."""
    rows = []
    for name in KEYPOINT_NAMES[:11]:
        x, y, z = FACE["_".join(word for word in name.split("_") if word not in ("left", "right"))]
        rows.append((-x if "right" in name else x, y, z))
    return np.array(rows)


_FACE_POINTS: Final = _face_points()


def _lean(body: Body, points: Array, sway: Array) -> Array:
    """Points (n, ..., 3) moved by the sway (n, 3): nothing at the hips, all of it at the shoulders."""
    share = np.maximum(points[..., 1:2] / body.shoulder_y, 0)
    return np.asarray(points + share * sway.reshape(len(sway), *(1,) * (points.ndim - 2), 3))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
