"""MPII Human Pose (Andriluka et al. 2014): the published ``mpii_human_pose_v1_u12_1.mat``, and its JSON by others.

Formats: http://human-pose.mpi-inf.mpg.de/#download, and the JSON (``train.json``, ``valid.json``: a list of ``image``,
``joints``, ``joints_vis``) that Simple Baselines made of it (https://github.com/microsoft/human-pose-estimation.pytorch),
which has no rectangle of the head. Both count pixels from 1; here from 0.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.people import Annotations, FloatArray, Person, from_named

JOINTS: Final = (
    *("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    *("pelvis", "thorax", "upper_neck", "head_top"),
    *("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
)
HEAD_FACTOR: Final = 0.6
"""The size of the head in MPII's own evaluation (``SC_BIAS``): this part of the diagonal of its rectangle."""
_OTHERS: Final = ("upper_neck", "head_top")
_PERSON_HEIGHT: Final = 200
"""Pixels of a person of scale 1."""


def is_mpii(data: object) -> bool:
    """Whether what a JSON file holds looks like MPII's annotations."""
    return isinstance(data, list) and bool(data) and isinstance(data[0], dict) and {"image", "joints"} <= data[0].keys()


def read_mpii_json(data: Sequence[Mapping[str, Any]], source: str) -> Annotations:
    """The people of the JSON; the size of a head is from the upper neck to the top of the head.

    Raises:
        FormatError: a row has not 16 joints.
    """
    people = []
    for number, row in enumerate(data):
        joints = np.array(row["joints"], np.float64)
        seen = np.array(row.get("joints_vis", np.ones(len(JOINTS))), np.float64)
        if joints.shape != (len(JOINTS), 2) or seen.shape != (len(JOINTS),):
            raise FormatError(f"{source}: row {number} has not the {len(JOINTS)} joints of MPII")
        there = (seen > 0) & (joints > 0).any(axis=1)
        marked = {
            name: (x - 1, y - 1) for name, (x, y), sure in zip(JOINTS, joints.tolist(), there, strict=True) if sure
        }
        others = _others(marked)
        people.append(
            Person(str(row["image"]), from_named(marked), others=others, head=float(np.hypot(*(others[1] - others[0]))))
        )
    return Annotations(source, tuple(person for person in people if np.isfinite(person.points).any()))


def read_mpii_mat(release: Any, source: str) -> Annotations:
    """The people of the published file that have joints (those of its training part).

    Args:
        release: its ``RELEASE``, as ``scipy.io.loadmat`` gives it with ``squeeze_me`` and without records.
        source: the file, for messages.
    """
    people, ignored = [], defaultdict(list)
    for entry in np.atleast_1d(release.annolist):
        image = str(entry.image.name)
        for rectangle in _listed(getattr(entry, "annorect", None)):
            points = _listed(getattr(getattr(rectangle, "annopoints", None), "point", None))
            marked = {JOINTS[int(one.id)]: (float(one.x) - 1, float(one.y) - 1) for one in points}
            if marked:
                people.append(Person(image, from_named(marked), others=_others(marked), head=_head(rectangle)))
            elif (box := _box(rectangle)) is not None:
                ignored[image].append(box)
    if not people:
        raise FormatError(f"{source} has no person with joints")
    return Annotations(source, tuple(people), {name: np.array(boxes) for name, boxes in ignored.items()})


def _listed(value: Any) -> Iterator[Any]:
    """The structs of a MATLAB array of any length; an empty one comes as an empty array."""
    return (one for one in np.atleast_1d(np.asarray(value, dtype=object)) if hasattr(one, "_fieldnames"))


def _others(marked: Mapping[str, tuple[float, float]]) -> FloatArray:
    return np.array([marked.get(name, (np.nan, np.nan)) for name in _OTHERS])


def _head(rectangle: Any) -> float:
    size = HEAD_FACTOR * float(np.hypot(rectangle.x2 - rectangle.x1, rectangle.y2 - rectangle.y1))
    return size if size > 0 else np.nan


def _box(rectangle: Any) -> FloatArray | None:
    """Where a person without joints stands: only a middle and a height are given."""
    if not hasattr(getattr(rectangle, "objpos", None), "x") or not np.size(getattr(rectangle, "scale", ())):
        return None
    half = _PERSON_HEIGHT * float(rectangle.scale) / 2
    x, y = float(rectangle.objpos.x), float(rectangle.objpos.y)
    return np.array([x - half, y - half, x + half, y + half])
