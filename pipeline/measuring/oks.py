"""OKS-AP, COCO's measure of keypoints: how alike poses are (object keypoint similarity), and precision over recall.

Source: https://cocodataset.org/#keypoints-eval and ``cocoeval.py`` of cocoapi (``computeOks``, ``evaluateImg``,
``accumulate``), for all sizes of people at once. Where a person's area is not annotated it is taken to be 0.53 of the
box, as is usual (AI Challenger; MMPose).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.measuring.people import Person, box_area
from posegloss.pipeline.skeleton import INDEX

FloatArray = npt.NDArray[np.float64]

_SIGMAS: Final = {
    "nose": 0.026,
    **{f"{side}_{part}": sigma
       for part, sigma in (("eye", 0.025), ("ear", 0.035), ("shoulder", 0.079), ("elbow", 0.072), ("wrist", 0.062),
                           ("hip", 0.107), ("knee", 0.087), ("ankle", 0.089))
       for side in ("left", "right")},
}  # fmt: skip
SIGMAS: Final = {INDEX[name]: sigma for name, sigma in _SIGMAS.items()}
"""By the place among the 33: how far annotators of COCO lie apart, in sizes of the person; other points have none."""
AREA_OF_BOX: Final = 0.53
THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
RECALLS: Final = np.linspace(0, 1, 101)
MOST_FOUND: Final = 20


@dataclass(frozen=True, eq=False)
class PictureAnswers:
    """What was found in one picture.

    Attributes:
        people: the annotated people.
        found: (M, 33, 2) pixels, NaN where a point was not found.
        scores: (M,) how sure the system is of each.
        excused: (M,) those that count as no mistake where they match nobody.
    """

    people: Sequence[Person]
    found: FloatArray
    scores: FloatArray
    excused: npt.NDArray[np.bool_]


def similarity(person: Person, found: FloatArray, places: Sequence[int]) -> FloatArray:
    """(M,) OKS of people found with an annotated one, over the points that were marked; NaN without any or an area.

    Args:
        person: the annotated one.
        found: (M, 33, 2) pixels; a point that was not found is as far away as can be.
        places: the points that count; those without a sigma do not.
    """
    marked = [place for place in places if place in SIGMAS and np.isfinite(person.points[place]).all()]
    area = person.area or AREA_OF_BOX * box_area(person.box)
    if not marked or area <= 0:
        return np.full(len(found), np.nan)
    squares = ((found[:, marked] - person.points[marked]) ** 2).sum(axis=-1)
    variances = (2 * np.array([SIGMAS[place] for place in marked])) ** 2
    result: FloatArray = np.nan_to_num(np.exp(-squares / variances / (2 * area))).mean(axis=1)
    return result


def average_precision(pictures: Sequence[PictureAnswers], places: Sequence[int]) -> float:
    """OKS-AP: the mean over ten thresholds of OKS of the precision at 101 recalls; NaN where nobody can be matched."""
    similarities = [_similarities(picture, places) for picture in pictures]
    wanted = sum(int(np.isfinite(person).all()) for table in similarities for person in table)
    if not wanted:
        return np.nan
    rows = [_ranked(picture, table) for picture, table in zip(pictures, similarities, strict=True)]
    scores = np.concatenate([row[0] for row in rows])
    right = np.concatenate([row[1] for row in rows])
    counted = np.concatenate([row[2] for row in rows])
    order = np.argsort(-scores, kind="stable")
    return float(np.mean([_area_under(right[order, i], counted[order, i], wanted) for i in range(len(THRESHOLDS))]))


def _similarities(picture: PictureAnswers, places: Sequence[int]) -> FloatArray:
    """(N, M); a row of NaN for a person who cannot be matched."""
    if not picture.people:
        return np.empty((0, len(picture.found)))
    return np.stack([similarity(person, picture.found, places) for person in picture.people])


def _ranked(
    picture: PictureAnswers, table: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Scores (M,) of the surest people found; whether each is right and whether it counts, (M, 10) by threshold."""
    order = np.argsort(-picture.scores, kind="stable")[:MOST_FOUND]
    right = np.zeros((len(order), len(THRESHOLDS)), np.bool_)
    for column, threshold in enumerate(THRESHOLDS):
        free = np.nan_to_num(table, nan=-1.0)
        for row, place in enumerate(order):
            if len(free) and (best := int(free[:, place].argmax())) >= 0 and free[best, place] >= threshold:
                right[row, column] = True
                free[best] = -1
    counted = right | ~picture.excused[order][:, None]
    return picture.scores[order], right, counted


def _area_under(right: npt.NDArray[np.bool_], counted: npt.NDArray[np.bool_], wanted: int) -> float:
    """Mean of the best precision at no less than each recall; 0 beyond the highest."""
    hits = np.cumsum(right & counted)
    precision = hits / np.maximum(np.cumsum(counted), 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(hits / wanted, RECALLS, side="left")
    return float(np.where(places < len(best), np.append(best, 0.0)[np.minimum(places, len(best))], 0.0).mean())
