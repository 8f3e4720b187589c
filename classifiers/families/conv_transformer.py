"""The default family: causal convolutions and transformer blocks over keypoint features.

The idea is that of the winner of Google's isolated sign language recognition on Kaggle (2023, hoyso48): a 1-D
convolutional network that sees local movement, with attention between its stages, averaged over time. This one is
smaller, because most sets have few people, reads NaN as missing, and looks back only, in attention and in what weighs
its channels, too: what it makes of a frame does not change with the frames that follow, so that it can read a stream.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from posegloss.classifiers.families.activations import swish
from posegloss.classifiers.families.configured import ConfiguredFamily
from posegloss.classifiers.families.keras_training import MANY_GLOSSES, KerasTraining
from posegloss.classifiers.families.layers import (
    CausalAttention,
    CausalDepthwiseConv,
    MaskedMean,
    RunningChannelWeights,
)
from posegloss.classifiers.families.past import Past
from posegloss.classifiers.families.point_features import ScaledFeatures
from posegloss.pipeline.keras_backend import keras

_WIDTH: Final = 64
_WIDTH_OF_MANY: Final = 128
"""By docs/accuracy.md; weights to start from there are of these (``beginnings``)."""


@dataclass(frozen=True)
class ConvTransformerConfig:
    """The architecture.

    Attributes:
        width: channels between blocks; None for 64 with up to 60 glosses, and 128 with more. What it was when it was
            trained it stays, however many glosses it is taught.
        stages: how often convolution blocks are followed by a transformer block.
        convolutions: convolution blocks in a stage.
        kernel_size: frames that a convolution looks back over.
        expansion: channels within a convolution block, as a multiple of the width.
        heads: of the attention; 0 leaves the transformer blocks out.
        dropout: within the blocks.
        head_dropout: before the classification.
        attention_frames: frames that the attention looks back over, so that a frame costs the same however long the
            sign.
    """

    width: int | None = None
    stages: int = 2
    convolutions: int = 2
    kernel_size: int = 7
    expansion: int = 2
    heads: int = 4
    dropout: float = 0.25
    head_dropout: float = 0.45
    attention_frames: int = 128

    def __post_init__(self) -> None:
        if self.attention_frames < 2:
            raise ValueError("attention_frames must be 2 at least")

    @property
    def channels(self) -> int:
        """The width.

        Raises:
            ValueError: it is left open.
        """
        if self.width is None:
            raise ValueError("the width is left open until there are glosses")
        return self.width

    def of_width_for(self, glosses: int) -> "ConvTransformerConfig":
        """The same with a width, that for so many glosses if it had none."""
        usual = _WIDTH if glosses <= MANY_GLOSSES else _WIDTH_OF_MANY
        return replace(self, width=usual if self.width is None else self.width)


class ConvTransformer(ConfiguredFamily):
    """Causal convolutions with channel weights, causal transformer blocks, and a masked mean over time."""

    name = "conv-transformer"
    settings = ConvTransformerConfig
    usual_training = KerasTraining(trees=100, pretrained=True)

    def build(self, classes: int) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits."""
        self.architecture = self.architecture.of_width_for(classes)
        self.network = _Network(self.architecture, ScaledFeatures(self.preprocessing), classes)
        keypoints = self.keypoints()
        return keras.Model(keypoints, self.network(keypoints, Past()), name="conv_transformer")


class _Network:
    """The layers, and how they follow one another in a clip and in a stream."""

    def __init__(self, a: ConvTransformerConfig, features: ScaledFeatures, classes: int) -> None:
        self.reach = a.attention_frames
        self._features = features
        self._stem, self._stem_norm = keras.layers.Dense(a.channels, use_bias=False, name="stem"), _normalization()
        stage = (_ConvolutionBlock,) * a.convolutions + (_TransformerBlock,) * bool(a.heads)
        self._blocks = [block(a) for block in stage * a.stages]
        self._top = keras.layers.Dense(2 * a.channels, activation=swish)
        self._mean = MaskedMean(name="mean_over_time")
        self._dropout = keras.layers.Dropout(a.head_dropout)
        self._glosses = keras.layers.Dense(classes, name="glosses")

    def __call__(self, keypoints: Any, past: Past) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits for the frames up to the last."""
        x, frames = self._features(keypoints, past)
        x = self._stem_norm(self._stem(x), mask=frames)
        for block in self._blocks:
            x = block(x, frames, past)
        x = past(self._mean, self._top(x), frames)
        return self._glosses(self._dropout(x))


class _ConvolutionBlock:
    """A depthwise convolution between two pointwise ones, and weights of the channels."""

    def __init__(self, a: ConvTransformerConfig) -> None:
        self._widen = keras.layers.Dense(a.expansion * a.channels, activation=swish)
        self._conv, self._norm = CausalDepthwiseConv(a.kernel_size), _normalization()
        self._channel_weights = RunningChannelWeights()
        self._narrow, self._dropout = keras.layers.Dense(a.channels), _stochastic_depth(a)

    def __call__(self, x: Any, frames: Any, past: Past) -> Any:
        y = past(self._conv, self._widen(x), frames)
        y = past(self._channel_weights, self._norm(y, mask=frames), frames)
        return x + self._dropout(self._narrow(y))


class _TransformerBlock:
    """Attention, and two layers that see each frame on its own."""

    def __init__(self, a: ConvTransformerConfig) -> None:
        self._norms = _normalization(), _normalization()
        self._attention = CausalAttention(a.heads, a.attention_frames, a.dropout)
        self._widen = keras.layers.Dense(2 * a.channels, activation=swish, use_bias=False)
        self._narrow = keras.layers.Dense(a.channels, use_bias=False)
        self._dropouts = _stochastic_depth(a), _stochastic_depth(a)

    def __call__(self, x: Any, frames: Any, past: Past) -> Any:
        y = past(self._attention, self._norms[0](x, mask=frames), frames)
        x = x + self._dropouts[0](y)
        y = self._narrow(self._widen(self._norms[1](x, mask=frames)))
        return x + self._dropouts[1](y)


def _normalization() -> Any:
    return keras.layers.BatchNormalization(momentum=0.95)


def _stochastic_depth(a: ConvTransformerConfig) -> Any:
    """A block is dropped as a whole, a clip at a time."""
    return keras.layers.Dropout(a.dropout, noise_shape=(None, 1, 1))
