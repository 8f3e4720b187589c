"""The phases of a scene, one after the other: both hands of an avatar go, sign, rub and rest."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.lexicon import CYCLIC, Direction, Hands, Handshape, Location, Sign
from posegloss.datasets.avatar.motion import Choreography, wander
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.trajectory import HandPath, join, location, pose, stroke, travel

RATE_HZ: Final = 40.0
"""Of what is choreographed; hands do nothing faster than some 10 Hz."""

# Places of resting hands as (x, y, z) in metres, with the directions of fingers and palm.
_RESTS: Final = (
    ((-0.27, 0.10, -0.06), (0.05, 1.0, -0.12), (1.0, 0.0, 0.2)),
    ((0.0, -0.10, -0.20), (1.0, 0.25, -0.05), (0.0, 0.1, 1.0)),
    ((-0.02, 0.0, -0.18), (0.8, 0.6, -0.1), (0.1, 0.0, 1.0)),
    ((-0.12, -0.14, -0.36), (0.4, 0.1, -1.0), (0.0, 1.0, 0.0)),  # on a desk
    ((-0.03, -0.26, -0.22), (0.9, -0.3, -0.1), (0.0, 0.1, 1.0)),  # held before the body, ready to sign
)


class Stage:
    """Both hands over time. Everything is as for a right hand, as in the avatar's choreography.

    Args:
        signer: whose body and habits are used.
        rng: of the scene.
    """

    def __init__(self, signer: Signer, rng: np.random.Generator) -> None:
        self.signer, self.rng = signer, rng
        self.chest: float = location(signer.body, Location.CHEST, False)[1]
        self.chin: float = location(signer.body, Location.CHIN, False)[1]
        self._slowness = float(rng.uniform(0.2, 0.6))
        self._hands: list[list[HandPath]] = [[], []]
        self._signing: list[npt.NDArray[np.bool_]] = []
        self._frames = 0
        self.rest_elsewhere()
        self._add(self._rest)

    @property
    def seconds(self) -> float:
        """How long it lasts up to now."""
        return self._frames / RATE_HZ

    def end(self) -> tuple[Choreography, npt.NDArray[np.bool_]]:
        """The paths of both hands, and for every frame whether it is of a sign."""
        jitter = self.signer.style.jitter
        paths = [join(hand) for hand in self._hands]
        trembling = [
            HandPath(path.centre + jitter * wander(self._frames, RATE_HZ, self.rng, 4.0), path.frame, path.bends)
            for path in paths
        ]
        # The avatar's head nods with its effort. Here it nods whenever it likes, or it would give the signs away.
        effort = wander(self._frames, RATE_HZ, self.rng, 0.5)[:, 0].clip(0, 1)
        return Choreography(trembling[0], trembling[1], effort, ()), np.concatenate(self._signing)

    def stay(self, seconds: float, signing: bool = False) -> None:
        """Hold still."""
        n = max(1, round(seconds * RATE_HZ))
        self._add([hand[-1].at(-1).hold(n) for hand in self._hands], signing)

    def relax(self, pace: float = 1.0) -> None:
        """Go back to rest."""
        self._go(self._rest, pace)

    def rest_elsewhere(self) -> None:
        """From now on, rest in another place."""
        centre, fingers, palm = _RESTS[self.rng.integers(len(_RESTS))]
        place = np.array(centre) * self.signer.body.scale + self.rng.normal(0, (0.03, 0.05, 0.03))
        # Hands in the same place lie one upon the other.
        self._rest = [
            pose(place + own + self.rng.normal(0, 0.01, 3), np.array(fingers), np.array(palm), Handshape.RELAXED)
            for own in np.array([[0, 0, -0.045], [0, 0, 0]])
        ]

    def move(self, hands: Iterable[int], place: Array, pace: float) -> None:
        """Bring hands (0 the dominant, 1 the other) to a place, palms to the body, in some relaxed way."""
        fingers = np.array([0.4, -0.8, 0.0]) + self.rng.normal(0, 0.4, 3)
        palm = np.array([0.0, 0.0, 1.0]) + self.rng.normal(0, 0.4, 3)
        ends = [hand[-1].at(-1) for hand in self._hands]
        for hand in hands:
            ends[hand] = pose(place + self.rng.normal(0, 0.01, 3), fingers, palm, Handshape.CURVED)
        self._go(ends, pace)

    def rub(self, seconds: float, size: float, frequency: float) -> None:
        """Move about on the spot without aim: ``size`` in metres, ``frequency`` in Hz."""
        n = max(2, round(seconds * RATE_HZ))
        rising = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.1 * RATE_HZ))[:, None]
        paths = []
        for hand in self._hands:
            held = hand[-1].at(-1).hold(n)
            centre = held.centre + size * rising * wander(n, RATE_HZ, self.rng, frequency)
            paths.append(HandPath(centre, held.frame, held.bends))
            size *= float(self.rng.choice([0.1, 1.0]))
        self._add(paths)

    def sign(self, sign: Sign, still: bool) -> None:
        """Go to a sign's place and make it; a ``still`` one is only held there."""
        style, rng = self.signer.style, self.rng
        cyclic = sign.movement in CYCLIC
        seconds = 0.18 + rng.uniform(0.22, 0.38) * sign.repeats if cyclic else 0.38 + 0.9 * sign.reach
        u = np.linspace(0, 1, max(4, round(seconds / style.tempo * rng.normal(1, 0.1) * RATE_HZ)))
        if still:
            u = np.zeros(max(8, round(rng.uniform(0.25, 0.8) * RATE_HZ)))
        paths = [self._stroke(sign, False, u), self._stroke(sign, True, u)]
        self._go([path.at(0) for path in paths], 1.0)
        if rng.random() < 0.08:
            # Clips of single signs often begin so: with raised hands that wait.
            self.stay(rng.uniform(0.2, 1.2))
        if rng.random() < 0.3:
            self.stay(rng.uniform(0, 0.15), signing=True)
        self._add(paths, True)
        if rng.random() < 0.15:
            self._turn_aside()
        self.stay(0.08 if rng.random() < 0.6 else rng.uniform(0.03, 0.6), signing=True)

    def _stroke(self, sign: Sign, other: bool, u: Array) -> HandPath:
        signer, shared = self.signer, sign.hands
        if other and shared is Hands.ONE:
            # The other hand rests, or waits where the last sign left it.
            held = self._hands[1][-1].at(-1) if self.rng.random() < 0.3 else self._rest[1]
            return held.hold(len(u))
        based = shared is Hands.BASE
        place = location(signer.body, sign.location, shared in (Hands.SYMMETRIC, Hands.ALTERNATING))
        middle = location(signer.body, Location.CENTRE, False)
        place = place + (middle - place) * signer.style.lazy + self.rng.normal(0, 0.025, 3)
        if based:
            place[1] += 0.035 if other else -0.025
        if based and other:
            return pose(place, Direction.OUT_ACROSS, Direction.UP, Handshape.FLAT).hold(len(u))
        start = pose(place, sign.fingers, sign.palm, sign.handshape)
        phase = 0.5 if other and shared is Hands.ALTERNATING else 0.0
        size = sign.reach * signer.body.scale * signer.style.amplitude
        return stroke(start, sign.movement, u, size, sign.repeats, signer.style.sharpness, phase)

    def _turn_aside(self) -> None:
        """Signs of more than one movement: the dominant hand goes on a little way, turning."""
        last, rng = self._hands[0][-1].at(-1), self.rng
        end = pose(
            last.centre[0] + rng.normal(0, 0.06, 3),
            last.frame[0, :, 0] + rng.normal(0, 0.5, 3),
            last.frame[0, :, 1] + rng.normal(0, 0.5, 3),
            Handshape.FLAT,
        )
        u = np.linspace(0, 1, max(4, round(rng.uniform(0.12, 0.35) * RATE_HZ)))
        path = travel(last, end, u, 0.02, self.signer.style.sharpness)
        self._add([path, self._hands[1][-1].at(-1).hold(len(u))], True)

    def _go(self, ends: list[HandPath], pace: float) -> None:
        starts = [hand[-1].at(-1) for hand in self._hands]
        far = max(float(np.linalg.norm(b.centre - a.centre)) for a, b in zip(starts, ends, strict=True))
        seconds = self._slowness * (0.6 + far) / self.signer.style.tempo / pace * self.rng.normal(1, 0.1)
        u = np.linspace(0, 1, max(4, round(max(seconds, 0.12) * RATE_HZ)))
        style = self.signer.style
        self._add([travel(a, b, u, style.arc, style.sharpness) for a, b in zip(starts, ends, strict=True)])

    def _add(self, paths: list[HandPath], signing: bool = False) -> None:
        for hand, path in zip(self._hands, paths, strict=True):
            hand.append(path)
        n = len(paths[0].centre)
        self._signing.append(np.full(n, signing))
        self._frames += n
