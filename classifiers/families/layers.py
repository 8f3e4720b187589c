"""The Keras layers that families share and that look back only."""

from typing import Any

from posegloss.classifiers.families.activations import swish
from posegloss.classifiers.families.past import CausalLayer, mean_of_sums, preceded, weighed_sums
from posegloss.pipeline.keras_backend import keras, ops


@keras.saving.register_keras_serializable("posegloss")
class CausalDepthwiseConv(CausalLayer):
    """A convolution over time of each channel on its own that looks back only. Masked frames count as zero.

    Args:
        kernel_size: frames.
        **options: of every Keras layer.
    """

    def __init__(self, kernel_size: int, **options: Any) -> None:
        super().__init__(**options)
        self.kernel_size = kernel_size
        self.conv = keras.layers.DepthwiseConv1D(kernel_size, use_bias=False)

    def build(self, shape: Any) -> None:
        """Make the kernel."""
        self.conv.build(shape)

    def step(self, inputs: Any, frames: Any, state: Any) -> tuple[Any, Any]:
        """(B, T, C) and (B, T) to (B, T, C); kept are the inputs that the next frame's kernel reaches."""
        masked = inputs * ops.cast(frames, inputs.dtype)[..., None]
        reached = preceded(masked, state, self.kernel_size - 1)
        return self.conv(reached), reached[:, ops.shape(inputs)[1] :]

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


@keras.saving.register_keras_serializable("posegloss")
class MaskedMean(CausalLayer):
    """The mean over the frames that are there, up to the last one."""

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """No time axis is left, so no mask."""

    def step(self, inputs: Any, frames: Any, state: Any) -> tuple[Any, Any]:
        """(B, T, C) and (B, T) to (B, C); kept is what was added up."""
        sums = ops.sum(weighed_sums(inputs, frames), axis=1)
        sums = sums if state is None else state + sums
        return mean_of_sums(sums), sums


@keras.saving.register_keras_serializable("posegloss")
class RunningChannelWeights(CausalLayer):
    """Weighs each channel by all channels' means over the frames up to now.

    Squeeze and excitation (Hu et al. 2018, section 3) with a mean that looks back only.

    Args:
        reduction: so many times fewer channels lie between the means and the weights.
        **options: of every Keras layer.
    """

    def __init__(self, reduction: int = 8, **options: Any) -> None:
        super().__init__(**options)
        self.reduction = reduction

    def build(self, shape: Any) -> None:
        """Make the two layers between means and weights."""
        self.squeeze = keras.layers.Dense(max(1, shape[-1] // self.reduction), activation=swish)
        self.excite = keras.layers.Dense(shape[-1], activation="sigmoid")
        self.squeeze.build(shape)
        self.excite.build((*shape[:-1], self.squeeze.units))

    def step(self, inputs: Any, frames: Any, state: Any) -> tuple[Any, Any]:
        """(B, T, C) and (B, T) to (B, T, C); kept is what was added up."""
        # Sums over long clips leave the range in which half precision counts.
        sums = ops.cumsum(ops.cast(weighed_sums(inputs, frames), "float32"), axis=1)
        sums = sums if state is None else state + sums
        mean = ops.cast(mean_of_sums(sums), inputs.dtype)
        return inputs * self.excite(self.squeeze(mean)), sums[:, -1:]

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "reduction": self.reduction}


@keras.saving.register_keras_serializable("posegloss")
class CausalAttention(CausalLayer):
    """Attention to the last frames with several heads (Vaswani et al. 2017, section 3.2.2).

    Keras' own layer looks back as far as there is anything, which costs more with every frame of a stream.

    Args:
        heads: of them, each has its part of the channels.
        reach: frames that one is compared with, itself among them; more than one.
        dropout: of the attention.
        **options: of every Keras layer.
    """

    def __init__(self, heads: int, reach: int, dropout: float, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.reach, self.dropout = heads, reach, dropout
        self.softmax, self.dropped = keras.layers.Softmax(), keras.layers.Dropout(dropout)

    def build(self, shape: Any) -> None:
        """Make what the frames ask, what they answer to, what they tell, and what becomes of it."""
        parts = (*shape[:-1], self.heads, shape[-1] // self.heads)
        self.query, self.key, self.value = (
            keras.layers.EinsumDense("btc,chd->bthd", (None, *parts[2:]), bias_axes="hd", name=name)
            for name in ("query", "key", "value")
        )
        self.output_layer = keras.layers.EinsumDense("bthd,hdc->btc", (None, shape[-1]), bias_axes="c", name="out")
        for layer in (self.query, self.key, self.value):
            layer.build(shape)
            # Inputs may come with a Keras mask, which nobody reads: the frames say it.
            layer.supports_masking = True
        self.output_layer.build(parts)

    def step(self, inputs: Any, frames: Any, state: Any) -> tuple[Any, Any]:
        """(B, T, C) and (B, T) to (B, T, C); kept are the last keys, values, and whether their frames are there."""
        query, remembered = self.query(inputs), (self.key(inputs), self.value(inputs), frames)
        if state is not None:
            remembered = tuple(ops.concatenate(both, axis=1) for both in zip(state, remembered, strict=True))
        key, value, there = remembered
        count = ops.shape(key)[1]
        back = (count - ops.shape(query)[1] + ops.arange(ops.shape(query)[1]))[:, None] - ops.arange(count)
        near = ops.logical_and(back >= 0, back < self.reach)
        scores = ops.einsum("bqhd,bkhd->bhqk", query * query.shape[-1] ** -0.5, key)
        weights = self.softmax(scores, mask=ops.logical_and(near, there[:, None, None]))
        heard = ops.einsum("bhqk,bkhd->bqhd", self.dropped(weights), value)
        return self.output_layer(heard), tuple(kept[:, 1 - self.reach :] for kept in remembered)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {"heads": self.heads, "reach": self.reach, "dropout": self.dropout}
        return {**super().get_config(), **own}
