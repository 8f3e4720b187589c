"""Keypoints as networks read them. Inputs are NaN where a point is missing; from here on, masks."""

from itertools import pairwise
from typing import Any

import numpy as np

from posegloss.classifiers.families.past import Past, preceded
from posegloss.classifiers.input_points import INPUT_POINTS
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.keras_backend import keras, ops
from posegloss.pipeline.skeleton import SIDES

_ARM = ("shoulder", "elbow", "wrist")
_LIMBS = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for side in SIDES
    for a, b in (*pairwise(_ARM), *(("wrist", tip) for tip in ("pinky", "index", "thumb")))
)
# What a sign's location is told by: where the hands are, seen from the face and from each other.
_PLACES = (("nose", "left_wrist"), ("nose", "right_wrist"), ("left_wrist", "right_wrist"))

# Velocities are taken over so many frames.
_LAGS = (1, 2, 4)
# At so many shoulder widths a second a squashed velocity has half of its greatest length.
_SLOW = 0.3


class PointFeatures(keras.layers.Layer):  # type: ignore[misc]
    """A layer that reads keypoints.

    Within, points are (B, T, K, 3): x and y, zero where the point is missing, and whether it is known, 1 or 0.

    Args:
        rate_hz: frames a second of the inputs.
        layout: the name of the points' layout.
        **options: of every Keras layer.
    """

    def __init__(self, rate_hz: float, layout: str, **options: Any) -> None:
        super().__init__(**options)
        self.rate_hz, self.layout = rate_hz, layout

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "rate_hz": self.rate_hz, "layout": self.layout}

    def velocity(self, points: Any, first: int, lag: int) -> Any:
        """(B, T - first, K, 2) in shoulder widths a second: of the frames from ``first`` on, over ``lag`` frames."""
        return difference(points[:, first:], points[:, first - lag : -lag])[..., :2] * (self.rate_hz / lag)


def known_points(inputs: Any) -> Any:
    """(B, T, K, 3) of inputs (B, T, K, 2) with NaN: see ``PointFeatures``."""
    seen = ops.logical_not(ops.isnan(inputs[..., :1]))
    return ops.concatenate([ops.where(seen, inputs, 0.0), ops.cast(seen, inputs.dtype)], axis=-1)


def difference(points: Any, others: Any) -> Any:
    """(B, T, K, 3) points seen from others, known where both are."""
    both = points[..., 2:] * others[..., 2:]
    return ops.concatenate([(points[..., :2] - others[..., :2]) * both, both], axis=-1)


def flat(points: Any) -> Any:
    """(B, T, K, F) as (B, T, K * F)."""
    return ops.reshape(points, (*ops.shape(points)[:2], points.shape[2] * points.shape[3]))


@keras.saving.register_keras_serializable("posegloss")
class KeypointFeatures(PointFeatures):
    """Positions, limbs, velocities and what is missing, from inputs with NaN.

    Velocities are differences to the frame before, the second and the fourth before, in shoulder widths a second.
    The winner of Google's isolated sign language recognition on Kaggle (2023) used differences of one and two frames;
    here they look back, so that the network can follow a stream, and their length is squashed to below one: which way
    a hand moves is the sign's, how fast is the signer's. A value that depends on a missing point is zero, and the
    mask says so.
    """

    def __init__(self, rate_hz: float, layout: str, **options: Any) -> None:
        super().__init__(rate_hz, layout, **options)
        points = INPUT_POINTS[layout]
        # The points of a whole hand are seen from its wrist.
        hands = tuple((f"{side}_hand_wrist", points.names[i]) for side in SIDES for i in points.whole_hand(side)[1:])
        self._from, self._to = (
            np.array([points.index[pair[end]] for pair in _LIMBS + _PLACES + hands]) for end in (0, 1)
        )

    def call(self, inputs: Any) -> tuple[Any, Any]:
        """(B, T, K, 2) to features (B, T, F) and the mask (B, T) of the frames in which anything is seen."""
        return self.step(inputs, None)[0]

    def step(self, inputs: Any, state: Any) -> tuple[tuple[Any, Any], Any]:
        """The same of the next frames; kept are points and limbs of the last ``max(_LAGS)``."""
        points = known_points(inputs)
        limbs = difference(ops.take(points, self._to, axis=2), ops.take(points, self._from, axis=2))
        now = ops.concatenate([points, limbs], axis=2)
        then = preceded(now, state, max(_LAGS))
        velocities = (_squashed(self.velocity(then, max(_LAGS), lag)) for lag in _LAGS)
        features = ops.concatenate([flat(part) for part in (now[..., :2], *velocities, points[..., 2:])], axis=-1)
        return (features, ops.any(points[..., 2] > 0, axis=-1)), then[:, -max(_LAGS) :]


def _squashed(velocity: Any) -> Any:
    # The small term keeps the root's slope finite.
    speed = ops.sqrt(ops.sum(velocity * velocity, axis=-1, keepdims=True) + 1e-6)
    return velocity / (_SLOW + speed)


class ScaledFeatures:
    """Keypoint features, each scaled as is usual for it."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        # Differences of positions are small beside the positions, too small for half precision.
        self._features = KeypointFeatures(preprocessing.rate_hz, preprocessing.layout, name="features", dtype="float32")
        self._scale = keras.layers.BatchNormalization(name="feature_scale")

    def __call__(self, keypoints: Any, past: Past) -> tuple[Any, Any]:
        """(B, T, K, 2) with NaN to features (B, T, F) and the mask (B, T) of the frames in which anything is seen."""
        features, frames = past(self._features, keypoints)
        return self._scale(features, mask=frames), frames
