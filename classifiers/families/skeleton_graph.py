"""The skeleton as a graph for graph convolutions: which points are neighbours, and on which side of the body's centre.

Neighbours are partitioned by the spatial configuration of Yan et al. 2018 (section 3.3): a point itself and those as
far from the centre, those nearer to it, and those further away. The centre is between the shoulders.
"""

from typing import Final

import numpy as np

from posegloss.classifiers.input_points import InputPoints
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import SIDES

# A layout's bones are what is drawn. These hold together what its drawing leaves apart: the face, and whole hands.
_LINKS: Final = (
    *(("nose", name) for name in ("left_eye_outer", "right_eye_outer", "mouth_left", "mouth_right")),
    *(("nose", f"{side}_shoulder") for side in SIDES),
    *((f"{side}_wrist", f"{side}_hand_wrist") for side in SIDES),
)


def edges(points: InputPoints) -> tuple[tuple[int, int], ...]:
    """Pairs of inputs that are neighbours; every input can be reached from every other one."""
    known = points.index
    links = ((known[a], known[b]) for a, b in _LINKS if a in known and b in known)
    return (*points.bones, *links)


def hops_from_centre(points: InputPoints) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(K,) how many edges each input is away from the nearer shoulder; infinite where no way leads there."""
    hops = np.full(len(points), np.inf)
    hops[[points.index[f"{side}_shoulder"] for side in SIDES]] = 0
    for _ in points.names:
        for a, b in edges(points):
            hops[a], hops[b] = min(hops[a], hops[b] + 1), min(hops[b], hops[a] + 1)
    return hops


def adjacency(points: InputPoints) -> FloatArray:
    """(3, K, K) what input i hears of input j: from itself and its like, from further in, from further out.

    Their sum is normalized by the numbers of neighbours of both (Kipf and Welling 2017, equation 2).
    """
    near = np.eye(len(points), dtype=np.float32)
    for a, b in edges(points):
        near[a, b] = near[b, a] = 1
    scale = 1 / np.sqrt(near.sum(axis=1))
    near *= scale[:, None] * scale
    hops = hops_from_centre(points)
    inward = np.sign(hops[:, None] - hops)
    return np.stack([near * (inward == side) for side in (0, 1, -1)]).astype(np.float32)
