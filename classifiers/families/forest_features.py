"""What the trees beside a network read of a clip: where the points are at fixed parts of it, and how they move.

Trees cut a feature into above and below, so each feature should mean one thing: positions seen from the body, from the
nose, from the other hand; speeds; ranges; the wrists' spectra. All are of the clip as if the hand that leads were the
right one: which hand signs is told better by the person than by the gloss.
"""

from typing import Any, Final

import numpy as np

from posegloss.classifiers.families.handedness import mirror
from posegloss.classifiers.families.point_features import known_points
from posegloss.classifiers.input_points import InputPoints
from posegloss.pipeline.keras_backend import ops
from posegloss.pipeline.skeleton import SIDES

_MOMENTS: Final = 12
"""Evenly spread over the clip."""
_SPECTRUM_MOMENTS: Final = 32
_FREQUENCIES: Final = 8
"""Whole waves in the clip, from 1 on."""
_NEVER_SEEN: Final = -9.0
"""Shoulder widths: where no point is, so that a tree can tell."""
_FAR_SIGHT: Final = 1e-3
"""Weight of sights away from a moment, which count where there is none beside it."""
_FASTEST: Final = 100.0
"""Shoulder widths a second."""
_SLOW: Final = 0.05
"""Shoulder widths from one moment to the next; slower movements have a shorter direction."""


def forest_features(inputs: Any, right_handed: Any, points: InputPoints, rate_hz: float) -> Any:
    """(B, F) float32 features of clips, never NaN; within a graph.

    Args:
        inputs: (B, T, K, 2) with NaN where a point is missing; frames before the first and after the last sight of
            anybody do not count.
        right_handed: (B,) the weight of a clip as it is, against its mirror image: the surer one is read.
        points: what the K are.
        rate_hz: frames a second.
    """
    known = known_points(ops.where(right_handed[:, None, None, None] < 0.5, mirror(inputs, points), inputs))
    first, last = _sights(known)
    at = _at_moments(known, first, last, _MOMENTS)
    wrists = [points.index[f"{side}_wrist"] for side in SIDES]
    paths = _at_moments(ops.take(known, wrists, axis=2), first, last, _SPECTRUM_MOMENTS)
    parts = [*_of_points(at, last - first, rate_hz), *_of_arms(at, points)]
    parts += _of_wrists(ops.take(at, wrists, axis=2), at[:, :, points.index["nose"]], _spectrum(paths))
    return ops.concatenate([ops.reshape(part, (-1, int(np.prod(part.shape[1:])))) for part in parts], axis=1)


def _sights(known: Any) -> tuple[Any, Any]:
    """(B,) and (B,) float32 the first and the last frame in which anything is seen; 0 where nothing is."""
    somebody = ops.max(known[..., 2], axis=2)
    number = _numbers(known)
    last = ops.max(number * somebody, axis=1)
    return ops.minimum(ops.min(ops.where(somebody > 0, number, 1e6), axis=1), last), last


def _numbers(known: Any) -> Any:
    """(B, T) float32 from 0."""
    return ops.cumsum(ops.ones_like(known[:, :, 0, 2]), axis=1) - 1.0


def _at_moments(known: Any, first: Any, last: Any, moments: int) -> Any:
    """(B, M, K, 2): on the line between two sights; where these are missing the mean of others by their nearness."""
    points = known.shape[2]
    times = first[:, None] + (last - first)[:, None] * np.linspace(0, 1, moments, dtype=np.float32)
    apart = ops.abs(times[:, :, None] - _numbers(known)[:, None, :])
    near = ops.maximum(1.0 - apart, 0.0) + _FAR_SIGHT / (1.0 + apart * apart) ** 2
    there = known[..., 2]
    summed = ops.matmul(near, ops.reshape(known[..., :2], (-1, ops.shape(known)[1], 2 * points)))
    weight = ops.matmul(near, there)[..., None]
    places = ops.reshape(summed, (-1, moments, points, 2)) / ops.maximum(weight, 1e-12)
    return ops.where(weight > 0, places, _NEVER_SEEN)


def _of_points(at: Any, frames: Any, rate_hz: float) -> list[Any]:
    """Positions, speeds, and each point's mean and range, in clips of so many frames (B,)."""
    seconds = ops.maximum(frames, 1.0) / (rate_hz * (_MOMENTS - 1))
    speed = (at[:, 1:] - at[:, :-1]) / seconds[:, None, None, None]
    return [
        at,
        ops.clip(speed, -_FASTEST, _FASTEST),
        ops.mean(at, axis=1),
        ops.max(at, axis=1) - ops.min(at, axis=1),
    ]


def _of_arms(at: Any, points: InputPoints) -> list[Any]:
    """Limbs, and the hand's three points seen from the wrist."""
    parts = []
    for side in SIDES:
        shoulder, elbow, wrist = (at[:, :, points.index[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist"))
        tips = ops.take(at, [points.index[f"{side}_{tip}"] for tip in ("pinky", "index", "thumb")], axis=2)
        hand = tips - wrist[:, :, None]
        length = ops.sqrt(ops.sum(hand * hand, axis=-1) + 1e-12)
        direction = hand / (length[..., None] + _SLOW)
        parts += [elbow - shoulder, wrist - elbow, hand, ops.mean(hand, axis=1)]
        parts += [ops.mean(direction, axis=1), ops.mean(length, axis=1)]
    return parts


def _of_wrists(wrists: Any, nose: Any, spectrum: Any) -> list[Any]:
    """Seen from the nose and from each other, which way and how far they go, and how often they go back."""
    apart = wrists[:, :, 0] - wrists[:, :, 1]
    distance = ops.sqrt(ops.sum(apart * apart, axis=-1) + 1e-12)
    step = wrists[:, 1:] - wrists[:, :-1]
    length = ops.sqrt(ops.sum(step * step, axis=-1, keepdims=True) + 1e-12)
    return [
        wrists - nose[:, :, None],
        apart,
        distance,
        ops.min(distance, axis=1, keepdims=True),
        ops.max(distance, axis=1, keepdims=True),
        step / (length + _SLOW),
        ops.sum(length, axis=1),
        ops.max(length, axis=1),
        spectrum,
        spectrum / (ops.sum(spectrum, axis=1, keepdims=True) + 0.1),
    ]


def _spectrum(paths: Any) -> Any:
    """(B, F, 2, 2) amplitudes of the wrists' paths (B, M, 2, 2) by the discrete Fourier transform."""
    waves = np.arange(1, _FREQUENCIES + 1)[:, None] * np.arange(_SPECTRUM_MOMENTS) * (2 * np.pi / _SPECTRUM_MOMENTS)
    flat = ops.reshape(paths, (-1, _SPECTRUM_MOMENTS, 4))
    cos, sin = (ops.matmul(wave[None].astype(np.float32), flat) for wave in (np.cos(waves), np.sin(waves)))
    return ops.reshape(ops.sqrt(cos * cos + sin * sin + 1e-12), (-1, _FREQUENCIES, 2, 2))
