"""Invented signs, built from the parameters that signs of real sign languages are built from.

A sign is a handshape, a place, a movement, an orientation of the palm, and a number of hands (Stokoe 1960; Battison
1978 for the orientation and the kinds of two-handed signs). The glosses here name the motion and mean nothing: none is
a sign of any language.

Directions and places are those of a right-handed signer's right hand. A left-handed signer mirrors all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Handshape(StrEnum):
    """What the fingers do."""

    RELAXED = "relaxed"
    FLAT = "flat"
    FIST = "fist"
    INDEX = "index"
    SPREAD = "spread"
    V = "v"
    CURVED = "curved"


class Location(StrEnum):
    """Where the middle of the hand is when the movement starts, or what it touches."""

    FOREHEAD = "forehead"
    TEMPLE = "temple"
    CHIN = "chin"
    CHEST = "chest"
    NEUTRAL = "neutral space"
    CENTRE = "middle of neutral space"
    SIDE = "side"
    OPPOSITE_SHOULDER = "opposite shoulder"
    BASE_HAND = "base hand"


class Movement(StrEnum):
    """The path of the hand."""

    UP = "up"
    DOWN = "down"
    OUT = "away from the signer"
    SIDE = "to the side"
    ARC_OUT = "arc away and down"
    ARC_SIDE = "arc over to the side"
    CIRCLE = "circle seen from the front"
    CIRCLE_FORWARD = "circle seen from the side"
    ZIGZAG_DOWN = "zigzag down"
    TAP = "touch"
    TWIST = "turn about the fingers' axis"
    BOB = "up and down"


CYCLIC: Final = (Movement.CIRCLE, Movement.CIRCLE_FORWARD, Movement.TAP, Movement.TWIST, Movement.BOB)
"""The movements that may be repeated."""


class Direction(StrEnum):
    """A direction from the signer's point of view; across is towards the other hand's side."""

    UP = "up"
    DOWN = "down"
    OUT = "out"
    IN = "in"
    ACROSS = "across"
    UP_ACROSS = "up and across"
    OUT_ACROSS = "out and across"
    UP_OUT = "up and out"


class Hands(StrEnum):
    """How the two hands share the sign."""

    ONE = "one hand"
    SYMMETRIC = "two hands, mirrored"
    ALTERNATING = "two hands, half a cycle apart"
    BASE = "two hands, the other one at rest as a base"


@dataclass(frozen=True)
class Sign:
    """One invented sign.

    Attributes:
        location: where the movement starts, or what is touched.
        movement: the path.
        handshape: what the fingers do throughout.
        palm: where the palm faces.
        fingers: where stretched fingers would point; the arm bends this where it cannot follow.
        hands: one hand, or how two of them share the sign.
        repeats: how often a tap, circle, twist or bob is done.
        reach: size of the movement in metres, for a signer of 1.70 m.
    """

    location: Location
    movement: Movement
    handshape: Handshape
    palm: Direction
    fingers: Direction
    hands: Hands = Hands.ONE
    repeats: int = 1
    reach: float = 0.2


_L, _M, _H, _D = Location, Movement, Handshape, Direction

# Near pairs are meant: the same place with another path (CHIN-*, CHEST-*), or one hand against two (*-RISE, *-CIRCLE).
LEXICON: Final[Mapping[str, Sign]] = MappingProxyType(
    {
        "CHIN-ARC-OUT": Sign(_L.CHIN, _M.ARC_OUT, _H.FLAT, _D.IN, _D.UP_ACROSS, reach=0.20),
        "CHIN-OUT": Sign(_L.CHIN, _M.OUT, _H.FLAT, _D.IN, _D.UP_ACROSS, reach=0.20),
        "CHIN-TAP": Sign(_L.CHIN, _M.TAP, _H.INDEX, _D.IN, _D.UP_ACROSS, repeats=2, reach=0.10),
        "FOREHEAD-OUT": Sign(_L.FOREHEAD, _M.OUT, _H.FLAT, _D.DOWN, _D.UP_ACROSS, reach=0.22),
        "TEMPLE-TWIST": Sign(_L.TEMPLE, _M.TWIST, _H.CURVED, _D.OUT, _D.UP, repeats=2, reach=0.02),
        "CHEST-CIRCLE": Sign(_L.CHEST, _M.CIRCLE, _H.FLAT, _D.IN, _D.ACROSS, repeats=2, reach=0.15),
        "CHEST-DOWN": Sign(_L.CHEST, _M.DOWN, _H.SPREAD, _D.IN, _D.ACROSS, reach=0.22),
        "CHEST-TAP": Sign(_L.CHEST, _M.TAP, _H.FLAT, _D.IN, _D.ACROSS, repeats=2, reach=0.10),
        "TWO-CHEST-CIRCLE": Sign(
            _L.CHEST, _M.CIRCLE, _H.FLAT, _D.IN, _D.ACROSS, Hands.SYMMETRIC, repeats=2, reach=0.13
        ),
        "SHOULDER-TAP": Sign(_L.OPPOSITE_SHOULDER, _M.TAP, _H.FLAT, _D.IN, _D.UP_ACROSS, repeats=2, reach=0.10),
        "SIDE-ZIGZAG": Sign(_L.SIDE, _M.ZIGZAG_DOWN, _H.INDEX, _D.OUT, _D.UP_OUT, reach=0.30),
        "SIDE-RAINBOW": Sign(_L.SIDE, _M.ARC_SIDE, _H.V, _D.OUT, _D.UP, reach=0.30),
        "ONE-HAND-RISE": Sign(_L.NEUTRAL, _M.UP, _H.FLAT, _D.UP, _D.OUT_ACROSS, reach=0.26),
        "TWO-HANDS-RISE": Sign(_L.NEUTRAL, _M.UP, _H.FLAT, _D.UP, _D.OUT_ACROSS, Hands.SYMMETRIC, reach=0.26),
        "TWO-HANDS-PART": Sign(_L.CENTRE, _M.SIDE, _H.FLAT, _D.DOWN, _D.OUT_ACROSS, Hands.SYMMETRIC, reach=0.26),
        "TWO-HANDS-PEDAL": Sign(
            _L.NEUTRAL, _M.CIRCLE_FORWARD, _H.FIST, _D.ACROSS, _D.UP_OUT, Hands.ALTERNATING, repeats=2, reach=0.17
        ),
        "TWO-HANDS-SEESAW": Sign(
            _L.NEUTRAL, _M.BOB, _H.SPREAD, _D.UP, _D.OUT_ACROSS, Hands.ALTERNATING, repeats=2, reach=0.17
        ),
        "BASE-TAP": Sign(_L.BASE_HAND, _M.TAP, _H.FIST, _D.DOWN, _D.OUT_ACROSS, Hands.BASE, repeats=2, reach=0.11),
        "BASE-SWEEP-OUT": Sign(_L.BASE_HAND, _M.OUT, _H.FLAT, _D.DOWN, _D.OUT_ACROSS, Hands.BASE, reach=0.18),
        "BASE-RISE": Sign(_L.BASE_HAND, _M.UP, _H.V, _D.OUT, _D.UP, Hands.BASE, reach=0.26),
    }
)
