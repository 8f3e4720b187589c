import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from posegloss.pipeline.landmarks import LandmarkModel
from posegloss.pipeline.network.architecture import PoseNetwork, build
from posegloss.pipeline.network.export import MIN_CONFIDENCE_TO_READ, to_litert
from posegloss.pipeline.network.heatmaps import decode_heatmaps
from posegloss.pipeline.roi import RegionOfInterest
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

from .made_up import TINY, smooth_picture

SHAPES = {"landmarks": (1, 195), "person": (1, 1), "world": (1, 117), "heatmap": (1, 64, 64, 39)}


@pytest.fixture(scope="module")
def network() -> PoseNetwork:
    """Untrained, its normalization not the one it starts with, and sure that everybody is a person."""
    # Its heatmaps are flat: of some beginnings, half precision finds another cell the highest.
    tf.keras.utils.set_random_seed(0)
    network = build(TINY)
    rng = np.random.default_rng(0)
    for weight in network.heatmaps.variables + network.regression.variables:
        if "norm" in weight.path:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif "bias" in weight.path:
            weight.assign(rng.normal(0, 0.2, weight.shape))
    bias = network.heatmaps.get_layer("heatmaps").bias
    bias.assign(bias - 2.2)  # some points are sure enough to be read, some are not
    answer = network.regression.get_layer("answer")
    answer.kernel.assign(answer.kernel * 0.05)
    bias = answer.bias.numpy().copy()
    bias[35 * 3 + 2 * 33] = 5
    answer.bias.assign(bias)
    return network


@pytest.fixture(scope="module", params=[True, False], ids=["heatmaps", "no heatmaps"])
def exported(network: PoseNetwork, request: pytest.FixtureRequest) -> tuple[bool, bytes]:
    return request.param, to_litert(network, heatmaps=request.param, half=False)


def answers(content: bytes, picture: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """By their shapes."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (read,) = interpreter.get_input_details()
    assert tuple(read["shape"]) == (1, 256, 256, 3)
    assert read["dtype"] == np.float32
    interpreter.set_tensor(read["index"], picture)
    interpreter.invoke()
    return {tuple(out["shape"]): interpreter.get_tensor(out["index"]) for out in interpreter.get_output_details()}


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def test_the_file_says_what_keras_says(network: PoseNetwork, exported: tuple[bool, bytes]) -> None:
    with_heatmaps, content = exported
    picture = np.random.default_rng(1).random((1, 256, 256, 3), np.float32)
    found = answers(content, picture)
    assert set(found) == {shape for name, shape in SHAPES.items() if with_heatmaps or name != "heatmap"}
    said = {name: np.asarray(value)[0] for name, value in network.inference(picture).items()}
    landmarks = found[1, 195].reshape(39, 5)
    points, sure = said["points"].copy(), np.zeros(35, bool)
    if with_heatmaps:
        maps = network.heatmaps(picture)
        sure = np.max(maps["heatmaps"], axis=(0, 1, 2)) >= math.log(
            MIN_CONFIDENCE_TO_READ / (1 - MIN_CONFIDENCE_TO_READ)
        )
        assert 0 < sure.sum() < 35
        points[sure, :2] = np.asarray(decode_heatmaps(maps))[0][sure]
    np.testing.assert_allclose(landmarks[:35, :3] / 256, points, atol=1e-3)
    np.testing.assert_allclose(landmarks[:33, 3], said["visibility"], atol=1e-3)
    np.testing.assert_allclose(landmarks[:33, 4], said["presence"], atol=1e-3)
    np.testing.assert_allclose(found[1, 1][0], sigmoid(said["person"]), atol=1e-3)
    np.testing.assert_allclose(found[1, 117].reshape(39, 3)[:33], said["world"], atol=1e-3)
    # They say something, each something else.
    assert all(np.std(said[name]) > 0.01 for name in ("points", "visibility", "presence", "world"))
    assert (sigmoid(landmarks[33:35, 3:]) > 0.99).all()
    assert not landmarks[35:].any()
    if with_heatmaps:
        heatmaps = np.asarray(network.heatmaps(picture)["heatmaps"])
        np.testing.assert_allclose(found[1, 64, 64, 39][..., :35], heatmaps, atol=1e-3)
        assert np.std(heatmaps) > 0.01
        # Of what nothing is known, nothing is refined.
        assert (sigmoid(found[1, 64, 64, 39][..., 35:]) < 0.01).all()


def test_the_landmark_model_reads_it(network: PoseNetwork, exported: tuple[bool, bytes]) -> None:
    with_heatmaps, content = exported
    image = smooth_picture(256, 256)
    landmarks = LandmarkModel(content)(image, RegionOfInterest((128, 128), 256))
    said = {name: np.asarray(value)[0] for name, value in network.inference(image[None] / np.float32(255)).items()}
    assert landmarks.person == pytest.approx(float(sigmoid(said["person"])[0]), abs=1e-3)
    np.testing.assert_allclose(landmarks.visibility, sigmoid(said["visibility"]), atol=1e-3)
    np.testing.assert_allclose(landmarks.presence, sigmoid(said["presence"]), atol=1e-3)
    np.testing.assert_allclose(landmarks.world, said["world"], atol=1e-3)
    np.testing.assert_allclose(landmarks.points[:, 2] / 256, said["points"][:33, 2], atol=1e-3)
    regressed = np.abs(landmarks.points[:, :2] / 256 - said["points"][:33, :2]).max()
    # These heatmaps mean nothing, and move the points.
    assert regressed > 0.01 if with_heatmaps else regressed < 1e-3


def test_a_person_is_tracked_with_it(exported: tuple[bool, bytes], avatar_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(exported[1])
    tracker = PoseTracker(model=str(path))
    with VideoSource(avatar_video) as video:
        poses = [tracker.update(frame.image, frame.timestamp_s) for frame in video]
    assert poses[0] is not None
    assert all(pose is None or np.isfinite(pose.keypoints).all() for pose in poses)


def test_half_precision_halves_the_file(network: PoseNetwork, exported: tuple[bool, bytes]) -> None:
    with_heatmaps, whole = exported
    half = to_litert(network, heatmaps=with_heatmaps)
    picture = np.random.default_rng(1).random((1, 256, 256, 3), np.float32)
    expected, found = answers(whole, picture), answers(half, picture)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(found[1, 195], expected[1, 195], atol=2)
    np.testing.assert_allclose(found[1, 117], expected[1, 117], atol=0.02)
    weights = sum(weight.size for weight in network.inference.get_weights())
    assert len(whole) - len(half) > weights


def test_what_nobody_taught_is_not_told(network: PoseNetwork) -> None:
    picture = np.random.default_rng(2).random((1, 256, 256, 3), np.float32)
    known = answers(to_litert(network, half=False), picture)
    found = answers(to_litert(network, untaught=("depth", "world", "visibility"), half=False), picture)
    landmarks, before = (one[SHAPES["landmarks"]].reshape(39, 5)[:33] for one in (found, known))
    assert np.isnan(landmarks[:, 2]).all()
    assert np.isnan(found[SHAPES["world"]].reshape(39, 3)[:33]).all()
    np.testing.assert_allclose(landmarks[:, :2], before[:, :2], rtol=1e-5)
    np.testing.assert_array_equal(landmarks[:, 3], landmarks[:, 4])
    assert np.isfinite(before[:, 2]).all()
