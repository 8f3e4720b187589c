"""The default family: causal convolutions and transformer blocks over keypoint features.

The idea is that of the winner of Google's isolated sign language recognition on Kaggle (2023, hoyso48): a 1-D
convolutional network that sees local movement, with attention between its stages, averaged over time. This one is
smaller, because most sets have few people, reads NaN as missing, and looks back only, in attention and in what weighs
its channels, too: what it makes of a frame does not change with the frames that follow, so that it can read a stream.
"""

from dataclasses import dataclass
from typing import Any

from posegloss.classifiers.families.backend import keras, ops
from posegloss.classifiers.families.configured import ConfiguredFamily
from posegloss.classifiers.families.layers import CausalDepthwiseConv, MaskedMean, RunningChannelWeights


@dataclass(frozen=True)
class ConvTransformerConfig:
    """The architecture.

    Attributes:
        width: channels between blocks.
        stages: how often convolution blocks are followed by a transformer block.
        convolutions: convolution blocks in a stage.
        kernel_size: frames that a convolution looks back over.
        expansion: channels within a convolution block, as a multiple of the width.
        heads: of the attention; 0 leaves the transformer blocks out.
        dropout: within the blocks.
        head_dropout: before the classification.
    """

    width: int = 64
    stages: int = 2
    convolutions: int = 2
    kernel_size: int = 7
    expansion: int = 2
    heads: int = 4
    dropout: float = 0.25
    head_dropout: float = 0.45


class ConvTransformer(ConfiguredFamily):
    """Causal convolutions with channel weights, causal transformer blocks, and a masked mean over time."""

    name = "conv-transformer"
    settings = ConvTransformerConfig

    def build(self, classes: int) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits."""
        a = self.architecture
        keypoints = self.keypoints()
        x, frames = self.features(keypoints)
        x = keras.layers.Dense(a.width, use_bias=False, name="stem")(x)
        x = _normalized(x, frames)
        for _ in range(a.stages):
            for _ in range(a.convolutions):
                x = self._convolution_block(x, frames)
            if a.heads:
                x = self._transformer_block(x, frames)
        x = MaskedMean(name="mean_over_time")(keras.layers.Dense(2 * a.width, activation="swish")(x), frames)
        x = keras.layers.Dropout(a.head_dropout)(x)
        return keras.Model(keypoints, keras.layers.Dense(classes, name="glosses")(x), name="conv_transformer")

    def _convolution_block(self, x: Any, frames: Any) -> Any:
        a = self.architecture
        y = keras.layers.Dense(a.expansion * a.width, activation="swish")(x)
        y = CausalDepthwiseConv(a.kernel_size)(y, frames)
        y = _normalized(y, frames)
        y = RunningChannelWeights()(y, frames)
        y = keras.layers.Dense(a.width)(y)
        # A block is dropped as a whole (stochastic depth), a clip at a time.
        return x + keras.layers.Dropout(a.dropout, noise_shape=(None, 1, 1))(y)

    def _transformer_block(self, x: Any, frames: Any) -> Any:
        a = self.architecture
        y = _normalized(x, frames)
        attention = keras.layers.MultiHeadAttention(a.heads, a.width // a.heads, dropout=a.dropout)
        y = attention(y, y, attention_mask=ops.expand_dims(frames, 1), use_causal_mask=True)
        x = x + keras.layers.Dropout(a.dropout, noise_shape=(None, 1, 1))(y)
        y = _normalized(x, frames)
        y = keras.layers.Dense(2 * a.width, activation="swish", use_bias=False)(y)
        y = keras.layers.Dense(a.width, use_bias=False)(y)
        return x + keras.layers.Dropout(a.dropout, noise_shape=(None, 1, 1))(y)


def _normalized(x: Any, frames: Any) -> Any:
    return keras.layers.BatchNormalization(momentum=0.95)(x, mask=frames)
