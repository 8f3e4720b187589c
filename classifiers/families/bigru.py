"""Gated recurrent units (Cho et al. 2014) that read a clip from both ends (Schuster and Paliwal 1997)."""

from dataclasses import dataclass
from typing import Any

from posegloss.classifiers.families.configured import ConfiguredFamily
from posegloss.classifiers.families.keras_training import KerasTraining
from posegloss.classifiers.families.layers import MaskedMean
from posegloss.pipeline.keras_backend import keras, ops


@dataclass(frozen=True)
class BiGRUConfig:
    """The architecture.

    Attributes:
        width: channels before the recurrent layers, and units of each direction.
        layers: recurrent layers, each of both directions.
        dropout: between layers.
        head_dropout: before the classification.
    """

    width: int = 96
    layers: int = 2
    dropout: float = 0.2
    head_dropout: float = 0.5


@keras.saving.register_keras_serializable("posegloss")
class UpToLastSight(keras.layers.Layer):  # type: ignore[misc]
    """Frames up to the last in which anything is seen.

    A recurrent layer on a GPU takes clips that end early, but none with holes (cuDNN). In a hole, the features say
    that nothing is seen.
    """

    def call(self, frames: Any) -> Any:
        """(B, T) of what is seen to (B, T)."""
        later = ops.cumsum(ops.flip(ops.cast(frames, "int32"), axis=1), axis=1)
        return ops.flip(later, axis=1) > 0


class BiGRU(ConfiguredFamily):
    """Bidirectional recurrent layers and a masked mean over time."""

    name = "bigru"
    settings = BiGRUConfig
    # Its steps follow one another, however many clips take them: larger batches cost hardly more time.
    usual_training = KerasTraining(batch_size=32)

    def build(self, classes: int) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits."""
        a = self.architecture
        keypoints = self.keypoints()
        x, frames = self.features(keypoints)
        x = keras.layers.Dense(a.width, activation="swish", name="stem")(x)
        lasting = UpToLastSight(name="lasting")(frames)
        for _ in range(a.layers):
            x = keras.layers.Dropout(a.dropout)(x)
            x = keras.layers.Bidirectional(keras.layers.GRU(a.width, return_sequences=True))(x, mask=lasting)
        x = keras.layers.Dropout(a.head_dropout)(MaskedMean(name="mean_over_time")(x, frames))
        return keras.Model(keypoints, keras.layers.Dense(classes, name="glosses")(x), name="bigru")
