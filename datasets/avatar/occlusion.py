"""Which points a hand or a forearm hides."""

from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.rig import Joints
from posegloss.datasets.avatar.signer import Signer
from posegloss.pipeline.skeleton import INDEX, SIDES

_ARM: Final = ("elbow", "wrist", "pinky", "index", "thumb")
_AHEAD: Final = 0.03  # metres that an arm must be nearer to the camera to hide a point


def hidden(signer: Signer, joints: Joints, seen: Array, focal: float) -> npt.NDArray[np.bool_]:
    """(T, 33) whether a forearm or a hand, other than the point's own, lies before the point.

    Args:
        signer: for the thickness of the arms.
        joints: in the body frame.
        seen: (T, 33, 3) x and y in pixels and depth in metres of the same joints.
        focal: pixels, of the camera.
    """
    result = np.zeros(seen.shape[:2], bool)
    # A hand as the way from the wrist to the middle finger's second joint.
    spans = signer.body.scale * np.array([0.034, 0.042])
    for name in SIDES:
        wrist, elbow = seen[:, INDEX[f"{name}_wrist"]], seen[:, INDEX[f"{name}_elbow"]]
        knuckles = (seen[:, INDEX[f"{name}_pinky"]] + seen[:, INDEX[f"{name}_index"]]) / 2
        tip = wrist + 1.5 * (knuckles - wrist)
        others = np.array([i for key, i in INDEX.items() if key not in {f"{name}_{part}" for part in _ARM}])
        for (start, end), radius in zip(((elbow, wrist), (wrist, tip)), spans, strict=True):
            result[:, others] |= _covers(start, end, radius * focal, seen[:, others])
    return result


def _covers(start: Array, end: Array, reach: float, points: Array) -> npt.NDArray[np.bool_]:
    """(T, k) whether a thick line from start to end (T, 3) covers points (T, k, 3) that lie further away."""
    way = (end - start)[:, None]
    offset = points - start[:, None]
    along = (offset[..., :2] * way[..., :2]).sum(-1) / np.maximum((way[..., :2] ** 2).sum(-1), 1e-6)
    along = np.clip(along, 0, 1)[..., None]
    near = start[:, None] + along * way
    distance = np.linalg.norm(points[..., :2] - near[..., :2], axis=-1)
    return np.asarray((distance < reach / near[..., 2]) & (near[..., 2] < points[..., 2] - _AHEAD))
