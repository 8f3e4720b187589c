"""What the server says to the page, as plain values."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from posegloss.classifiers.streaming.events import SignEnded, SignGuessed
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import LAYOUTS

_SIDES: Final = ("left", "right")


def plain_points(keypoints: FloatArray | None) -> list[list[float] | None] | None:
    """[x, y, visibility] of each point, None for one that is missing, and None for nobody."""
    if keypoints is None or not np.isfinite(keypoints[:, 0]).any():
        return None
    rounded = np.round(keypoints[:, [0, 1, 3]].astype(float), 4).tolist()
    return [point if point[0] == point[0] else None for point in rounded]


def plain_layout(name: str) -> dict[str, Any]:
    """What a page needs to draw a skeleton: the side of each point, and pairs of points with a side of their own."""
    layout = LAYOUTS[name]
    sides = [next((side for side in _SIDES if side in point.split("_")), "middle") for point in layout.points]
    bones = [[a, b, sides[a] if sides[a] == sides[b] else "middle"] for a, b in layout.bones]
    return {"sides": sides, "bones": bones, "body": len(LAYOUTS["blazepose33"])}


def plain_ranking(ranking: Iterable[tuple[str, float]]) -> list[list[Any]]:
    """[gloss, probability] of each."""
    return [[gloss, round(probability, 4)] for gloss, probability in ranking]


def plain_guess(guess: SignGuessed) -> dict[str, Any]:
    """What a sign may be that goes on."""
    return {"kind": "guessed", "start_s": guess.start_s, "ranking": plain_ranking(guess.ranking)}


def plain_sign(ended: SignEnded) -> dict[str, Any]:
    """What a sign was."""
    answer = ended.prediction
    return {
        "start_s": round(ended.start_s, 3),
        "end_s": round(ended.end_s, 3),
        "gloss": answer.gloss,
        "confidence": round(answer.confidence, 4),
        "sure": answer.sure,
        "ranking": plain_ranking(answer.ranking),
        "reason": answer.reason,
    }
