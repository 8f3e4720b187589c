"""Scenes to learn from: an avatar signs, rests, and does what people at a camera do that is no sign.

Signs are those of the avatar's lexicon and others drawn from the same parameters, at tempos, sizes and holds beyond
what its signers have: the boundaries of signs are to be learned, not these signs. As in ``SignSpan``, the ways to a
sign and from it are no part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.streaming.learning.stage import RATE_HZ, Stage
from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.lexicon import LEXICON, Hands, Location, Movement, Sign
from posegloss.datasets.avatar.rig import articulate
from posegloss.datasets.avatar.signer import Signer

Option = TypeVar("Option")

_FIDGETS: Final = {
    "touch": 0.3,  # the face or the hair, and back: scratch, rub, push the glasses up
    "both": 0.1,  # the same with both hands
    "prop": 0.12,  # the chin on a hand
    "reach": 0.14,  # for a cup or a mouse
    "fold": 0.08,  # the arms
    "shift": 0.1,  # rest elsewhere
    "busy": 0.1,  # hands that rest do something, such as type
    "start": 0.06,  # hands that rise and think better of it
}
"""How likely is which."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What happens before a camera.

    Attributes:
        signer: who it is.
        points: (T, K, 3) in metres in the body frame, at ``RATE_HZ``.
        signing: (T,) whether a sign is being made.
    """

    signer: Signer
    points: Array
    signing: npt.NDArray[np.bool_]


def play(index: int, rng: np.random.Generator, seconds: float) -> Scene:
    """Make up a scene.

    Args:
        index: of the signer.
        rng: of the scene.
        seconds: how long it lasts.
    """
    signer = unlike_others(Signer.random(index), rng)
    stage = Stage(signer, rng)
    # A stream may begin in the middle of anything.
    begin = rng.uniform(0, 4)
    stage.stay(rng.uniform(0.2, 1.5))
    fidgety = rng.choice([0.05, 0.2, 0.7], p=[0.45, 0.4, 0.15])
    while stage.seconds < begin + seconds:
        if rng.random() < fidgety:
            _fidget(stage, rng)
        else:
            _utter(stage, rng)
        stage.stay(rng.choice([rng.uniform(0.05, 0.6), rng.uniform(0.5, 4)]))
    dance, signing = stage.end()
    cut = slice(round(begin * RATE_HZ), round((begin + seconds) * RATE_HZ))
    return Scene(signer, articulate(signer, dance, RATE_HZ, rng).points[cut], signing[cut])


def unlike_others(signer: Signer, rng: np.random.Generator) -> Signer:
    """The signer with habits and a camera of a wider range than the avatar's clips have."""
    style = replace(
        signer.style,
        tempo=float(np.exp(rng.uniform(np.log(0.5), np.log(1.7)))),
        amplitude=float(rng.uniform(0.35, 1.4)),
        sharpness=float(rng.uniform(0.9, 1.6)),
        lazy=float(rng.uniform(0, 0.3)),
        sway=float(rng.uniform(0.002, 0.025)),
        jitter=float(rng.uniform(0.0005, 0.005)),
    )
    rig = replace(
        signer.rig,
        distance=float(rng.uniform(0.8, 3.0)),
        height=float(rng.uniform(-0.3, 0.3)),
        extent=float(rng.uniform(0.36, 0.9)),
        headroom=float(rng.uniform(0.02, 0.2)),
        pan=float(rng.uniform(-0.15, 0.15)),
        yaw=float(rng.uniform(-0.35, 0.35)),
        roll=float(rng.normal(0, 0.04)),
    )
    return replace(signer, style=style, rig=rig, left_handed=bool(rng.random() < 0.5))


def _utter(stage: Stage, rng: np.random.Generator) -> None:
    """One sign, or a sentence of them."""
    signs = rng.choice([1, int(rng.integers(2, 7))])
    for n in range(signs):
        if n and rng.random() < 0.2:
            stage.relax()
            stage.stay(rng.uniform(0.02, 0.3))
        stage.sign(_some_sign(rng), still=rng.random() < 0.1)
    stage.relax()


def _some_sign(rng: np.random.Generator) -> Sign:
    """One of the lexicon, or its hand put to another movement in another place."""
    known = one_of(list(LEXICON.values()), rng)
    if rng.random() < 0.4:
        return known
    return replace(
        known,
        location=one_of(list(Location), rng),
        movement=one_of(list(Movement), rng),
        hands=one_of(list(Hands), rng),
        repeats=int(rng.integers(1, 4)),
        reach=float(rng.uniform(0.02, 0.32)),
    )


def one_of(options: Sequence[Option], rng: np.random.Generator) -> Option:
    """One of some options, each as likely."""
    # NumPy's choice would make plain text of an enumeration.
    return options[int(rng.integers(len(options)))]


def _fidget(stage: Stage, rng: np.random.Generator) -> None:
    """Something that people do at a camera without signing."""
    kind = rng.choice(list(_FIDGETS), p=list(_FIDGETS.values()))
    one = (0,) if rng.random() < 0.5 else (1,)
    pace = rng.uniform(0.6, 1.6)
    if kind in ("touch", "both", "prop"):
        place = np.array([rng.uniform(-0.14, 0.06), stage.chin - rng.uniform(-0.05, 0.24), rng.uniform(-0.17, -0.08)])
        stage.move((0, 1) if kind == "both" else one, place, pace)
        if kind == "prop":
            stage.stay(rng.uniform(0.8, 5))
        else:
            stage.rub(rng.uniform(0.1, 2.0), rng.uniform(0.0, 0.03), rng.uniform(1, 4))
    elif kind == "reach":
        place = np.array([rng.uniform(-0.5, 0.1), stage.chest + rng.uniform(-0.1, 0.35), rng.uniform(-0.5, -0.25)])
        stage.move(one, place, pace)
        stage.rub(rng.uniform(0.2, 3.0), rng.uniform(0.0, 0.02), rng.uniform(0.3, 2))
    elif kind == "fold":
        stage.move((0, 1), np.array([0.13, stage.chest + rng.uniform(0.02, 0.2), -0.16]), pace)
        stage.stay(rng.uniform(0.8, 5))
    elif kind == "busy":
        stage.rub(rng.uniform(0.5, 4), rng.uniform(0.005, 0.03), rng.uniform(1, 5))
    elif kind == "start":
        place = np.array([rng.uniform(-0.3, 0.1), stage.chest + rng.uniform(0, 0.3), rng.uniform(-0.35, -0.15)])
        stage.move(one, place, pace)
    if kind in ("shift", "fold", "reach"):
        stage.rest_elsewhere()
    stage.relax(pace)
