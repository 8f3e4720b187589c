"""A temporal convolutional network: dilated causal convolutions in residual blocks (Bai et al. 2018, section 3).

Normalized by batch where theirs normalizes weights, and answering from the mean over time where theirs answers from
the last frame, which in a clip that ends with the hands at rest says little.
"""

from dataclasses import dataclass
from typing import Any

from posegloss.classifiers.families.configured import ConfiguredFamily
from posegloss.classifiers.families.layers import MaskedMean
from posegloss.pipeline.keras_backend import keras, ops


@dataclass(frozen=True)
class TCNConfig:
    """The architecture.

    Attributes:
        width: channels.
        kernel_size: frames of a convolution, dilated.
        levels: residual blocks; each looks back twice as far as the one before.
        dropout: of whole channels, after each convolution.
        head_dropout: before the classification.
    """

    width: int = 96
    kernel_size: int = 3
    levels: int = 4
    dropout: float = 0.1
    head_dropout: float = 0.5


@keras.saving.register_keras_serializable("posegloss")
class DilatedCausalConv(keras.layers.Layer):  # type: ignore[misc]
    """A convolution over time that looks back only, with gaps between the frames that it sees.

    Masked frames count as zero. Each frame that it sees has a matrix of its own, and they are added up: that is the
    same as TensorFlow's dilated convolution, needs no rearranging of the batch, and is exported as it stands.

    Args:
        width: channels of the result.
        kernel_size: frames.
        dilation: from one of them to the next.
        **options: of every Keras layer.
    """

    def __init__(self, width: int, kernel_size: int, dilation: int, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.width, self.kernel_size, self.dilation = width, kernel_size, dilation

    def build(self, shape: Any) -> None:
        """Make the kernel."""
        self.kernel = self.add_weight((self.kernel_size * shape[-1], self.width), name="kernel")

    def call(self, inputs: Any, frames: Any) -> Any:
        """(B, T, C) and (B, T) to (B, T, width)."""
        back = self.dilation * (self.kernel_size - 1)
        masked = inputs * ops.cast(frames, inputs.dtype)[..., None]
        padded = ops.pad(masked, ((0, 0), (back, 0), (0, 0)))
        starts = range(0, back + 1, self.dilation)
        seen = [padded[:, start : start - back] if start < back else padded[:, back:] for start in starts]
        return ops.matmul(ops.concatenate(seen, axis=-1), self.kernel)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        own = {"width": self.width, "kernel_size": self.kernel_size, "dilation": self.dilation}
        return {**super().get_config(), **own}


class TCN(ConfiguredFamily):
    """Residual blocks of dilated causal convolutions, and a masked mean over time."""

    name = "tcn"
    settings = TCNConfig

    def build(self, classes: int) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits."""
        a = self.architecture
        keypoints = self.keypoints()
        x, frames = self.features(keypoints)
        x = keras.layers.Dense(a.width, use_bias=False, name="stem")(x)
        for level in range(a.levels):
            y = x
            for _ in range(2):
                y = DilatedCausalConv(a.width, a.kernel_size, 2**level)(y, frames)
                y = keras.layers.BatchNormalization(momentum=0.95)(y, mask=frames)
                y = keras.layers.SpatialDropout1D(a.dropout)(keras.layers.Activation("relu")(y))
            x = keras.layers.Activation("relu")(x + y)
        x = keras.layers.Dropout(a.head_dropout)(MaskedMean(name="mean_over_time")(x, frames))
        return keras.Model(keypoints, keras.layers.Dense(classes, name="glosses")(x), name="tcn")
