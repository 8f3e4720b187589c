"""Leeds Sports Pose (2,000 pictures) and Leeds Sports Pose Extended (10,000), Johnson and Everingham 2010 and 2011.

``joints.mat`` holds ``joints``: 3 x 14 x N in LSP, whose third row says that a joint is hidden (it is marked all the
same), and 14 x 3 x N in the extended set, whose third column says that it is marked at all. Picture i is im0001.jpg
there and im00001.jpg here. Also read: the same as a NumPy archive with ``joints`` (N, 14, 3) as in the extended set,
and ``name`` (N,).
"""

from pathlib import PurePath
from typing import Any, Final

import numpy as np

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.people import Annotations, FloatArray, Person, from_named

JOINTS: Final = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
    *("neck", "head_top"),
)
_NECK, _HEAD_TOP = JOINTS.index("neck"), JOINTS.index("head_top")


def read_lsp(joints: Any, source: str, names: Any = None) -> Annotations:
    """The people of either set, one a picture.

    Args:
        joints: the array of the file; pixels.
        source: the file, for messages.
        names: (N,) the pictures; numbered as in the published sets unless given.

    Raises:
        FormatError: the array has none of the shapes.
    """
    joints = np.asarray(joints, np.float64)
    if joints.ndim == 3 and names is not None and joints.shape[1:] == (14, 3):
        marked = joints
    elif joints.ndim == 3 and names is None and joints.shape[:2] == (14, 3):
        marked, names = joints.transpose(2, 0, 1), _numbered(joints, 5)
    elif joints.ndim == 3 and names is None and joints.shape[:2] == (3, 14):
        marked, names = joints.transpose(2, 1, 0).copy(), _numbered(joints, 4)
        marked[..., 2] = 1
    else:
        wanted = "3 x 14 x N and 14 x 3 x N are read" if names is None else "N x 14 x 3 is read"
        raise FormatError(f"{source}: joints has the shape {joints.shape}; {wanted}")
    if len(names) != len(marked):
        raise FormatError(f"{source} names {len(names)} pictures and has joints of {len(marked)}")
    people = (_person(str(PurePath(name)), one) for name, one in zip(names, marked, strict=True))
    return Annotations(source, tuple(person for person in people if np.isfinite(person.points).any()))


def _numbered(joints: FloatArray, digits: int) -> list[str]:
    return [f"im{number:0{digits}}.jpg" for number in range(1, joints.shape[2] + 1)]


def _person(name: str, joints: FloatArray) -> Person:
    there = (joints[:, 2] > 0) & np.isfinite(joints).all(axis=1)
    places = np.where(there[:, None], joints[:, :2], np.nan)
    points = from_named({joint: (x, y) for joint, (x, y) in zip(JOINTS, places.tolist(), strict=True)})
    head = float(np.hypot(*(places[_HEAD_TOP] - places[_NECK])))
    return Person(name, points, others=places[[_NECK, _HEAD_TOP]], head=head if head > 0 else np.nan)
