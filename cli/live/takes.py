"""Takes of a sign that the model is to learn, as the session itself saw them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from posegloss.cli.live.limits import MOST_TAKES
from posegloss.cli.live.words import plain_points
from posegloss.pipeline.sequence import KeypointSequence


class Takes:
    """Takes by gloss, each with a number by which it can be taken away.

    Attributes:
        gloss: what the signs that end now are takes of; None while none are wanted.
    """

    def __init__(self) -> None:
        self.gloss: str | None = None
        self._takes: dict[int, tuple[str, KeypointSequence]] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._takes)

    def add(self, sequence: KeypointSequence) -> bool:
        """One more take of the gloss that is being recorded; False where none is, or there are too many."""
        if self.gloss is None or len(self._takes) >= MOST_TAKES:
            return False
        self._takes[self._next] = (self.gloss, sequence)
        self._next += 1
        return True

    def remove(self, number: int) -> None:
        """Forget a take, if there is one of that number."""
        self._takes.pop(number, None)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of all takes."""
        return tuple(self._takes)

    def by_gloss(self) -> Mapping[str, Sequence[KeypointSequence]]:
        """The takes of each gloss."""
        takes: dict[str, list[KeypointSequence]] = {}
        for gloss, sequence in self._takes.values():
            takes.setdefault(gloss, []).append(sequence)
        return takes

    def to_list(self) -> list[dict[str, Any]]:
        """What a page shows of each take: its gloss, how long it lasts, and the skeleton of its middle."""
        return [
            {
                "take": number,
                "gloss": gloss,
                "duration_s": round(sequence.duration, 2),
                "still": plain_points(_middle(sequence)),
                "aspect": sequence.size[0] / sequence.size[1],
            }
            for number, (gloss, sequence) in self._takes.items()
        ]


def _middle(sequence: KeypointSequence) -> Any:
    """The keypoints of the frame in the middle of those that show somebody."""
    shown = np.flatnonzero(sequence.present)
    return sequence.keypoints[shown[len(shown) // 2]] if len(shown) else None
