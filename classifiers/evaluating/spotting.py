"""How well signs were found in a long recording: where they are, and which they are.

A found span is right where it overlaps a true one by at least half of what both cover together (intersection over
union, as in the detection of actions, Caba Heilbron et al. 2015, ActivityNet). No two found spans share a true one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from posegloss.pipeline.formats.eaf import GlossSpan

ENOUGH_OVERLAP: Final = 0.5


@dataclass(frozen=True)
class Spotting:
    """Counts over one recording or several.

    Attributes:
        signs: true spans.
        found: found spans.
        placed: found spans that are where a true one is.
        right: those of them that have its gloss, too.
    """

    signs: int = 0
    found: int = 0
    placed: int = 0
    right: int = 0

    def __add__(self, other: "Spotting") -> "Spotting":
        return Spotting(
            self.signs + other.signs, self.found + other.found, self.placed + other.placed, self.right + other.right
        )

    @property
    def placed_f1(self) -> float:
        """The harmonic mean of precision and recall of the places; 1 where there is no sign and none is found."""
        return self._f1(self.placed)

    @property
    def f1(self) -> float:
        """The same where the gloss must be right, too."""
        return self._f1(self.right)

    def _f1(self, hits: int) -> float:
        return 2 * hits / (self.signs + self.found) if self.signs + self.found else 1.0


def score_spans(found: Sequence[GlossSpan], true: Sequence[GlossSpan], enough: float = ENOUGH_OVERLAP) -> Spotting:
    """Compare found spans with the true ones of the same recording.

    Args:
        found: what was spotted.
        true: what is there. Spans of a list are taken not to overlap each other.
        enough: the least overlap; from a half on, no span can have two partners.
    """
    free = list(found)
    placed = right = 0
    for sign in true:
        best = max(free, key=lambda span: overlap(span, sign), default=None)
        if best is not None and overlap(best, sign) >= enough:
            free.remove(best)
            placed += 1
            right += best.gloss == sign.gloss
    return Spotting(len(true), len(found), placed, right)


def overlap(a: GlossSpan, b: GlossSpan) -> float:
    """The time that two spans share as a part of the time that they cover together."""
    shared = max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))
    together = a.end_s - a.start_s + b.end_s - b.start_s - shared
    return shared / together if together > 0 else 0.0
