"""A transformer that is asked for the gloss: after SPOTER (Boháček and Hrúz 2022, section 3.2).

An encoder lets frames look at each other, and a decoder of one learnt query looks at what comes out. SPOTER adds the
same learnt vector to every frame as its position, which makes a sign and the same frames in another order one to it;
here positions are the sines and cosines of Vaswani et al. (2017, section 3.5), so that movement has a direction. It is
also narrower between its layers, normalizes before them (Xiong et al. 2020), and reads features instead of coordinates.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from posegloss.classifiers.families.configured import ConfiguredFamily
from posegloss.classifiers.families.keras_training import KerasTraining
from posegloss.pipeline.keras_backend import keras, ops


@dataclass(frozen=True)
class SpoterConfig:
    """The architecture.

    Attributes:
        width: channels of a frame; an even number of times the heads.
        encoders: layers in which frames look at each other.
        decoders: layers in which the query looks at the frames.
        heads: of the attention.
        hidden: channels within a layer.
        dropout: within the layers.
    """

    width: int = 96
    encoders: int = 3
    decoders: int = 2
    heads: int = 8
    hidden: int = 192
    dropout: float = 0.1


@keras.saving.register_keras_serializable("posegloss")
class FramePositions(keras.layers.Layer):  # type: ignore[misc]
    """Adds to each frame where in the clip it is: sines and cosines of growing wavelength."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """(B, T, C) to (B, T, C)."""
        channels = inputs.shape[-1]
        speeds = 10_000.0 ** -np.linspace(0, 1, channels // 2, endpoint=False)
        # Half precision counts to 2048 only.
        angles = ops.cast(ops.arange(ops.shape(inputs)[1]), "float32")[:, None] * speeds.astype(np.float32)
        positions = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return inputs + ops.cast(positions, inputs.dtype)


@keras.saving.register_keras_serializable("posegloss")
class ClassQuery(keras.layers.Layer):  # type: ignore[misc]
    """The learnt query, for each clip of a batch."""

    def build(self, shape: Any) -> None:
        """Make the query."""
        self.query = self.add_weight((1, 1, shape[-1]), name="query", initializer="random_normal")

    def call(self, inputs: Any) -> Any:
        """(B, T, C) to (B, 1, C)."""
        return ops.zeros_like(inputs[:, :1]) + self.query


class Spoter(ConfiguredFamily):
    """Transformer encoder over frames, and a decoder of one query."""

    name = "spoter"
    settings = SpoterConfig
    usual_training = KerasTraining(learning_rate=1e-3)

    def build(self, classes: int) -> Any:
        """(B, T, K, 2) with NaN to (B, classes) logits."""
        a = self.architecture
        keypoints = self.keypoints()
        x, frames = self.features(keypoints)
        x = FramePositions(name="positions")(keras.layers.Dense(a.width, name="stem")(x))
        seen = ops.expand_dims(frames, 1)
        for _ in range(a.encoders):
            y = keras.layers.LayerNormalization()(x)
            x = self._thought(x + self._attention(y, y, seen))
        memory = keras.layers.LayerNormalization(name="memory")(x)
        query = ClassQuery(name="query")(memory)
        for _ in range(a.decoders):
            # With one query, its attention to itself would be a matrix only; SPOTER leaves it out, too.
            y = keras.layers.LayerNormalization()(query)
            query = self._thought(query + self._attention(y, memory, seen))
        answer = keras.layers.LayerNormalization()(query)[:, 0]
        return keras.Model(keypoints, keras.layers.Dense(classes, name="glosses")(answer), name="spoter")

    def _attention(self, asking: Any, asked: Any, seen: Any) -> Any:
        a = self.architecture
        attention = keras.layers.MultiHeadAttention(a.heads, a.width // a.heads, dropout=a.dropout)
        return keras.layers.Dropout(a.dropout)(attention(asking, asked, attention_mask=seen))

    def _thought(self, x: Any) -> Any:
        a = self.architecture
        y = keras.layers.Dense(a.hidden, activation="relu")(keras.layers.LayerNormalization()(x))
        return x + keras.layers.Dropout(a.dropout)(keras.layers.Dense(a.width)(y))
