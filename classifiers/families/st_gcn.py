"""A spatial temporal graph convolutional network (Yan et al. 2018): along the skeleton, and along time.

Smaller than theirs for small sets of clips and processors without a GPU: the convolutions over time see each channel on
its own, and blocks that widen halve the frame rate. Points that are missing pass nothing on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from posegloss.classifiers.families.configured import ConfiguredFamily
from posegloss.classifiers.families.layers import MaskedMean
from posegloss.classifiers.families.past import preceded
from posegloss.classifiers.families.point_features import PointFeatures, difference, flat, known_points
from posegloss.classifiers.families.skeleton_graph import adjacency, edges, hops_from_centre
from posegloss.classifiers.input_points import INPUT_POINTS
from posegloss.pipeline.keras_backend import keras, ops


@dataclass(frozen=True)
class STGCNConfig:
    """The architecture.

    Attributes:
        widths: channels of each block; a block that is wider than the one before halves the frame rate.
        kernel_size: frames of the convolutions over time, odd.
        dropout: within the blocks.
        head_dropout: before the classification.
    """

    widths: tuple[int, ...] = (40, 64, 64, 96)
    kernel_size: int = 9
    dropout: float = 0.1
    head_dropout: float = 0.5

    def __post_init__(self) -> None:
        if not self.widths or self.kernel_size % 2 == 0:
            raise ValueError("there must be a block at least, and an odd kernel_size")
        # JSON knows lists only.
        object.__setattr__(self, "widths", tuple(self.widths))


@keras.saving.register_keras_serializable("posegloss")
class JointFeatures(PointFeatures):
    """What is known of each point: where it is, seen from the next point further in, too, and how it moves."""

    def __init__(self, rate_hz: float, layout: str, **options: Any) -> None:
        super().__init__(rate_hz, layout, **options)
        points = INPUT_POINTS[layout]
        hops = hops_from_centre(points)
        # The shoulders are further in than all others: seen from themselves.
        self._inward = np.arange(len(points))
        for a, b in edges(points):
            inner, outer = sorted((a, b), key=hops.__getitem__)
            if hops[inner] < hops[outer]:
                self._inward[outer] = inner

    def call(self, inputs: Any) -> tuple[Any, Any]:
        """(B, T, K, 2) with NaN to features (B, T, K * F) and the mask (B, T, K) of the points that are seen."""
        points = known_points(inputs)
        bones = difference(points, ops.take(points, self._inward, axis=2))
        velocity = self.velocity(preceded(points, None, 1), 1, 1)
        return flat(ops.concatenate([points[..., :2], bones[..., :2], velocity], axis=-1)), points[..., 2] > 0


@keras.saving.register_keras_serializable("posegloss")
class ByPoint(keras.layers.Layer):  # type: ignore[misc]
    """Scaled features (B, T, K * F) as (B, T, K, F + 1): zero where the point is missing, and whether it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def call(self, features: Any, seen: Any) -> Any:
        """Features and the mask (B, T, K)."""
        points = seen.shape[2]
        there = ops.cast(seen, features.dtype)[..., None]
        batch, frames = ops.shape(features)[:2]
        split = ops.reshape(features, (batch, frames, points, features.shape[2] // points))
        return ops.concatenate([split * there, there], axis=-1)


@keras.saving.register_keras_serializable("posegloss")
class GraphConv(keras.layers.Layer):  # type: ignore[misc]
    """A convolution over neighbours (Yan et al. 2018, section 3.5): a matrix for each partition of them.

    How much each neighbour counts is learnt, too (section 3.4, learnable edge importance weighting).

    Args:
        width: channels of the result.
        layout: the name of the points' layout.
        **options: of every Keras layer.
    """

    def __init__(self, width: int, layout: str, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.width, self.layout = width, layout
        # (K, K, 3): by the point that hears, the one that is heard, and the partition.
        self._adjacency = adjacency(INPUT_POINTS[layout]).transpose(1, 2, 0)

    def build(self, shape: Any) -> None:
        """Make the matrices."""
        self.importance = self.add_weight(self._adjacency.shape, name="importance", initializer="ones")
        self.kernel = self.add_weight((shape[-1], self._adjacency.shape[-1] * self.width), name="kernel")

    def call(self, inputs: Any) -> Any:
        """(B, T, K, C) to (B, T, K, width)."""
        batch, frames, points = ops.shape(inputs)[:3]
        # What each point would say to each partition, then the sum of what each hears: two matrix products.
        said = ops.reshape(ops.matmul(inputs, self.kernel), (batch, frames, -1, self.width))
        heard = self.importance * ops.cast(self._adjacency, inputs.dtype)
        return ops.matmul(ops.reshape(heard, (points, -1)), said)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "width": self.width, "layout": self.layout}


@keras.saving.register_keras_serializable("posegloss")
class HalfRate(keras.layers.Layer):  # type: ignore[misc]
    """Each two frames as one: their mean, or the one of them that is there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> tuple[None, None]:
        """Half of the frames are left; their mask is an output."""
        return None, None

    def call(self, inputs: Any, frames: Any) -> tuple[Any, Any]:
        """(B, T, K, C) and (B, T) to those of half the frames, rounded up."""
        weight = ops.cast(frames, inputs.dtype)[..., None, None]
        total, count = _pairs_added(inputs * weight), _pairs_added(weight)
        return total / ops.maximum(count, 1.0), count[:, :, 0, 0] > 0


def _pairs_added(x: Any) -> Any:
    return x[:, ::2] + ops.pad(x, ((0, 0), (0, 1), (0, 0), (0, 0)))[:, 1::2]


class STGCN(ConfiguredFamily):
    """Blocks of a graph convolution and one over time, and the mean over points and time."""

    name = "st-gcn"
    settings = STGCNConfig

    def build(self, classes: int) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits."""
        a, p = self.architecture, self.preprocessing
        keypoints = self.keypoints()
        # Velocities are too small beside positions for half precision.
        x, seen = JointFeatures(p.rate_hz, p.layout, name="features", dtype="float32")(keypoints)
        frames = ops.any(seen, axis=-1)
        x = keras.layers.BatchNormalization(name="feature_scale")(x, mask=frames)
        x = ByPoint(name="by_point")(x, seen)
        for width in a.widths:
            if width > x.shape[-1] and x.shape[-1] in a.widths:
                x, frames = HalfRate()(x, frames)
            x = self._block(x, frames, width)
        x = MaskedMean(name="mean_over_time")(ops.mean(x, axis=2), frames)
        x = keras.layers.Dropout(a.head_dropout)(x)
        return keras.Model(keypoints, keras.layers.Dense(classes, name="glosses")(x), name="st_gcn")

    def _block(self, x: Any, frames: Any, width: int) -> Any:
        a = self.architecture
        y = keras.layers.Activation("relu")(_normalized(GraphConv(width, self.preprocessing.layout)(x), frames))
        # Masked frames count as zero, as those before and after the clip do.
        y = y * ops.cast(frames, y.dtype)[:, :, None, None]
        y = keras.layers.DepthwiseConv2D((a.kernel_size, 1), padding="same", use_bias=False)(y)
        y = keras.layers.Dropout(a.dropout)(_normalized(keras.layers.Dense(width, use_bias=False)(y), frames))
        same = x if x.shape[-1] == width else keras.layers.Dense(width, use_bias=False)(x)
        return keras.layers.Activation("relu")(same + y)


def _normalized(x: Any, frames: Any) -> Any:
    # All points of a frame that is there: a missing one has heard of its neighbours by now.
    mask = ops.repeat(frames[:, :, None], x.shape[2], axis=2)
    return keras.layers.BatchNormalization(momentum=0.95)(x, mask=mask)
