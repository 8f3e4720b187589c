"""What augmentation does to batches of inputs: to their time, their arms, the camera, and what is lost of them.

Every function takes inputs (B, T, K, 2) in shoulder widths with NaN where a point is missing, and a generator.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from posegloss.classifiers.input_points import InputPoints
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import SIDES

# A wrist that stays within this many shoulder widths does not sign.
_AT_REST: Final = 0.35
# How far resting places lie from one another, in shoulder widths, across and down.
_REST_SPREAD: Final = (0.4, 0.3)
# Each hand's movement is scaled this much apart from the other's, as a part of what both share.
_OWN_PART: Final = 0.4

Generator = np.random.Generator


def retime(batch: FloatArray, tempo: float, crop: float, generator: Generator) -> FloatArray:
    """Play each clip from a random start to a random end at a random tempo."""
    clips, frames = batch.shape[:2]
    last = lengths(batch) - 1
    start = generator.uniform(0, crop, clips) * last
    end = last - generator.uniform(0, crop, clips) * last
    speed = np.exp(generator.uniform(-1, 1, clips) * np.log(tempo))
    longest = int(np.ceil(frames * tempo))
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


def move_arms(
    batch: FloatArray,
    points: InputPoints,
    *,
    rest: float,
    both: float,
    each: float,
    amplitude: float,
    generator: Generator,
) -> None:
    """Sign elsewhere, wider or narrower, with resting arms lying elsewhere; in place.

    Args:
        batch: the inputs.
        points: what they are.
        rest: probability that an arm that rests throughout rests elsewhere.
        both: standard deviation of where both hands are held.
        each: standard deviation of where each hand is held.
        amplitude: standard deviation of the logarithm of the size of movements.
        generator: decides.
    """
    clips = len(batch)
    together = both * generator.standard_normal((clips, 2))
    wider = amplitude * generator.standard_normal((clips, 1))
    for side in SIDES:
        wrist, elbow, hand = points.index[f"{side}_wrist"], points.index[f"{side}_elbow"], points.hand(side)
        path = batch[:, :, wrist]
        seen = ~np.isnan(path)
        travel = np.max(path, axis=1, where=seen, initial=-9) - np.min(path, axis=1, where=seen, initial=9)
        resting = (np.hypot(*travel.T) < _AT_REST) & (generator.random(clips) < rest)
        offset = resting[:, None] * generator.normal(0, _REST_SPREAD, (clips, 2))
        offset += together + each * generator.standard_normal((clips, 2))
        size = np.exp(wider + _OWN_PART * amplitude * generator.standard_normal((clips, 2)))
        middle = np.sum(path, axis=1, where=seen) / np.maximum(seen.sum(axis=1), 1)
        change = ((size[:, None] - 1) * (path - middle[:, None]) + offset[:, None]).astype(np.float32)
        batch[:, :, [wrist, *hand]] += change[:, :, None]
        # The elbow follows half of the way.
        batch[:, :, elbow] += change / 2


def stretch_body(batch: FloatArray, points: InputPoints, deviation: float, generator: Generator) -> None:
    """Give the signers longer or shorter arms, and hands and faces of other sizes; in place."""
    factors = np.exp(deviation * generator.standard_normal((3, len(batch), 1, 1, 1))).astype(np.float32)
    face = [i for i, name in enumerate(points.names) if name.startswith(("nose", "mouth")) or "eye" in name]
    batch[:, :, face] *= factors[0]
    for side in SIDES:
        shoulder, elbow, wrist = (points.index[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist"))
        hand = list(points.hand(side))
        root = batch[:, :, [shoulder]]
        grown = root + factors[1] * (batch[:, :, [elbow, wrist]] - root)
        batch[:, :, hand] = grown[:, :, 1:] + factors[2] * (batch[:, :, hand] - batch[:, :, [wrist]])
        batch[:, :, [elbow, wrist]] = grown


def turn_arms(batch: FloatArray, points: InputPoints, deviation: float, generator: Generator) -> None:
    """Turn each arm in the picture about its shoulder, and the forearm about its elbow; in place. In radians."""
    for side in SIDES:
        chain = [points.index[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist")]
        hand = list(points.hand(side))
        for joint, moved in ((chain[0], [*chain[1:], *hand]), (chain[1], [chain[2], *hand])):
            matrices = _rotations(deviation * generator.standard_normal(len(batch)))
            root = batch[:, :, [joint]]
            batch[:, :, moved] = root + np.einsum("bij,btkj->btki", matrices, batch[:, :, moved] - root)


def move_camera(
    batch: FloatArray,
    *,
    turn: float,
    scale: float,
    shear: float,
    perspective: float,
    shift: float,
    generator: Generator,
) -> FloatArray:
    """Turn, stretch, shear, tilt and shift the picture; all in standard deviations."""
    clips = len(batch)
    size = 1 + generator.normal(0, scale, (clips, 1)) + generator.normal(0, scale / 2, (clips, 2))
    matrices = _rotations(generator.normal(0, turn, clips)) * size.clip(0.5, 2)[:, :, None]
    slanted = np.tile(np.eye(2), (clips, 1, 1))
    slanted[:, 0, 1], slanted[:, 1, 0] = generator.normal(0, shear, (2, clips))
    moved = np.einsum("bij,btkj->btki", (matrices @ slanted).astype(np.float32), batch)
    # A tilted camera sees what lies to one side smaller: the planar part of a homography.
    tilt = generator.normal(0, perspective, (clips, 1, 1, 2)).astype(np.float32)
    moved /= (1 + (tilt * moved).sum(axis=-1, keepdims=True)).clip(0.5, 2)
    moved += generator.normal(0, shift, (clips, 1, 1, 2)).astype(np.float32)
    return np.asarray(moved, np.float32)


def lose(
    batch: FloatArray, inputs: InputPoints, *, frames: float, hand: float, points: float, generator: Generator
) -> None:
    """Lose frames, hands for a while, and points throughout, each with its probability; in place."""
    clips, count, width = batch.shape[:3]
    gone = np.zeros((clips, count, width), dtype=bool)
    gone |= generator.random((clips, count, 1)) < frames
    gone |= generator.random((clips, 1, width)) < points
    duration = lengths(batch)[:, None]
    for side in SIDES:
        start = generator.random((clips, 1)) * duration
        span = generator.random((clips, 1)) * duration
        index = np.arange(count)
        hit = generator.random((clips, 1)) < hand
        gone[:, :, inputs.hand(side)] |= np.asarray(hit & (index >= start) & (index < start + span))[:, :, None]
    # A clip of which nothing would be left stays as it is.
    left = (~np.isnan(batch[..., 0]) & ~gone).any(axis=(1, 2))
    gone[~left] = False
    batch[gone] = np.nan


def mix_takes(
    batch: FloatArray, labels: Sequence[int] | np.ndarray[Any, Any], part: float, generator: Generator
) -> FloatArray:
    """Put the mean path of two takes of a gloss in the place of one, with this probability (Zhang et al. 2018).

    The takes are blended frame by frame, at a ratio from the uniform distribution; where the other take lacks a point
    the first stays as it is.
    """
    labels = np.asarray(labels)
    order = generator.permutation(len(batch))
    # The partner of each clip is the next of its gloss in a random order.
    partner = np.arange(len(batch))
    for label in np.unique(labels):
        own = order[labels[order] == label]
        partner[own] = np.roll(own, 1)
    chosen = generator.random(len(batch)) < part
    weight = np.where(chosen, generator.random(len(batch)), 0).astype(np.float32)[:, None, None, None]
    blended = (1 - weight) * batch + weight * batch[partner]
    return np.asarray(np.where(np.isnan(blended), batch, blended), np.float32)


def lengths(batch: FloatArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(B,) frames up to the last in which anything is seen."""
    seen = np.asarray(~np.isnan(batch[..., 0]).all(axis=2))
    frames: np.ndarray[Any, np.dtype[np.int64]] = seen.shape[1] - seen[:, ::-1].argmax(axis=1)
    return frames


def _rotations(angles: np.ndarray[Any, Any]) -> FloatArray:
    """(B, 2, 2) rotations by angles (B,) in radians."""
    cos, sin = np.cos(angles), np.sin(angles)
    return np.array([[cos, -sin], [sin, cos]], np.float32).transpose(2, 0, 1)
