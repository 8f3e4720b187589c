"""Other takes of the same sign: what another person, camera or day would change and the gloss would not.

All of it works on whole batches of inputs, (B, T, K, 2) in shoulder widths with NaN where a point is missing.

Mirrored copies have their price: on two right-handed people, one to train on and one to test on (13 glosses, both
ways), the conv-transformer got 0.81 with them and 0.86 without. They are on because a left-handed signer is lost
without them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from posegloss.classifiers.input_points import SIDES, InputPoints
from posegloss.pipeline.sequence import FloatArray

# A wrist that stays within this many shoulder widths does not sign.
_AT_REST: Final = 0.35
# How far resting places lie from one another, in shoulder widths, across and down.
_REST_SPREAD: Final = (0.4, 0.3)


@dataclass(frozen=True)
class Augmentation:
    """How far training strays from the clips as they are; 0 switches a kind off.

    Attributes:
        mirror: probability of a mirrored copy, left and right swapped: left-handed signers mirror signs.
        tempo: the tempo changes by up to this factor, faster or slower; 1 leaves it.
        crop: up to this fraction of the frames is cut off at either end.
        turn: rotation in the picture, standard deviation in radians.
        scale: size of the body, and apart from it width against height, standard deviation of the factor.
        shift: standard deviation in shoulder widths.
        noise: standard deviation of each coordinate in shoulder widths.
        rest: probability that an arm at rest rests elsewhere: people lay the hand that does not sign on the belly, a
            table or a hip, or let it hang, and that is no part of the sign.
        drop_frames: probability that a frame is missing.
        drop_hand: probability that the points of a hand are missing for a while.
        drop_points: probability that a point is missing throughout.
    """

    mirror: float = 0.5
    tempo: float = 1.3
    crop: float = 0.1
    turn: float = 0.1
    scale: float = 0.1
    shift: float = 0.08
    noise: float = 0.01
    rest: float = 0.6
    drop_frames: float = 0.05
    drop_hand: float = 0.1
    drop_points: float = 0.02

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        return cls(**settings)

    def __call__(self, batch: FloatArray, points: InputPoints, generator: np.random.Generator) -> FloatArray:
        """An altered copy of a batch; a clip keeps at least two of its frames."""
        batch = self._retime(batch, generator)
        self._rest(batch, points, generator)
        batch = self._move(batch, generator)
        self._drop(batch, points, generator)
        flipped = generator.random(len(batch)) < self.mirror
        batch[flipped] = points.mirror(batch[flipped])
        return batch

    def _retime(self, batch: FloatArray, generator: np.random.Generator) -> FloatArray:
        """Play each clip from a random start to a random end at a random tempo."""
        clips, frames = batch.shape[:2]
        last = _lengths(batch) - 1
        start = generator.uniform(0, self.crop, clips) * last
        end = last - generator.uniform(0, self.crop, clips) * last
        speed = np.exp(generator.uniform(-1, 1, clips) * np.log(self.tempo))
        longest = int(np.ceil(frames * self.tempo))
        times = start[:, None] + np.arange(longest) * speed[:, None]
        before = np.floor(times).astype(int).clip(0, frames - 1)
        weight = (times - before).astype(np.float32)[:, :, None, None]
        row = np.arange(clips)[:, None]
        first, second = batch[row, before], batch[row, (before + 1).clip(max=frames - 1)]
        played = (1 - weight) * first + weight * second
        # Beside a missing sight, the nearer of the two counts.
        played = np.where(np.isnan(played), np.where(weight < 0.5, first, second), played)
        # The second frame stays, so that a short clip does not shrink to nothing.
        played[(times > end[:, None] + 1e-6) & (np.arange(longest) > 1)] = np.nan
        return np.asarray(played, np.float32)

    def _move(self, batch: FloatArray, generator: np.random.Generator) -> FloatArray:
        """Turn, stretch and shift the body in front of the camera, and disturb every point."""
        clips = len(batch)
        angle = generator.normal(0, self.turn, clips)
        cos, sin = np.cos(angle), np.sin(angle)
        size = 1 + generator.normal(0, self.scale, (clips, 1)) + generator.normal(0, self.scale / 2, (clips, 2))
        matrices = np.array([[cos, -sin], [sin, cos]]).transpose(2, 0, 1) * size.clip(0.5, 2)[:, :, None]
        moved = np.einsum("bij,btkj->btki", matrices.astype(np.float32), batch)
        moved += generator.normal(0, self.shift, (clips, 1, 1, 2)).astype(np.float32)
        moved += self.noise * generator.standard_normal(moved.shape, dtype=np.float32)
        return np.asarray(moved, np.float32)

    def _rest(self, batch: FloatArray, points: InputPoints, generator: np.random.Generator) -> None:
        """Lay arms that are at rest throughout elsewhere."""
        clips = len(batch)
        for side in SIDES:
            wrist, elbow, hand = points.index[f"{side}_wrist"], points.index[f"{side}_elbow"], points.hand(side)
            travel = np.nanmax(batch[:, :, wrist], axis=1, initial=-9) - np.nanmin(
                batch[:, :, wrist], axis=1, initial=9
            )
            moved = (np.hypot(*travel.T) < _AT_REST) & (generator.random(clips) < self.rest)
            offset = (moved[:, None] * generator.normal(0, _REST_SPREAD, (clips, 2))).astype(np.float32)
            batch[:, :, [wrist, *hand]] += offset[:, None, None]
            # The elbow follows half of the way.
            batch[:, :, elbow] += offset[:, None] / 2

    def _drop(self, batch: FloatArray, inputs: InputPoints, generator: np.random.Generator) -> None:
        clips, frames, points = batch.shape[:3]
        gone = np.zeros((clips, frames, points), dtype=bool)
        gone |= generator.random((clips, frames, 1)) < self.drop_frames
        gone |= generator.random((clips, 1, points)) < self.drop_points
        lengths = _lengths(batch)[:, None]
        for side in SIDES:
            start = generator.random((clips, 1)) * lengths
            span = generator.random((clips, 1)) * lengths
            index = np.arange(frames)
            hit = generator.random((clips, 1)) < self.drop_hand
            gone[:, :, inputs.hand(side)] |= np.asarray(hit & (index >= start) & (index < start + span))[:, :, None]
        # A clip of which nothing would be left stays as it is.
        left = (~np.isnan(batch[..., 0]) & ~gone).any(axis=(1, 2))
        gone[~left] = False
        batch[gone] = np.nan


def _lengths(batch: FloatArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(B,) frames up to the last in which anything is seen."""
    seen = np.asarray(~np.isnan(batch[..., 0]).all(axis=2))
    frames: np.ndarray[Any, np.dtype[np.int64]] = seen.shape[1] - seen[:, ::-1].argmax(axis=1)
    return frames
