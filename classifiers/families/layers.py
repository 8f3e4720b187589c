"""The Keras layers that families share. Inputs are NaN where a point is missing; from the first layer on, masks."""

from itertools import pairwise
from typing import Any

import numpy as np

from posegloss.classifiers.families.backend import keras, ops
from posegloss.classifiers.input_points import INPUT_POINTS, SIDES

_ARM = ("shoulder", "elbow", "wrist")
_LIMBS = tuple(
    (f"{side}_{a}", f"{side}_{b}")
    for side in SIDES
    for a, b in (*pairwise(_ARM), *(("wrist", tip) for tip in ("pinky", "index", "thumb")))
)
# What a sign's location is told by: where the hands are, seen from the face and from each other.
_PLACES = (("nose", "left_wrist"), ("nose", "right_wrist"), ("left_wrist", "right_wrist"))


@keras.saving.register_keras_serializable("posegloss")
class KeypointFeatures(keras.layers.Layer):  # type: ignore[misc]
    """Positions, limbs, velocities and what is missing, from inputs with NaN.

    Velocities are differences to the frame before and to the second frame before, in shoulder widths a second, as
    the winner of Google's isolated sign language recognition on Kaggle (2023) used them per frame; here they look
    back, so that the network can follow a stream. A value that depends on a missing point is zero, and the mask
    says so.

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
        parts = [position, *(self._velocity(position, known, lag) for lag in (1, 2)), ops.cast(seen, inputs.dtype)]
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
class EfficientChannelAttention(keras.layers.Layer):  # type: ignore[misc]
    """Weighs each channel by its neighbours' means over time (Wang et al. 2020, ECA-Net, section 3.2)."""

    def __init__(self, kernel_size: int = 5, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.kernel_size = kernel_size
        self.mean = MaskedMean()
        self.conv = keras.layers.Conv1D(1, kernel_size, padding="same", use_bias=False)

    def build(self, shape: Any) -> None:
        """Make the kernel."""
        self.conv.build((shape[0], shape[-1], 1))

    def call(self, inputs: Any, frames: Any) -> Any:
        """(B, T, C) and (B, T) to (B, T, C)."""
        weight = ops.sigmoid(self.conv(self.mean(inputs, frames)[..., None]))
        return inputs * ops.transpose(weight, (0, 2, 1))

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "kernel_size": self.kernel_size}
