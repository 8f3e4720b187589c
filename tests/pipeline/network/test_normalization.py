import numpy as np
import pytest

from posegloss.pipeline.keras_backend import keras, tf
from posegloss.pipeline.network.normalization import FusedBatchNormalization

SHAPE = (4, 6, 6, 5)


def _trained(kind: type, inputs: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """What a layer says in training and after it, its gradients, and its weights."""
    layer = kind()
    layer.build(SHAPE)
    layer.gamma.assign(np.linspace(0.5, 1.5, 5))
    layer.beta.assign(np.linspace(-1, 1, 5))
    given = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(given)
        said = layer(given, training=True)
        loss = tf.reduce_sum(said**3)
    gradients = tape.gradient(loss, [given, layer.gamma.value, layer.beta.value])
    after = layer(inputs, training=False)
    return said.numpy(), [gradient.numpy() for gradient in gradients], after.numpy(), layer.get_weights()


def test_it_learns_and_says_what_keras_layer_does() -> None:
    inputs = np.random.default_rng(0).normal(2, 3, SHAPE).astype(np.float32)
    said, gradients, after, weights = _trained(FusedBatchNormalization, inputs)
    expected, wanted, then, keras_weights = _trained(keras.layers.BatchNormalization, inputs)
    np.testing.assert_allclose(said, expected, atol=1e-4)
    for gradient, one in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(gradient, one, rtol=1e-3, atol=2e-3)
    values = np.prod(SHAPE[:3])
    keras_weights[3] = 0.99 + (keras_weights[3] - 0.99) * values / (values - 1)  # unbiased
    for weight, one in zip(weights, keras_weights, strict=True):
        np.testing.assert_allclose(weight, one, rtol=1e-4)
    np.testing.assert_allclose(after, then, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("trainable", [True, False])
def test_frozen_it_keeps_its_statistics(trainable: bool) -> None:
    layer = FusedBatchNormalization(trainable=trainable)
    layer.build(SHAPE)
    before = layer.moving_mean.numpy()
    layer(np.ones(SHAPE, np.float32), training=True)
    assert (layer.moving_mean.numpy() != before).any() == trainable
