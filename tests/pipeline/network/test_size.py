import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from posegloss.pipeline.network.architecture import build
from posegloss.pipeline.network.description import NetworkDescription
from posegloss.pipeline.network.size import NetworkSize

from .made_up import TINY


@pytest.mark.parametrize(("name", "parameters"), [("lite", 1.3e6), ("full", 3.5e6)])
def test_has_as_many_parameters_as_the_papers(name: str, parameters: float) -> None:
    size = NetworkSize.of(NetworkDescription.named(name))
    assert size.parameters == pytest.approx(parameters, rel=0.1)
    assert str(size).startswith(f"{size.parameters / 1e6:.2f} million parameters, 0.")


def test_operations_are_those_that_tensorflow_counts_in_the_convolutions_of_inference() -> None:
    network = build(TINY, side=256, batch=1)
    look = tf.function(lambda picture: network.inference(picture, training=False))
    graph = look.get_concrete_function(tf.TensorSpec((1, 256, 256, 3), tf.float32)).graph
    convolutions = [one for one in graph.get_operations() if one.type in ("Conv2D", "DepthwiseConv2dNative")]
    counted = [ops.get_stats_for_node_def(graph, one.node_def, "flops").value for one in convolutions]
    assert NetworkSize.of(TINY).flops == sum(counted) > 0


def test_heatmaps_are_not_counted() -> None:
    network = build(TINY)
    of_both = network.features.trainable_variables + network.regression.trainable_variables
    assert NetworkSize.of(TINY).parameters == sum(int(np.prod(weight.shape)) for weight in of_both)
