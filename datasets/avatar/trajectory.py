"""The path of one hand through a sign, and the easing that makes it look human.

Everything is computed for a right hand (x negative is to its own side); the rig mirrors it for the left one.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from posegloss.datasets.avatar.body import Array, Body
from posegloss.datasets.avatar.lexicon import Direction, Handshape, Location, Movement

_DIRECTIONS: Final = {
    Direction.UP: (0, -1, 0),
    Direction.DOWN: (0, 1, 0),
    Direction.OUT: (0, 0, -1),
    Direction.IN: (0, 0, 1),
    Direction.ACROSS: (1, 0, 0),
    Direction.UP_ACROSS: (0.6, -0.8, 0),
    Direction.OUT_ACROSS: (0.55, 0, -0.83),
    Direction.UP_OUT: (0, -0.8, -0.6),
}

# Bend in radians of the three joints of index, middle, ring and little finger, then of the thumb; last, the spread.
_CLOSED: Final = (1.45, 1.6, 1.0)
_STRAIGHT: Final = (0.06, 0.06, 0.04)
_FINGERS: Final = {
    Handshape.RELAXED: (*((0.35, 0.45, 0.25),) * 4, (0.3, 0.25, 0.2), 0.03),
    Handshape.FLAT: (*((0.05, 0.05, 0.03),) * 4, (0.35, 0.1, 0.05), 0.0),
    Handshape.FIST: (*(_CLOSED,) * 4, (0.55, 0.75, 0.6), 0.0),
    Handshape.INDEX: (_STRAIGHT, *(_CLOSED,) * 3, (0.55, 0.75, 0.6), 0.0),
    Handshape.SPREAD: (*(_STRAIGHT,) * 4, (0.0, 0.05, 0.0), 0.22),
    Handshape.V: (_STRAIGHT, _STRAIGHT, *(_CLOSED,) * 2, (0.55, 0.75, 0.6), 0.2),
    Handshape.CURVED: (*((0.45, 0.7, 0.4),) * 4, (0.3, 0.35, 0.3), 0.08),
}


@dataclass(frozen=True, eq=False)
class HandPath:
    """One hand over n moments.

    Attributes:
        centre: (n, 3) metres, the middle of the knuckles in the body frame.
        frame: (n, 3, 3) columns: along the fingers, out of the palm, towards the thumb.
        bends: (n, 16) radians: five fingers by three joints, and the spread.
    """

    centre: Array
    frame: Array
    bends: Array

    def at(self, i: int) -> "HandPath":
        """The single moment i, as a path of one."""
        return HandPath(self.centre[[i]], self.frame[[i]], self.bends[[i]])

    def hold(self, n: int) -> "HandPath":
        """The first moment, n times."""
        return HandPath(*(np.repeat(a[:1], n, axis=0) for a in (self.centre, self.frame, self.bends)))


def join(paths: list[HandPath]) -> HandPath:
    """One path after the other."""
    return HandPath(*(np.concatenate([getattr(p, a) for p in paths]) for a in ("centre", "frame", "bends")))


def pose(centre: Array, fingers: Direction | Array, palm: Direction | Array, handshape: Handshape) -> HandPath:
    """A hand at rest, as a path of one moment.

    Args:
        centre: (3,) metres in the body frame.
        fingers: direction of the stretched fingers.
        palm: direction of the palm; made square to the fingers.
        handshape: what the fingers do.
    """
    along = _vector(fingers)
    normal = _vector(palm)
    normal = normal - along * (normal @ along)
    normal /= np.linalg.norm(normal)
    frame = np.stack([along, normal, np.cross(along, normal)], axis=-1)
    return HandPath(centre[None], frame[None], bends_of(handshape)[None])


def bends_of(handshape: Handshape) -> Array:
    """(16,) bends of a handshape in radians, as a ``HandPath`` has them."""
    *joints, spread = _FINGERS[handshape]
    return np.concatenate([np.ravel(joints), [spread]])


def location(body: Body, place: Location, two_handed: bool) -> Array:
    """(3,) metres: where the middle of the right hand is for a place of articulation."""
    k = body.scale
    chest, chin = body.shoulder_y + 0.13 * k, body.height(0.870)
    aside = -0.105 if two_handed else -0.03
    x, y, z = {
        Location.FOREHEAD: (-0.09, chin - 0.145 * k, -0.15),
        Location.TEMPLE: (-0.16, chin - 0.10 * k, -0.10),
        Location.CHIN: (-0.03, chin + 0.03 * k, -0.155),
        Location.CHEST: (aside, chest, -0.18),
        Location.NEUTRAL: (-0.16, chest + 0.08 * k, -0.32),
        Location.CENTRE: (-0.06, chest + 0.03 * k, -0.30),
        Location.SIDE: (-0.24, chest - 0.10 * k, -0.28),
        Location.OPPOSITE_SHOULDER: (0.14, chest - 0.09 * k, -0.15),
        Location.BASE_HAND: (0.0, chest + 0.05 * k, -0.28),
    }[place]
    return np.array([x * k, y, z * k])


def ease(u: Array, sharpness: float = 1.0) -> Array:
    """Minimum jerk from 0 to 1 (Flash & Hogan 1985), squeezed into the middle by a sharpness above 1."""
    s = np.clip((u - 0.5) * sharpness + 0.5, 0, 1)
    return s**3 * (10 - 15 * s + 6 * s**2)


def travel(start: HandPath, end: HandPath, u: Array, arc: float, sharpness: float) -> HandPath:
    """From one hand pose to another.

    Args:
        start: path of one moment.
        end: path of one moment.
        u: (n,) time from 0 to 1.
        arc: metres by which the way bulges away from the body.
        sharpness: as for `ease`.
    """
    s = ease(u, sharpness)
    centre = start.centre + (end.centre - start.centre) * s[:, None]
    centre[:, 2] -= arc * np.sin(np.pi * s)
    turn = cv2.Rodrigues(end.frame[0] @ start.frame[0].T)[0].ravel()
    frame = np.stack([rotation(turn * part) @ start.frame[0] for part in s])
    # Fingers arrive before the hand does, as in people.
    shape = ease(np.clip(u * 1.4, 0, 1))[:, None]
    return HandPath(centre, frame, start.bends + (end.bends - start.bends) * shape)


def stroke(
    start: HandPath, movement: Movement, u: Array, size: float, repeats: int, sharpness: float, phase: float = 0.0
) -> HandPath:
    """The movement of a sign.

    Args:
        start: path of one moment, where the sign is made.
        movement: which path.
        u: (n,) time from 0 to 1.
        size: metres.
        repeats: cycles of the movements that repeat.
        sharpness: as for `ease`.
        phase: cycles by which a repeating movement is ahead.
    """
    s = ease(u, sharpness)
    # Repeated movements keep their pace, except at both ends.
    cycle = 2 * np.pi * (repeats * (0.6 * ease(u) + 0.4 * u) + phase)
    zero, half = np.zeros_like(s), np.pi / 2 * s
    frame = start.frame.repeat(len(u), axis=0)
    if movement is Movement.TWIST:
        turns = [rotation(start.frame[0, :, 0] * angle) for angle in 0.8 * np.sin(cycle)]
        frame = np.stack(turns) @ frame
    paths = {
        Movement.UP: (zero, 0.5 - s, zero),
        Movement.DOWN: (zero, s - 0.4, zero),
        Movement.OUT: (-0.35 * s, zero, -s),
        Movement.SIDE: (-s, zero, zero),
        Movement.ARC_OUT: (-0.2 * s, 1.1 * (1 - np.cos(half)), -np.sin(half)),
        Movement.ARC_SIDE: (0.5 * np.cos(np.pi * s) - 0.1, -0.45 * np.sin(np.pi * s), zero),
        Movement.CIRCLE: (-0.5 * np.sin(cycle), -0.5 * np.cos(cycle), zero),
        Movement.CIRCLE_FORWARD: (zero, -0.5 * np.cos(cycle), -0.5 * np.sin(cycle)),
        Movement.ZIGZAG_DOWN: (0.38 * np.sin(3 * np.pi * s) * (s > 0), s - 0.5, zero),
        Movement.BOB: (zero, 0.5 * np.cos(cycle), zero),
    }
    if movement is Movement.TAP:
        away = 0.5 + 0.5 * np.cos(cycle)
        offset = -away[:, None] * start.frame[0, :, 1]
    elif movement is Movement.TWIST:
        offset = np.zeros((len(u), 3))
    else:
        offset = np.stack(paths[movement], axis=-1)
    return HandPath(start.centre + offset * size, frame, start.bends.repeat(len(u), axis=0))


def _vector(direction: Direction | Array) -> Array:
    vector = np.array(_DIRECTIONS[direction] if isinstance(direction, Direction) else direction, float)
    return np.asarray(vector / np.linalg.norm(vector))


def rotation(vector: Array) -> Array:
    """(3, 3) of a rotation vector in radians."""
    return np.asarray(cv2.Rodrigues(vector)[0], float)
