"""What ``Preprocessing`` does to a sequence, once more in TensorFlow operations that LiteRT has itself.

Missing points are NaN on the way in and on the way out, as everywhere; in between, they are a mask. Times are float32
here and float64 there, so whatever depends on two times being equal is decided to within ``_SAME_TIME``: float32 tells
times up to a minute apart that well, and the frame times of common frame rates lie on a time of the result or further
from it than that.
"""

from typing import Any, Final

import numpy as np

from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.keras_backend import tf

_SAME_TIME: Final = 1e-5
"""Seconds."""

_LEAST_UNIT: Final = 1.0
"""Pixels between the shoulders, as ``normalize`` has it."""

_MULTIPLE: Final = 8
"""Frames, as ``pad`` has it: the models look a few frames back, and there must be as many."""


def preprocess_in_graph(keypoints: Any, timestamps: Any, size: Any, settings: Preprocessing) -> tuple[Any, Any]:
    """The input of the model families for one sequence.

    Args:
        keypoints: (T, K, 4) float32 as in ``KeypointSequence``, T at least 1.
        timestamps: (T,) float32 seconds, increasing.
        size: (2,) float32 width and height of the frames in pixels.
        settings: of the preprocessing.

    Returns:
        (N, P, 2) float32 what ``settings(sequence)`` is, as ``pad`` pads it, and whether there is a signer at all:
        without one, the first result means nothing.
    """
    chosen = tf.gather(keypoints, np.array(settings.points.places, np.int32), axis=1)
    seen = tf.reduce_all(tf.logical_not(tf.math.is_nan(chosen)), axis=-1)
    seen &= chosen[..., 3] >= settings.normalization.min_visibility
    points = tf.where(seen[..., None], chosen[..., :2] * size, 0.0)
    points, somebody = _in_signers_frame(points, seen, settings)
    if settings.normalization.fill_gap_s > 0:
        points, seen = _filled(points, seen, timestamps, settings.normalization.fill_gap_s)
    return _resampled(points, seen, timestamps, settings), somebody


def _in_signers_frame(points: Any, seen: Any, settings: Preprocessing) -> tuple[Any, Any]:
    """(T, P, 2) in shoulder widths from the middle of the shoulders, and whether there are shoulders to measure by."""
    left, right = (settings.points.index[f"{side}_shoulder"] for side in ("left", "right"))
    both = tf.logical_and(seen[:, left], seen[:, right])
    across = points[:, left] - points[:, right]
    middle = (points[:, left] + points[:, right]) / 2
    distance = tf.sqrt(tf.reduce_sum(across * across, axis=1, keepdims=True))
    # All medians at once, since each sorts.
    origin, across, unit = tf.split(_median(tf.concat([middle, across, distance], axis=1), both), [2, 2, 1])
    points = (points - origin) / tf.maximum(unit, _LEAST_UNIT)
    if settings.normalization.level_shoulders:
        length = tf.sqrt(tf.reduce_sum(across * across))
        cos, sin = tf.unstack(tf.where(length > 0, across / tf.maximum(length, 1e-9), [1.0, 0.0]))
        x, y = points[..., 0], points[..., 1]
        points = tf.stack([cos * x + sin * y, cos * y - sin * x], axis=-1)
    return points, tf.logical_and(tf.reduce_any(both), unit[0] >= _LEAST_UNIT)


def _median(values: Any, known: Any) -> Any:
    """(C,) the medians of values (T, C) over the frames (T,) that are known; without any, no number of interest."""
    largest = tf.sort(tf.where(known, tf.transpose(values), -np.inf), direction="DESCENDING")
    count = tf.maximum(tf.reduce_sum(tf.cast(known, tf.int32)), 1)
    return (tf.gather(largest, (count - 1) // 2, axis=1) + tf.gather(largest, count // 2, axis=1)) / 2


def _filled(points: Any, seen: Any, timestamps: Any, longest_s: float) -> tuple[Any, Any]:
    """Points (T, P, 2) and whether they are seen (T, P), with what ``fill_gaps`` fills."""
    frames = tf.shape(seen)[0]
    by_point = tf.transpose(seen)
    # For each point the frames that see it, in order: how many they are by now leads to the last one and the next.
    sights = tf.sort(tf.where(by_point, tf.range(frames), frames))
    so_far = tf.cumsum(tf.cast(by_point, tf.int32), axis=1)
    before = tf.gather(sights, tf.maximum(so_far - 1, 0), batch_dims=1)
    after = tf.gather(sights, tf.minimum(so_far, frames - 1), batch_dims=1)
    between = (so_far > 0) & (after < frames) & tf.logical_not(by_point)
    before, after = (tf.minimum(place, frames - 1) for place in (before, after))
    start, gap = tf.gather(timestamps, before), tf.gather(timestamps, after) - tf.gather(timestamps, before)
    between &= gap <= longest_s + _SAME_TIME
    weight = ((timestamps - start) / tf.where(between, gap, 1.0))[..., None]
    values = tf.transpose(points, (1, 0, 2))
    line = (1 - weight) * tf.gather(values, before, batch_dims=1) + weight * tf.gather(values, after, batch_dims=1)
    values = tf.where(between[..., None], line, values)
    return tf.transpose(values, (1, 0, 2)), tf.logical_or(seen, tf.transpose(between))


def _resampled(points: Any, seen: Any, timestamps: Any, settings: Preprocessing) -> Any:
    """(N, P, 2) with NaN: what ``resample`` makes of the frames from first to last sight of somebody, padded."""
    index = tf.range(tf.shape(seen)[0])
    somebody = tf.reduce_any(seen, axis=1)
    last = tf.reduce_max(tf.where(somebody, index, 0))
    first = tf.minimum(tf.reduce_min(tf.where(somebody, index, tf.size(index))), last)
    elapsed = timestamps - timestamps[first]
    lasting = tf.minimum(elapsed[last], settings.longest_s) + _SAME_TIME
    frames = tf.cast(lasting * settings.rate_hz, tf.int32) + 1
    places = tf.range((frames + _MULTIPLE - 1) // _MULTIPLE * _MULTIPLE)
    times = tf.cast(places, tf.float32) / settings.rate_hz
    earlier = tf.cast(elapsed < times[:, None] - _SAME_TIME, tf.int32)
    after = tf.clip_by_value(tf.reduce_sum(earlier, axis=1), first, last)
    late = tf.cast(tf.gather(elapsed, after) > times + _SAME_TIME, tf.int32)
    before = tf.maximum(after - late, first)
    gap = tf.gather(elapsed, after) - tf.gather(elapsed, before)
    weight = tf.where(gap > 0, (times - tf.gather(elapsed, before)) / tf.where(gap > 0, gap, 1.0), 0.0)
    weight = tf.clip_by_value(weight, 0.0, 1.0)[:, None, None]
    lasts = (places < frames) & (gap <= settings.longest_gap_s + _SAME_TIME)
    known = tf.gather(seen, before) & tf.gather(seen, after) & lasts[:, None]
    line = (1 - weight) * tf.gather(points, before) + weight * tf.gather(points, after)
    return tf.where(known[..., None], line, np.nan)
