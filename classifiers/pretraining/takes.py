"""Takes of an invented sign: each by another signer, seen by another camera and tracker."""

from typing import Final

import numpy as np

from posegloss.classifiers.pretraining.invented import InventedSign, Stroke
from posegloss.classifiers.streaming.learning.camera import film
from posegloss.classifiers.streaming.learning.scenes import Scene, unlike_others
from posegloss.classifiers.streaming.learning.stage import RATE_HZ, Stage
from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.lexicon import CYCLIC, Direction, Hands, Handshape, Location
from posegloss.datasets.avatar.rig import Joints, articulate
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.trajectory import HandPath, ease, location, pose, rotation, stroke, travel
from posegloss.pipeline.sequence import KeypointSequence, nobody
from posegloss.pipeline.skeleton import BLAZEPOSE33, INDEX, SIDES

# The avatar's fingers begin with the index and end with the thumb, the layout's begin with the thumb.
_FINGER_ORDER: Final = (4, 0, 1, 2, 3)
_LEAD_S: Final = 0.5
"""Of a clip that is cut close to its sign, before it and after it, at most."""


def take(sign: InventedSign, signer: int, rng: np.random.Generator, layout: str) -> KeypointSequence:
    """The keypoints of one take, from rest to rest or cut close to the sign.

    Args:
        sign: what is signed.
        signer: number of the avatar's signer.
        rng: of the take.
        layout: of the keypoints.
    """
    who = unlike_others(Signer.random(signer), rng)
    stage = _Stage(who, rng)
    stage.stay(rng.uniform(0.05, 0.3))
    stage.perform(sign)
    stage.relax()
    stage.stay(rng.uniform(0.05, 0.3))
    dance, signing = stage.end()
    joints = articulate(who, dance, RATE_HZ, rng)
    points = joints.points if layout == BLAZEPOSE33 else with_hands(joints)
    if rng.random() < 2 / 3:
        of_sign = np.flatnonzero(signing)
        before, after = (rng.uniform(0, _LEAD_S, 2) * RATE_HZ).astype(int)
        points = points[max(0, of_sign[0] - before) : of_sign[-1] + 1 + after]
    frames = list(film(Scene(who, points, signing), rng, about=False))
    keypoints = np.stack([nobody(layout) if frame is None else frame for _, frame, _ in frames])
    return KeypointSequence(keypoints, np.array([time_s for time_s, _, _ in frames]), frames[0][2], layout=layout)


def with_hands(joints: Joints) -> Array:
    """(T, 75, 3) the points of ``holistic75``, in metres in the body frame."""
    parts = [joints.points]
    for side, name in enumerate(SIDES):
        fingers = joints.fingers[:, side, _FINGER_ORDER].reshape(len(joints.points), -1, 3)
        parts += [joints.points[:, INDEX[f"{name}_wrist"], None], fingers]
    return np.concatenate(parts, axis=1)


class _Stage(Stage):
    """A stage for invented signs."""

    def perform(self, sign: InventedSign) -> None:
        """Go to a sign's place and make it, a little differently each time."""
        rng = self.rng
        moments = [self._moments(one) for one in sign.strokes]
        aside, tilt = rng.normal(0, 0.02, 3), rng.normal(0, 0.15, (2, 3))
        hands = [self._hand(sign, other, moments, aside, tilt) for other in (False, True)]
        self._go([hand[0].at(0) for hand in hands], 1.0)
        for paths in zip(*hands, strict=True):
            self._add(list(paths), True)
        self.stay(0.08 if rng.random() < 0.6 else rng.uniform(0.03, 0.4), signing=True)

    def _moments(self, one: Stroke) -> tuple[int, Array]:
        """How often a stroke is done, and (n,) the time from 0 to 1 in it."""
        style, rng = self.signer.style, self.rng
        repeats, seconds = one.repeats, 0.38 + 0.9 * one.reach
        if one.movement in CYCLIC:
            repeats += int(rng.random() < style.extra_repeats)
            seconds = 0.18 + rng.uniform(0.22, 0.38) * repeats
        return repeats, np.linspace(0, 1, max(4, round(seconds / style.tempo * rng.normal(1, 0.1) * RATE_HZ)))

    def _hand(
        self, sign: InventedSign, other: bool, moments: list[tuple[int, Array]], aside: Array, tilt: Array
    ) -> list[HandPath]:
        """The path of a hand in each stroke."""
        if other and sign.hands is Hands.ONE:
            return [self._rest[1].hold(len(u)) for _, u in moments]
        body, style = self.signer.body, self.signer.style
        if other and sign.hands is Hands.BASE:
            place = location(body, Location.BASE_HAND, False) + aside + (0, 0.035, 0)
            base = pose(place, Direction.OUT_ACROSS, Direction.UP, Handshape.FLAT)
            return [base.hold(len(u)) for _, u in moments]
        place = location(body, sign.location, sign.hands in (Hands.SYMMETRIC, Hands.ALTERNATING))
        middle = location(body, Location.CENTRE, False)
        place = place + sign.offset * body.scale + (middle - place) * style.lazy
        place = place + style.offset + aside + self.rng.normal(0, 0.008, 3)
        # The handshape is put in afterwards.
        begin, end = (pose(place, sign.fingers[i] + tilt[0], sign.palm[i] + tilt[1], Handshape.FLAT) for i in (0, 1))
        bends = sign.bends + self.rng.normal(0, 0.06, (1, 16))
        phase = 0.5 if other and sign.hands is Hands.ALTERNATING else 0.0
        paths: list[HandPath] = []
        for number, (one, (repeats, u)) in enumerate(zip(sign.strokes, moments, strict=True)):
            size = one.reach * body.scale * style.amplitude
            path = stroke(begin, one.movement, u, size, repeats, style.sharpness, phase)
            turned = place + (path.centre - place) @ rotation(one.turn).T
            if paths:
                turned = turned - turned[0] + paths[-1].centre[-1]
            frame, bent = path.frame, np.repeat(bends[:1], len(u), axis=0)
            if number == len(sign.strokes) - 1:
                # What changes in a sign changes in its last movement.
                frame = travel(begin, end, u, 0, 1).frame if (begin.frame != end.frame).any() else frame
                bent = bends[:1] + (bends[1:] - bends[:1]) * ease(u)[:, None]
            paths.append(HandPath(turned, frame, bent))
        return paths
