"""Signs that are made up by the hundred, from the parameters that signs are built from.

Unlike the avatar's lexicon, which names twenty, these are drawn: place, path, handshape, orientation and the number of
hands (Stokoe 1960; Battison 1978), and what may change during a sign. None is a sign of any language.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from posegloss.classifiers.streaming.learning.scenes import one_of
from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.lexicon import Hands, Handshape, Location, Movement
from posegloss.datasets.avatar.trajectory import bends_of

# Bend in radians of a finger's three joints: straight, closed, hooked, and flat but bent at the knuckle.
_FINGER: Final = ((0.06, 0.06, 0.04), (1.45, 1.6, 1.0), (0.5, 0.8, 0.5), (1.2, 0.1, 0.05))
_THUMB: Final = ((0.0, 0.05, 0.0), (0.55, 0.75, 0.6), (0.3, 0.3, 0.2))
_SPREAD: Final = (0.0, 0.1, 0.22)


@dataclass(frozen=True)
class Stroke:
    """One movement of a sign: its path, how often it is done, its size in metres, and how it is turned.

    ``turn`` is a rotation vector in radians: signs move in more directions than the avatar's lexicon does.
    """

    movement: Movement
    repeats: int
    reach: float
    turn: Array


@dataclass(frozen=True, eq=False)
class InventedSign:
    """A sign, as for the right hand of a right-handed signer.

    Attributes:
        hands: one hand, or how two of them share the sign.
        location: where it starts, or what it touches.
        offset: (3,) metres from there.
        strokes: its movements, one after the other.
        fingers: (2, 3) direction of the fingers at its start and its end.
        palm: (2, 3) direction of the palm.
        bends: (2, 16) radians: five fingers by three joints, and the spread.
    """

    hands: Hands
    location: Location
    offset: Array
    strokes: tuple[Stroke, ...]
    fingers: Array
    palm: Array
    bends: Array


def invent(rng: np.random.Generator) -> InventedSign:
    """Draw a sign: half of them with one hand, a third of two movements, a third that open, close or turn the hand."""
    hands = one_of([Hands.ONE] * 3 + [Hands.SYMMETRIC] * 2 + [Hands.ALTERNATING, Hands.BASE], rng)
    strokes = tuple(
        Stroke(
            one_of(list(Movement), rng), int(rng.integers(1, 4)), float(rng.uniform(0.06, 0.3)), rng.normal(0, 0.4, 3)
        )
        for _ in range(2 if rng.random() < 0.3 else 1)
    )
    # Fingers point up and away more often than down: arms leave little choice.
    fingers, palm = rng.normal(0, 1, (2, 3)) + np.array([0.3, -0.6, -0.3]), rng.normal(0, 1, (2, 3))
    bends = np.stack([_handshape(rng), _handshape(rng)])
    if rng.random() < 0.7:
        fingers[1], palm[1] = fingers[0], palm[0]
    if rng.random() < 0.7:
        bends[1] = bends[0]
    return InventedSign(hands, one_of(list(Location), rng), rng.normal(0, 0.06, 3), strokes, fingers, palm, bends)


def _handshape(rng: np.random.Generator) -> Array:
    """(16,) bends of one of the avatar's handshapes, or of one with other fingers stretched."""
    bends = bends_of(one_of(list(Handshape), rng))
    if rng.random() < 0.6:
        fingers = bends[:15].reshape(5, 3)
        for finger in fingers[:4]:
            if rng.random() < 0.4:
                finger[:] = one_of(_FINGER, rng)
        if rng.random() < 0.4:
            fingers[4] = one_of(_THUMB, rng)
        bends[15] = one_of(_SPREAD, rng)
    return bends
