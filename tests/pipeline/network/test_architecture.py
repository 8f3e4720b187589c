from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from posegloss.pipeline.keras_backend import dtype_policy
from posegloss.pipeline.network.architecture import HEATMAP_STRIDE, PoseNetwork, build
from posegloss.pipeline.network.losses import heatmap_loss, regression_loss

from .made_up import TINY, example, values_of


@pytest.fixture(scope="module")
def network() -> PoseNetwork:
    tf.random.set_seed(0)
    return build(TINY)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).random((2, 256, 256, 3), np.float32)


def shapes(said: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in said.items()}


def test_says_33_points_two_to_align_by_and_the_flags(network: PoseNetwork, pictures: np.ndarray) -> None:
    assert shapes(network.inference(pictures)) == {
        "points": (2, 35, 3),
        "visibility": (2, 33),
        "presence": (2, 33),
        "person": (2, 1),
        "world": (2, 33, 3),
    }


@pytest.mark.parametrize("side", [128, 160, 256])
def test_a_cell_of_the_heatmaps_is_four_pixels(network: PoseNetwork, side: int) -> None:
    assert HEATMAP_STRIDE == 4
    said = network.heatmaps(np.zeros((1, side, side, 3), np.float32))
    assert shapes(said) == {"heatmaps": (1, side // 4, side // 4, 35), "offsets": (1, side // 4, side // 4, 70)}


def test_a_network_for_any_size_is_that_for_256_pixels(network: PoseNetwork, pictures: np.ndarray) -> None:
    fixed = build(TINY, side=256, batch=2)
    fixed.inference.set_weights(network.inference.get_weights())
    fixed.heatmaps.set_weights(network.heatmaps.get_weights())
    for one, other in ((network.inference, fixed.inference), (network.heatmaps, fixed.heatmaps)):
        said, expected = one(pictures), other(pictures)
        assert said.keys() == expected.keys()
        for name in said:
            np.testing.assert_allclose(said[name], expected[name], atol=1e-5)
            assert np.ptp(said[name]) > 0


def test_larger_pictures_pass(network: PoseNetwork) -> None:
    assert network.inference(np.zeros((1, 384, 384, 3), np.float32))["points"].shape == (1, 35, 3)


def gradients(network: PoseNetwork, kind: str, pictures: np.ndarray, weights: list[Any]) -> list[Any]:
    values = values_of(example(seed=1), example(seed=2))
    with tf.GradientTape() as tape:
        if kind == "regression":
            loss = regression_loss(network.inference(pictures, training=True), values)
        else:
            loss = heatmap_loss(network.heatmaps(pictures, training=True), values)
    return list(tape.gradient(loss, [weight.value for weight in weights]))


def test_the_regression_does_not_teach_the_features(network: PoseNetwork, pictures: np.ndarray) -> None:
    assert gradients(network, "regression", pictures, network.features.trainable_variables) == [None] * len(
        network.features.trainable_variables
    )
    of_regression = gradients(network, "regression", pictures, network.regression.trainable_variables)
    assert all(np.abs(gradient).max() > 0 for gradient in of_regression)


def test_the_heatmaps_teach_all_features(network: PoseNetwork, pictures: np.ndarray) -> None:
    of_heatmaps = gradients(network, "heatmaps", pictures, network.heatmaps.trainable_variables)
    assert len(of_heatmaps) == len(network.features.trainable_variables) + 4
    assert all(np.abs(gradient).max() > 0 for gradient in of_heatmaps)


def test_the_heatmaps_are_left_out_of_inference(network: PoseNetwork) -> None:
    kept = {weight.path for weight in network.inference.weights}
    left_out = [weight.path for weight in network.heatmaps.weights if weight.path not in kept]
    assert sorted(left_out) == ["heatmaps/bias", "heatmaps/kernel", "offsets/bias", "offsets/kernel"]


def test_answers_are_in_single_precision_where_features_are_not() -> None:
    with dtype_policy("mixed_float16"):
        network = build(TINY, side=256, batch=1)
    assert {map_.dtype for map_ in network.features.outputs} == {"float16"}
    for model in (network.heatmaps, network.regression):
        assert {answer.dtype for answer in model.output.values()} == {"float32"}
