"""From glosses to the paths of both hands over the frames of a clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.lexicon import CYCLIC, LEXICON, Direction, Hands, Handshape, Location, Movement, Sign
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.trajectory import HandPath, join, location, pose, stroke, travel

_BASE: Final = Sign(
    Location.BASE_HAND, Movement.UP, Handshape.FLAT, palm=Direction.UP, fingers=Direction.OUT_ACROSS, reach=0
)


@dataclass(frozen=True)
class SignSpan:
    """Where a sign is in a clip, in seconds: from its hand's arrival at the place of the sign to its leaving it.

    The way there (from rest, or from the sign before) and the way back are not part of it.
    """

    gloss: str
    start_s: float
    end_s: float


@dataclass(frozen=True, eq=False)
class Choreography:
    """Both hands over T frames, each as if it were the right one.

    Attributes:
        dominant: the hand that one-handed signs are made with.
        other: the other hand.
        effort: (T,) from 0 at rest to 1 in a sign.
        spans: the signs, in order.
    """

    dominant: HandPath
    other: HandPath
    effort: Array
    spans: tuple[SignSpan, ...]


class _Take:
    """The phases of a performance in the order they happen; both hands always have the same frames."""

    def __init__(self, signer: Signer, frame_rate: float, rng: np.random.Generator) -> None:
        self.signer, self.rate, self.rng = signer, frame_rate, rng
        style = signer.style
        self.tempo = style.tempo * rng.normal(1, 0.06)
        self.sharpness = style.sharpness * rng.normal(1, 0.03)
        self.amplitude = style.amplitude * rng.normal(1, 0.07)
        self.rest = [_rest(signer, other, rng) for other in (False, True)]
        self.hands: list[list[HandPath]] = [[], []]
        self.effort: list[Array] = []
        self.spans: list[SignSpan] = []
        self.frames = 0

    def add(self, paths: list[HandPath], effort: Array) -> None:
        for hand, path in zip(self.hands, paths, strict=True):
            hand.append(path)
        self.effort.append(effort)
        self.frames += len(effort)

    def moments(self, seconds: float) -> Array:
        n = max(2, round(seconds / self.tempo * self.rng.normal(1, 0.06) * self.rate))
        return np.arange(n) / n

    def go(self, ends: list[HandPath], seconds: float, effort: float) -> None:
        starts = [hand[-1].at(-1) for hand in self.hands]
        far = max(float(np.linalg.norm(b.centre - a.centre)) for a, b in zip(starts, ends, strict=True))
        u = self.moments(seconds * (0.6 + far))
        arc = self.signer.style.arc
        paths = [travel(a, b, u, arc, self.sharpness) for a, b in zip(starts, ends, strict=True)]
        last = self.effort[-1][-1]
        self.add(paths, last + (effort - last) * u)

    def stay(self, seconds: float) -> None:
        n = len(self.moments(seconds))
        paths = [hand[-1].at(-1) if hand else rest for hand, rest in zip(self.hands, self.rest, strict=True)]
        self.add([path.hold(n) for path in paths], np.full(n, self.effort[-1][-1] if self.effort else 0.0))

    def sign(self, gloss: str) -> None:
        sign = LEXICON[gloss]
        repeats = sign.repeats
        if sign.movement in CYCLIC and self.rng.random() < self.signer.style.extra_repeats:
            repeats += 1
        seconds = 0.22 + 0.32 * repeats if sign.movement in CYCLIC else 0.42 + 0.9 * sign.reach
        u = self.moments(seconds)
        strokes = [self.stroke(sign, False, u, repeats), self.stroke(sign, True, u, repeats)]
        self.go([path.at(0) for path in strokes], 0.5, 1.0)
        start = self.frames
        self.add(strokes, np.ones(len(u)))
        self.stay(0.08)
        self.spans.append(SignSpan(gloss, start / self.rate, self.frames / self.rate))

    def stroke(self, sign: Sign, other: bool, u: Array, repeats: int) -> HandPath:
        signer, shared = self.signer, sign.hands
        if other and shared is Hands.ONE:
            return self.rest[1].hold(len(u))
        if other and shared is Hands.BASE:
            sign = _BASE
        place = location(signer.body, sign.location, shared in (Hands.SYMMETRIC, Hands.ALTERNATING))
        if shared is not Hands.BASE:
            middle = location(signer.body, Location.CENTRE, False)
            place = place + (middle - place) * max(0.0, signer.style.lazy + self.rng.normal(0, 0.03))
        place = place + np.array(signer.style.offset) + self.rng.normal(0, 0.010, 3)
        if shared is Hands.BASE:
            place[1] += 0.035 if other else -0.025
        start = pose(place, sign.fingers, sign.palm, sign.handshape)
        phase = 0.5 if other and shared is Hands.ALTERNATING else 0.0
        size = sign.reach * signer.body.scale * self.amplitude
        return stroke(start, sign.movement, u, size, repeats, self.sharpness, phase)


def choreograph(
    signer: Signer, glosses: Sequence[str], frame_rate: float, rng: np.random.Generator, rest_s: float = 0.0
) -> Choreography:
    """Rest, the signs with their transitions, and rest again.

    Between two signs of a sentence the hands mostly go straight from one to the next, and sometimes back to rest.

    Args:
        signer: whose habits and measures are used.
        glosses: names from the lexicon, at least one.
        frame_rate: frames a second.
        rng: of the take.
        rest_s: about so many seconds of rest before the first sign, beside the moment that there always is.
    """
    take = _Take(signer, frame_rate, rng)
    take.stay(rng.uniform(0.08, 0.35))
    if rest_s:
        take.stay(rest_s)
    for i, gloss in enumerate(glosses):
        if i and rng.random() < 0.3:
            take.go(take.rest, 0.5, 0.0)
            take.stay(0.15)
        take.sign(gloss)
    take.go(take.rest, 0.55, 0.0)
    take.stay(rng.uniform(0.08, 0.30))
    dominant, other = (_tremble(join(hand), signer.style.jitter, frame_rate, rng) for hand in take.hands)
    return Choreography(dominant, other, np.concatenate(take.effort), tuple(take.spans))


def wander(n: int, frame_rate: float, rng: np.random.Generator, fastest: float) -> Array:
    """(n, 3) smooth aimless movement of about unit size: a few slow sines.

    Args:
        n: frames.
        frame_rate: frames a second.
        rng: of the take.
        fastest: the highest frequency in it, in hertz.
    """
    t = np.arange(n) / frame_rate
    waves = [
        np.sin(2 * np.pi * (rng.uniform(0.2, 1, 3) * fastest * t[:, None] + rng.uniform(0, 1, 3))) for _ in range(4)
    ]
    return np.asarray(np.sum(waves, axis=0) / 1.5)


def _rest(signer: Signer, other: bool, rng: np.random.Generator) -> HandPath:
    k = signer.body.scale
    forward = 0.0 if other else -0.045
    centre, fingers, palm = {
        "sides": ((-0.27, 0.10, -0.06), (0.05, 1.0, -0.12), (1.0, 0.0, 0.2)),
        "belly": ((0.005, -0.10, -0.18 + forward), (1.0, 0.25, -0.05), (0.0, 0.1, 1.0)),
        "lap": ((-0.02, 0.0, -0.16 + forward), (0.8, 0.6, -0.1), (0.1, 0.0, 1.0)),
    }[signer.style.rest]
    place = np.array(centre) * k * (signer.body.girth**0.5) + rng.normal(0, 0.008, 3)
    return pose(place, np.array(fingers), np.array(palm), Handshape.RELAXED)


def _tremble(path: HandPath, size: float, frame_rate: float, rng: np.random.Generator) -> HandPath:
    centre = path.centre + size * wander(len(path.centre), frame_rate, rng, 4.0)
    return HandPath(centre, path.frame, path.bends)
