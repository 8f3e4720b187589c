"""Learn when somebody signs, from synthetic scenes alone, and write the weights that posegloss ships.

    python -m posegloss.classifiers.streaming.learning.learn --out boundaries.npz

Nothing but the avatar goes into the weights, so there is nobody's data in them.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.classifiers.streaming.boundary_features import COUNT
from posegloss.classifiers.streaming.boundary_network import AHEAD, DILATIONS, KERNEL
from posegloss.classifiers.streaming.learning.data import example
from posegloss.classifiers.streaming.learning.shipping import tell, write_weights
from posegloss.pipeline.keras_backend import keras
from posegloss.pipeline.sequence import FloatArray

FIRST_SIGNER: Final = 2000
"""Tests, demo and benchmarks have signers below this."""

CHANNELS: Final = 40
_WINDOW: Final = 128
"""Moments of a scene that are learned from at a time: each window begins as a stream does, knowing nothing before."""

_BATCH: Final = 64
_RATE: Final = 2e-3


def build(channels: int = CHANNELS) -> Any:
    """The network of ``BoundaryNetwork`` in Keras: (batch, N, F) features to (batch, N, 1) logits."""
    inputs = keras.Input((None, COUNT))
    value = keras.layers.Dense(channels, activation="relu", name="in")(inputs)
    for n, dilation in enumerate(DILATIONS):
        convolution = keras.layers.Conv1D(
            channels, KERNEL, padding="causal", dilation_rate=dilation, activation="relu", name=str(n)
        )
        value = value + convolution(value)
    return keras.Model(inputs, keras.layers.Dense(1, name="out")(value))


def weights_of(model: Any) -> dict[str, FloatArray]:
    """The weights of a Keras model as ``BoundaryNetwork`` reads them."""
    weights = {}
    for name in ("in", "out"):
        weights[f"{name}_kernel"], weights[f"{name}_bias"] = model.get_layer(name).get_weights()
    for n in range(len(DILATIONS)):
        weights[f"kernel_{n}"], weights[f"bias_{n}"] = model.get_layer(str(n)).get_weights()
    return weights


def make_examples(scenes: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Features (W, N, F), truth (W, N) and weight (W, N) of windows of ``scenes`` scenes, one a signer."""
    examples = []
    for n in range(scenes):
        examples.append(example(FIRST_SIGNER + n, seed, AHEAD))
        tell(f"scene {n + 1} of {scenes}", last=n + 1 == scenes)
    features, truth, weight = (
        np.concatenate(arrays).reshape(-1, _WINDOW, *arrays[0].shape[1:]) for arrays in zip(*examples, strict=True)
    )
    return features, truth, weight


def learn(features: FloatArray, truth: FloatArray, weight: FloatArray, epochs: int, seed: int) -> Any:
    """Train the network in Keras on what ``make_examples`` gives."""
    keras.utils.set_random_seed(seed)
    model = build()
    steps = epochs * -(-len(features) // _BATCH)
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(_RATE, steps), weight_decay=0.01, clipnorm=1.0),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: tell(
            f"epoch {epoch + 1} of {epochs}, loss {logs['loss']:.4f}", last=epoch + 1 == epochs
        )
    )
    model.fit(
        features, truth[..., None], sample_weight=weight, batch_size=_BATCH, epochs=epochs, verbose=0, callbacks=[told]
    )
    return model


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the .npz file of weights")
    parser.add_argument("--scenes", type=int, default=800, help="of half a minute each")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    model = learn(*make_examples(asked.scenes, asked.seed), asked.epochs, asked.seed)
    write_weights(asked.out, weights_of(model))


if __name__ == "__main__":
    main()
