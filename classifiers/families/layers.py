"""The Keras layers that families share. Inputs are NaN where a point is missing; from the first layer on, masks."""

from itertools import pairwise
from typing import Any

import numpy as np

from posegloss.classifiers.families.backend import keras, ops
from posegloss.classifiers.input_points import INPUT_POINTS
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


@keras.saving.register_keras_serializable("posegloss")
class KeypointFeatures(keras.layers.Layer):  # type: ignore[misc]
    """Positions, limbs, velocities and what is missing, from inputs with NaN.

    Velocities are differences to the frame before, the second and the fourth before, in shoulder widths a second.
    The winner of Google's isolated sign language recognition on Kaggle (2023) used differences of one and two frames;
    here they look back, so that the network can follow a stream, and their length is squashed to below one: which way
    a hand moves is the sign's, how fast is the signer's. A value that depends on a missing point is zero, and the
    mask says so.

    Args:
        rate_hz: frames a second of the inputs.
        layout: the name of the points' layout.
        **options: of every Keras layer.
    """

    def __init__(self, rate_hz: float, layout: str, **options: Any) -> None:
        super().__init__(**options)
        self.rate_hz, self.layout = rate_hz, layout
        points = INPUT_POINTS[layout]
        # The points of a whole hand are seen from its wrist.
        hands = tuple((f"{side}_hand_wrist", points.names[i]) for side in SIDES for i in points.whole_hand(side)[1:])
        self._from, self._to = (
            np.array([points.index[pair[end]] for pair in _LIMBS + _PLACES + hands]) for end in (0, 1)
        )

    def call(self, inputs: Any) -> tuple[Any, Any]:
        """(B, T, K, 2) to features (B, T, F) and the mask (B, T) of the frames in which anything is seen."""
        seen = ops.logical_not(ops.isnan(inputs[..., :1]))
        points = ops.where(seen, inputs, 0.0)
        position = ops.concatenate([points, self._between(points, seen)], axis=2)
        known = ops.concatenate([seen, self._both(seen)], axis=2)
        parts = [position, *(self._velocity(position, known, lag) for lag in _LAGS), ops.cast(seen, inputs.dtype)]
        features = [ops.reshape(part, (*ops.shape(part)[:2], part.shape[2] * part.shape[3])) for part in parts]
        return ops.concatenate(features, axis=-1), ops.any(seen[..., 0], axis=-1)

    def _between(self, points: Any, seen: Any) -> Any:
        difference = ops.take(points, self._to, axis=2) - ops.take(points, self._from, axis=2)
        return ops.where(self._both(seen), difference, 0.0)

    def _both(self, seen: Any) -> Any:
        return ops.logical_and(ops.take(seen, self._to, axis=2), ops.take(seen, self._from, axis=2))

    def _velocity(self, position: Any, known: Any, lag: int) -> Any:
        now, then = position[:, lag:], position[:, :-lag]
        both = ops.logical_and(known[:, lag:], known[:, :-lag])
        velocity = ops.where(both, (now - then) * (self.rate_hz / lag), 0.0)
        # The small term keeps the root's slope finite.
        speed = ops.sqrt(ops.sum(velocity * velocity, axis=-1, keepdims=True) + 1e-6)
        velocity = velocity / (_SLOW + speed)
        return ops.pad(velocity, ((0, 0), (lag, 0), (0, 0), (0, 0)))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "rate_hz": self.rate_hz, "layout": self.layout}


@keras.saving.register_keras_serializable("posegloss")
class CausalDepthwiseConv(keras.layers.Layer):  # type: ignore[misc]
    """A convolution over time of each channel on its own that looks back only. Masked frames count as zero.

    Args:
        kernel_size: frames.
        **options: of every Keras layer.
    """

    def __init__(self, kernel_size: int, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.kernel_size = kernel_size
        self.conv = keras.layers.DepthwiseConv1D(kernel_size, use_bias=False)

    def build(self, shape: Any) -> None:
        """Make the kernel."""
        self.conv.build(shape)

    def call(self, inputs: Any, frames: Any) -> Any:
        """(B, T, C) and (B, T) to (B, T, C)."""
        masked = inputs * ops.cast(frames, inputs.dtype)[..., None]
        return self.conv(ops.pad(masked, ((0, 0), (self.kernel_size - 1, 0), (0, 0))))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable("posegloss")
class MaskedMean(keras.layers.Layer):  # type: ignore[misc]
    """The mean over the frames that are there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """No time axis is left, so no mask."""

    def call(self, inputs: Any, frames: Any) -> Any:
        """(B, T, C) and (B, T) to (B, C)."""
        weight = ops.cast(frames, inputs.dtype)[..., None]
        return ops.sum(inputs * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1.0)


@keras.saving.register_keras_serializable("posegloss")
class RunningChannelWeights(keras.layers.Layer):  # type: ignore[misc]
    """Weighs each channel by all channels' means over the frames up to now.

    Squeeze and excitation (Hu et al. 2018, section 3) with a mean that looks back only.

    Args:
        reduction: so many times fewer channels lie between the means and the weights.
        **options: of every Keras layer.
    """

    def __init__(self, reduction: int = 8, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.reduction = reduction

    def build(self, shape: Any) -> None:
        """Make the two layers between means and weights."""
        self.squeeze = keras.layers.Dense(max(1, shape[-1] // self.reduction), activation="swish")
        self.excite = keras.layers.Dense(shape[-1], activation="sigmoid")
        self.squeeze.build(shape)
        self.excite.build((*shape[:-1], self.squeeze.units))

    def call(self, inputs: Any, frames: Any) -> Any:
        """(B, T, C) and (B, T) to (B, T, C)."""
        seen = ops.cast(frames, inputs.dtype)[..., None]
        # Sums over long clips leave the range in which half precision counts.
        total = ops.cumsum(ops.cast(inputs * seen, "float32"), axis=1)
        mean = total / ops.maximum(ops.cumsum(ops.cast(seen, "float32"), axis=1), 1.0)
        return inputs * self.excite(self.squeeze(ops.cast(mean, inputs.dtype)))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "reduction": self.reduction}
