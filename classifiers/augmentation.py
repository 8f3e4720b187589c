"""Other takes of the same sign: what another person, camera or day would change and the gloss would not.

All of it works on whole batches of inputs, (B, T, K, 2) in shoulder widths with NaN where a point is missing. What
each kind is worth was measured on people that were not trained on; see docs/accuracy.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, Final, Self

import numpy as np

from posegloss.classifiers import warps
from posegloss.classifiers.input_points import InputPoints
from posegloss.pipeline.sequence import FloatArray

_PROBABILITIES: Final = ("mirror", "rest", "mix", "drop_frames", "drop_hand", "drop_points")
_RANGES: Final = {name: (0.0, 1.0) for name in _PROBABILITIES} | {"tempo": (1.0, inf), "crop": (0.0, 0.5)}


@dataclass(frozen=True)
class Augmentation:
    """How far training strays from the clips as they are; 0 switches a kind off.

    Attributes:
        mirror: probability of a mirrored copy, left and right swapped. Off where left-handed signing is told from
            right-handed in another way (``KerasTraining.right_handed``).
        tempo: the tempo changes by up to this factor, faster or slower; 1 leaves it.
        crop: up to this fraction of the frames is cut off at either end.
        turn: rotation in the picture, standard deviation in radians.
        scale: size of the body, and apart from it width against height, standard deviation of the factor.
        shear: standard deviation of the slant, both ways.
        perspective: how much smaller a shoulder width further to one side is seen, standard deviation of the part.
        shift: standard deviation in shoulder widths.
        noise: standard deviation of each coordinate in shoulder widths.
        rest: probability that an arm at rest rests elsewhere: people lay the hand that does not sign on the belly, a
            table or a hip, or let it hang, and that is no part of the sign.
        place: where before the body both hands sign, standard deviation in shoulder widths.
        apart: where each hand signs apart from the other, standard deviation in shoulder widths.
        amplitude: how wide the movements are, standard deviation of the logarithm: some people sign large, some small.
        arms: rotation about shoulder and elbow, standard deviation in radians.
        proportions: length of the arms, size of hands and face, standard deviation of the logarithm.
        mix: probability of a blend with another take of the same gloss.
        drop_frames: probability that a frame is missing.
        drop_hand: probability that the points of a hand are missing for a while.
        drop_points: probability that a point is missing throughout.
    """

    mirror: float = 0.0
    tempo: float = 2.6
    crop: float = 0.2
    turn: float = 0.1
    scale: float = 0.1
    shear: float = 0.0
    perspective: float = 0.0
    shift: float = 0.08
    noise: float = 0.01
    rest: float = 0.6
    place: float = 0.12
    apart: float = 0.06
    amplitude: float = 0.5
    arms: float = 0.0
    proportions: float = 0.0
    mix: float = 0.0
    drop_frames: float = 0.05
    drop_hand: float = 0.1
    drop_points: float = 0.02

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least, most = _RANGES.get(name, (0.0, inf))
            if not least <= value <= most:
                raise ValueError(f"{name} is from {least:g} to {most:g}, not {value:g}")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        return cls(**settings)

    def __call__(
        self,
        batch: FloatArray,
        points: InputPoints,
        generator: np.random.Generator,
        labels: Sequence[int] | np.ndarray[Any, Any] = (),
    ) -> FloatArray:
        """An altered copy of a batch; a clip keeps at least two of its frames.

        Args:
            batch: (B, T, K, 2) inputs.
            points: what they are.
            generator: decides.
            labels: (B,) the gloss of each clip; without them takes are not mixed.
        """
        if self.mix and len(labels):
            batch = warps.mix_takes(batch, labels, self.mix, generator)
        batch = warps.retime(batch, self.tempo, self.crop, generator)
        if self.proportions:
            warps.stretch_body(batch, points, self.proportions, generator)
        if self.arms:
            warps.turn_arms(batch, points, self.arms, generator)
        warps.move_arms(
            batch,
            points,
            rest=self.rest,
            both=self.place,
            each=self.apart,
            amplitude=self.amplitude,
            generator=generator,
        )
        batch = warps.move_camera(
            batch,
            turn=self.turn,
            scale=self.scale,
            shear=self.shear,
            perspective=self.perspective,
            shift=self.shift,
            generator=generator,
        )
        batch += self.noise * generator.standard_normal(batch.shape, dtype=np.float32)
        warps.lose(
            batch,
            points,
            frames=self.drop_frames,
            hand=self.drop_hand,
            points=self.drop_points,
            generator=generator,
        )
        flipped = generator.random(len(batch)) < self.mirror
        batch[flipped] = points.mirror(batch[flipped])
        return batch
