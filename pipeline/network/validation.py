"""PCK@0.2 of a network on examples that it does not learn from."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.measuring.pck import PAPERS_THRESHOLD
from posegloss.pipeline.measuring.people import HIPS, SHOULDERS
from posegloss.pipeline.network.batches import plain_batches
from posegloss.pipeline.network.description import NUM_POINTS
from posegloss.pipeline.network.example import Examples

FloatArray = npt.NDArray[np.float32]


def pck(examples: Examples, side: int, batch: int, find: Callable[[Any], Any]) -> float:
    """The share of points that lie within 0.2 torso sizes of where they are known to be.

    Points outside of the picture do not count, nor people of whom a shoulder or a hip is unknown.

    Args:
        examples: whom to find.
        side: pixels of the network's input.
        batch: pictures at once.
        find: pictures, (B, side, side, 3) in 0 to 1, to (B, 33+, 2+) x, y as fractions of the side.

    Returns:
        From 0 to 1; NaN where nobody can be measured.
    """
    right, known = 0, 0
    for pictures, values in plain_batches(examples, side, batch):
        wanted = values["points"].numpy()[:, :NUM_POINTS, :2]
        found = np.asarray(find(pictures))[:, :NUM_POINTS, :2]
        verdicts = _verdicts(found, wanted)
        right += int((verdicts > 0).sum())
        known += int((verdicts >= 0).sum())
    return right / known if known else np.nan


def _verdicts(found: FloatArray, wanted: FloatArray) -> npt.NDArray[np.int_]:
    """(B, 33) 1 right, 0 wrong, -1 not measured."""
    torso = np.hypot(*np.moveaxis(wanted[:, SHOULDERS].mean(axis=1) - wanted[:, HIPS].mean(axis=1), -1, 0))
    with np.errstate(invalid="ignore"):
        inside = ((wanted >= 0) & (wanted < 1)).all(axis=-1) & (torso > 0)[:, None]
        near = np.hypot(*np.moveaxis(found - wanted, -1, 0)) <= PAPERS_THRESHOLD * torso[:, None]
    return np.where(inside, near.astype(int), -1)
