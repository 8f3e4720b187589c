"""A trained network as a LiteRT file that stands where MediaPipe's landmark network does."""

import math
from collections.abc import Collection
from typing import Any, Final

from posegloss.pipeline.keras_backend import keras, tf
from posegloss.pipeline.landmarks import NUM_LANDMARKS
from posegloss.pipeline.network.architecture import PoseNetwork
from posegloss.pipeline.network.description import INPUT_SIDE, NUM_ALIGNED, NUM_POINTS
from posegloss.pipeline.network.heatmaps import likeliest_cells, places_of
from posegloss.pipeline.quiet import without_greeting

MIN_CONFIDENCE_TO_READ: Final = 0.1
"""In a heatmap's likeliest cell, for a point to be read there. A point that may be in two places, such as left and
right where a person faces away, is sure of neither, and its regression lies between. PCK@0.2 of a trained Lite on
held-back examples: 57.9 for 0.5, 60.0 for 0.2, 60.3 from 0.1 on down."""
_SURE: Final = 20.0
"""The logit of what is always there: MediaPipe has a visibility of the points that align the next region, too."""


def to_litert(
    network: PoseNetwork, *, untaught: Collection[str] = (), heatmaps: bool = True, half: bool = True
) -> bytes:
    """The LiteRT flatbuffer: a picture (1, 256, 256, 3) in 0 to 1 in, MediaPipe's outputs out.

    These are, found by their shapes, (1, 195) 39 landmarks of x, y, z in pixels and the logits of visibility and
    presence; (1, 1) the probability of a person; (1, 117) 39 world landmarks in metres; and, if asked for, (1, 64, 64,
    39) logits of heatmaps. Landmarks 35 to 38, which MediaPipe's graphs do not read, are 0.

    Args:
        network: what was trained.
        untaught: what no example told, of "depth", "world" and "visibility": z and metres are NaN then, and a point
            that is in the picture counts as visible.
        heatmaps: read a point off its heatmap where that is sure (the likeliest cell and the offset there, as
            ``decode_heatmaps`` has it), and keep the heatmaps, with which the tracker refines the points
            (``landmarks.refine``). The paper's network leaves them out; then all is the regression's.
        half: keep the weights in half precision; the processor computes in single precision all the same.
    """
    variables = network.heatmaps.variables + network.regression.variables
    # Constants of the graph, so that batch normalization is folded into the convolutions.
    weights = [(variable, tf.constant(variable.value.numpy())) for variable in variables]

    def look(picture: Any) -> dict[str, Any]:
        with keras.StatelessScope(state_mapping=weights):
            features = network.features(picture, training=False)
            said = dict(network.regression(features, training=False))
            if not heatmaps:
                return _as_mediapipe(_without(untaught, said))
            heatmap = network.heatmaps.get_layer("heatmaps")(features[0])
            said["points"] = _where_sure(network.heatmaps.get_layer("offsets"), features[0], heatmap, said["points"])
            answers = _as_mediapipe(_without(untaught, said))
            unread = [(0, 0)] * 3 + [(0, NUM_LANDMARKS - NUM_ALIGNED)]
            return answers | {"heatmap": tf.pad(heatmap, unread, constant_values=-_SURE)}

    signature = tf.TensorSpec((1, INPUT_SIDE, INPUT_SIDE, 3), tf.float32, "picture")
    with without_greeting():
        graph = tf.function(look, autograph=False).get_concrete_function(signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module())
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())


def _where_sure(offset_layer: Any, features: Any, heatmap: Any, points: Any) -> Any:
    """(1, 35, 3) x and y of the heatmaps where they are sure enough, else as they were."""
    cells, logits = likeliest_cells(heatmap)
    # The offsets are computed in the 35 cells where they are read, not in all 4,096.
    chosen = tf.gather(tf.reshape(features, (1, -1, features.shape[-1])), cells, axis=1, batch_dims=1)
    kernel = tf.reshape(tf.convert_to_tensor(offset_layer.kernel), (-1, NUM_ALIGNED, 2))
    bias = tf.reshape(tf.convert_to_tensor(offset_layer.bias), (NUM_ALIGNED, 2))
    offsets = tf.reduce_sum(chosen[..., None] * tf.transpose(kernel, (1, 0, 2)), axis=2) + bias
    sure = logits >= math.log(MIN_CONFIDENCE_TO_READ / (1 - MIN_CONFIDENCE_TO_READ))
    places = tf.where(sure[..., None], places_of(cells, offsets, heatmap.shape[1]), points[..., :2])
    return tf.concat([places, points[..., 2:]], axis=-1)


def _without(untaught: Collection[str], said: dict[str, Any]) -> dict[str, Any]:
    said = dict(said)
    if "depth" in untaught:
        said["points"] = tf.concat([said["points"][..., :2], tf.fill((1, NUM_ALIGNED, 1), math.nan)], axis=-1)
    if "world" in untaught:
        said["world"] = tf.fill((1, NUM_POINTS, 3), math.nan)
    if "visibility" in untaught:
        said["visibility"] = said["presence"]
    return said


def _as_mediapipe(said: dict[str, Any]) -> dict[str, Any]:
    flags = [
        tf.pad(said[name], [(0, 0), (0, NUM_ALIGNED - NUM_POINTS)], constant_values=_SURE)
        for name in ("visibility", "presence")
    ]
    landmarks = tf.concat([said["points"] * INPUT_SIDE, *(flag[..., None] for flag in flags)], axis=-1)
    unread = [(0, 0), (0, NUM_LANDMARKS - NUM_ALIGNED), (0, 0)]
    world = tf.pad(said["world"], [(0, 0), (0, NUM_LANDMARKS - NUM_POINTS), (0, 0)])
    return {
        "landmarks": tf.reshape(tf.pad(landmarks, unread), (1, -1)),
        "person": tf.sigmoid(said["person"]),
        "world": tf.reshape(world, (1, -1)),
    }
