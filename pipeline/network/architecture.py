"""The network: an encoder-decoder that draws heatmaps, and a regression encoder that reads its features.

Bazarevsky et al. 2020, section 2.5: heatmaps and offsets supervise the features and are left out of inference; the
regression encoder learns on top of these features, its gradients are stopped there; skip connections join all stages.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posegloss.pipeline.keras_backend import keras, ops
from posegloss.pipeline.network.description import NUM_ALIGNED, NUM_POINTS, NetworkDescription
from posegloss.pipeline.network.normalization import FusedBatchNormalization

HEATMAP_STRIDE: Final = 4
"""Pixels of the input a cell of the heatmaps."""

OUTPUTS: Final = {
    "points": NUM_ALIGNED * 3,
    "visibility": NUM_POINTS,
    "presence": NUM_POINTS,
    "person": 1,
    "world": NUM_POINTS * 3,
}
"""What the regression encoder says, in its order: x, y, z as fractions of the input's side; logits; metres."""


@dataclass(frozen=True, eq=False)
class PoseNetwork:
    """The parts of a network, which share their layers.

    Attributes:
        description: what it was built from.
        features: picture, (B, S, S, 3) in 0 to 1, to the features at S/4, S/8, S/16 and S/32.
        heatmaps: picture to ``heatmaps`` (B, S/4, S/4, 35) logits and ``offsets`` (B, S/4, S/4, 35, 2) in cells.
        regression: the features to ``OUTPUTS``, a dict.
        inference: picture to ``OUTPUTS``: what is left when training is over.
    """

    description: NetworkDescription
    features: keras.Model
    heatmaps: keras.Model
    regression: keras.Model
    inference: keras.Model


def build(description: NetworkDescription, side: int | None = None, batch: int | None = None) -> PoseNetwork:
    """A network with random weights.

    Args:
        description: widths and depths.
        side: pixels of the input; None for any multiple of 128 from 256 on (of the heatmaps alone, of 32).
        batch: pictures at once; None for any number.
    """
    picture = keras.Input((side, side, 3), batch_size=batch, name="picture")
    x = _Convolution(description.stem, 3, stride=2, name="stem")(picture)
    stages = []
    for place, channels in enumerate(description.encoder):
        kernel = description.kernels[place]
        for block in range(description.encoder_blocks[place]):
            x = _block(x, channels, kernel, stride=1 if block else 2, name=f"encoder{place}_{block}")
        stages.append(x)
    for place, (channels, skip) in enumerate(zip(description.decoder, stages[-2::-1], strict=True)):
        x = _lateral(x, channels, f"up{place}_in")
        x = keras.layers.UpSampling2D(2, interpolation="bilinear", name=f"up{place}")(x)
        x = _joined(x, skip, f"decoder{place}")
        x = _block(x, channels, 3, name=f"decoder{place}_block")
    features = keras.Model(picture, [x, *stages[1:]], name="features")

    maps = features(picture)
    heat = keras.layers.Conv2D(NUM_ALIGNED, 1, dtype="float32", name="heatmaps")(maps[0])
    offsets = keras.layers.Conv2D(2 * NUM_ALIGNED, 1, dtype="float32", name="offsets")(maps[0])
    heatmaps = keras.Model(picture, {"heatmaps": heat, "offsets": offsets}, name="heatmaps")

    inputs = [keras.Input(map_.shape[1:], batch_size=batch) for map_ in maps]
    regression = keras.Model(inputs, _regression(description, inputs), name="regression")
    inference = keras.Model(picture, regression([ops.stop_gradient(map_) for map_ in maps]), name="inference")
    return PoseNetwork(description, features, heatmaps, regression, inference)


def _regression(description: NetworkDescription, features: list[Any]) -> dict[str, Any]:
    x, *skips = features
    for place, (channels, blocks) in enumerate(zip(description.regression, description.regression_blocks, strict=True)):
        x = _block(x, channels, 3, stride=2, name=f"regression{place}_down")
        if place < len(skips):
            x = _joined(x, skips[place], f"regression{place}")
        for block in range(blocks):
            x = _block(x, channels, 3, name=f"regression{place}_{block}")
    # Two cells a side are left; the pool is over what then is one cell, and lets larger inputs pass.
    x = keras.layers.Conv2D(sum(OUTPUTS.values()), 2, dtype="float32", name="answer")(x)
    x = keras.layers.GlobalAveragePooling2D(dtype="float32", name="answer_pool")(x)
    said, start = {}, 0
    for name, size in OUTPUTS.items():
        said[name] = x[:, start : start + size]
        start += size
    points, world = said["points"] * _SPREAD + _MIDDLE, said["world"] * _SPREAD
    said["points"] = keras.layers.Reshape((NUM_ALIGNED, 3), dtype="float32", name="points")(points)
    said["world"] = keras.layers.Reshape((NUM_POINTS, 3), dtype="float32", name="world")(world)
    return said


_MIDDLE: Final = np.tile(np.array([0.5, 0.5, 0.0], np.float32), NUM_ALIGNED)
"""Of the picture, where an untrained network puts everything."""
_SPREAD: Final = 0.1
"""What a unit of the last layer counts for, in sides of the picture and in metres. That layer adds up about a thousand
numbers, so each step of Adam, which moves every weight by the learning rate, moves a point by a multiple of it: without
this by whole pictures, and the loss did not fall below that of a fixed pose until the rate had."""


class _Convolution:
    """A convolution, normalized over the batch, and a ReLU."""

    def __init__(self, channels: int, kernel: int, *, stride: int = 1, name: str, relu: bool = True) -> None:
        self._layers = [
            keras.layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=name),
            FusedBatchNormalization(name=f"{name}_norm"),
        ]
        if relu:
            self._layers.append(keras.layers.ReLU(name=f"{name}_relu"))

    def __call__(self, x: Any) -> Any:
        for layer in self._layers:
            x = layer(x)
        return x


def _lateral(x: Any, channels: int, name: str) -> Any:
    return _Convolution(channels, 1, name=name, relu=False)(x)


def _joined(x: Any, skip: Any, name: str) -> Any:
    """A stage with what an earlier one of its size has seen."""
    joined = keras.layers.Add(name=f"{name}_sum")([x, _lateral(skip, x.shape[-1], f"{name}_skip")])
    return keras.layers.ReLU(name=f"{name}_relu")(joined)


def _block(x: Any, channels: int, kernel: int, *, stride: int = 1, name: str) -> Any:
    """BlazeFace's block (Bazarevsky et al. 2019, figure 1): a depthwise-separable convolution beside a shortcut.

    The shortcut into a smaller stage is the maximum of four cells; into a wider one, with empty channels behind it.
    """
    y = keras.layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    y = _Convolution(channels, 1, name=f"{name}_pointwise", relu=False)(y)
    if stride > 1:
        x = keras.layers.MaxPooling2D(stride, name=f"{name}_pool")(x)
    missing = channels - x.shape[-1]
    if missing < 0:
        x = _lateral(x, channels, f"{name}_shortcut")
    elif missing:
        x = ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, missing)))
    return keras.layers.ReLU(name=f"{name}_relu")(keras.layers.Add(name=f"{name}_sum")([y, x]))
