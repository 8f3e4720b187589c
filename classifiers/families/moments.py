"""Clips of any length as the same number of moments, for families that compare clips moment by moment."""

from collections.abc import Sequence

import numpy as np

from posegloss.pipeline.sequence import FloatArray


def at_moments(inputs: Sequence[FloatArray], moments: int) -> FloatArray:
    """(N, M, K, C) clips (T, K, C) at M moments that are evenly spread over each.

    A missing point is where it was seen nearest in time; one that a clip never shows stays NaN.
    """
    return np.stack([_at_moments(nearest_in_time(one), moments) for one in inputs]).astype(np.float32)


def nearest_in_time(clip: FloatArray) -> FloatArray:
    """(T, ...) with each missing value replaced by the nearest in time of its column, NaN where there is none."""
    frames = len(clip)
    values = clip.reshape(frames, -1)
    seen, now = ~np.isnan(values), np.arange(frames)[:, None]
    before = np.maximum.accumulate(np.where(seen, now, -1), axis=0)
    after = np.minimum.accumulate(np.where(seen, now, frames)[::-1], axis=0)[::-1]
    use_after = (before < 0) | ((after < frames) & (after - now < now - before))
    nearest = np.where(use_after, after, before).clip(0, frames - 1)
    return np.asarray(np.take_along_axis(values, nearest, axis=0).reshape(clip.shape))


def _at_moments(clip: FloatArray, moments: int) -> FloatArray:
    times = np.linspace(0, len(clip) - 1, moments)
    before = np.floor(times).astype(int)
    weight = (times - before).reshape(-1, *[1] * (clip.ndim - 1))
    return np.asarray((1 - weight) * clip[before] + weight * clip[np.minimum(before + 1, len(clip) - 1)])
