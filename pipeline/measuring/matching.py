"""Which of the people that a system found is which of those annotated."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from posegloss.pipeline.measuring.people import box_around

FloatArray = npt.NDArray[np.float64]
MOSTLY_IN: Final = 0.5
"""A person found who lies with this part of the box in an ignored one is nobody's mistake."""


def box_in_picture(points: FloatArray, size: tuple[int, int]) -> FloatArray:
    """(4,) the box around (33, 2) points, cut at the edges: annotators mark nothing beyond them."""
    width, height = size
    return np.clip(box_around(points), 0, [width, height, width, height])


def assign(annotated: FloatArray, found: FloatArray) -> list[int | None]:
    """Pairs of boxes with the largest overlap (intersection over union) in total.

    One found and one annotated belong together wherever they lie: whoever measures single people means that.

    Args:
        annotated: (N, 4) boxes.
        found: (M, 4) boxes.

    Returns:
        For each annotated one the place of the found one; None where none overlaps it.
    """
    if len(annotated) == len(found) == 1:
        return [0]
    result: list[int | None] = [None] * len(annotated)
    overlaps = overlap(annotated, found)
    for one, other in zip(*linear_sum_assignment(overlaps, maximize=True), strict=True):
        if overlaps[one, other] > 0:
            result[int(one)] = int(other)
    return result


def overlap(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """(N, M) intersection over union; 0 where a box is unknown or has no area."""
    shared = _shared(boxes, others)
    union = _areas(boxes)[:, None] + _areas(others) - shared
    return np.nan_to_num(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def lies_in(boxes: FloatArray, ignored: FloatArray) -> npt.NDArray[np.bool_]:
    """(N,) whether most of a box lies in one of the (K, 4) ignored boxes."""
    share = _shared(boxes, ignored) / np.maximum(_areas(boxes), 1e-9)[:, None]
    return np.asarray((share > MOSTLY_IN).any(axis=1), np.bool_)


def _shared(boxes: FloatArray, others: FloatArray) -> FloatArray:
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    result: FloatArray = np.maximum(high - low, 0).prod(axis=-1)
    return result


def _areas(boxes: FloatArray) -> FloatArray:
    result: FloatArray = (boxes[:, 2:] - boxes[:, :2]).prod(axis=-1)
    return result
