import numpy as np
import pytest

from posegloss.classifiers.input_points import INPUT_POINTS, input_points_of
from posegloss.classifiers.preprocessing import Preprocessing, resample
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.normalize import Normalization
from posegloss.pipeline.sequence import KeypointSequence

from .made_up import make_sequence, nobody

POINTS = INPUT_POINTS["blazepose33"]


@pytest.mark.parametrize("rates", [(15, 50), (10, 60), (24, 30)])
def test_frame_rate_makes_no_difference(rates):
    one, other = (
        Preprocessing()(make_sequence("circle", "ada", rate=rate, seconds=2, noise=0, missing=0)) for rate in rates
    )
    frames = min(len(one), len(other))
    assert abs(len(one) - len(other)) <= 2
    assert np.nanmax(np.abs(one[:frames] - other[:frames])) < 0.05
    # The signs themselves move by far more than that.
    assert np.nanmax(np.ptp(one, axis=0)) > 0.4


def test_variable_frame_rate_is_read_from_the_timestamps():
    full = make_sequence("circle", "ada", rate=60, seconds=2, noise=0, missing=0)
    kept = np.sort(np.random.default_rng(0).choice(len(full), 60, replace=False))
    kept[[0, -1]] = 0, len(full) - 1
    uneven = KeypointSequence(full.keypoints[kept], full.timestamps[kept], full.size)
    assert np.nanmax(np.abs(Preprocessing()(full) - Preprocessing()(uneven))) < 0.06


def test_units_are_shoulder_widths():
    for signer in ("ada", "bo"):
        inputs = Preprocessing()(make_sequence("circle", signer, noise=0, missing=0))
        np.testing.assert_allclose(inputs[:, POINTS.index["left_shoulder"], :2], [[0.5, 0]] * len(inputs), atol=1e-3)
        np.testing.assert_allclose(inputs[:, POINTS.index["nose"], :2], [[0, -0.75]] * len(inputs), atol=1e-3)


def test_legs_make_no_difference():
    sequence = make_sequence()
    keypoints = sequence.keypoints.copy()
    keypoints[:, 23:] = np.random.default_rng(0).random(keypoints[:, 23:].shape)
    other = KeypointSequence(keypoints, sequence.timestamps, sequence.size)
    np.testing.assert_array_equal(Preprocessing()(sequence), Preprocessing()(other))


def test_resampling_by_hand():
    points = np.array([0.0, 1.0, np.nan, 3.0, 5.0], np.float32)[:, None, None].repeat(2, axis=2)
    timestamps = np.array([0.0, 0.1, 0.2, 0.3, 1.0])
    half = resample(points, timestamps, 20, longest_gap_s=0.5, longest_s=10)[:, 0, 0]
    assert half.shape == (21,)
    np.testing.assert_allclose(half[[0, 1, 2]], [0, 0.5, 1], atol=1e-6)
    assert np.isnan(half[[3, 4, 5]]).all()
    np.testing.assert_allclose(half[6], 3, atol=1e-6)
    assert np.isnan(half[7:20]).all()
    assert half[20] == 5


def test_one_frame():
    sequence = make_sequence(missing=0)[:1]
    assert Preprocessing()(sequence).shape == (1, len(POINTS), 2)


def test_frames_without_a_person_at_the_ends_are_gone():
    sequence = make_sequence(missing=0, rate=20)
    keypoints = sequence.keypoints.copy()
    keypoints[:5] = np.nan
    keypoints[-4:] = np.nan
    inputs = Preprocessing()(KeypointSequence(keypoints, sequence.timestamps, sequence.size))
    assert len(inputs) == len(sequence) - 9
    assert not np.isnan(inputs[[0, -1]]).all()


def test_long_clips_are_cut():
    sequence = make_sequence(seconds=30, rate=10)
    assert len(Preprocessing(longest_s=4)(sequence)) == 81


def test_nobody_and_nothing():
    with pytest.raises(NoSignerError):
        Preprocessing()(nobody())
    with pytest.raises(NoSignerError):
        Preprocessing()(nobody(0))


def test_settings_and_fingerprint():
    settings = Preprocessing(Normalization(min_visibility=0.3), rate_hz=15)
    assert Preprocessing.from_dict(settings.to_dict()) == settings
    assert Preprocessing.from_dict(settings.to_dict()).fingerprint == settings.fingerprint
    assert settings.fingerprint != Preprocessing().fingerprint


def test_layouts():
    with pytest.raises(ValueError, match="blazepose33"):
        Preprocessing(layout="other")
    with pytest.raises(ValueError, match="holistic75"):
        Preprocessing(layout="holistic75")(make_sequence())


@pytest.mark.parametrize("points", INPUT_POINTS.values(), ids=list(INPUT_POINTS))
def test_points(points):
    assert (points.mirrored[points.mirrored] == np.arange(len(points))).all()
    assert points.names[points.mirrored[points.index["left_wrist"]]] == "right_wrist"
    assert {a for bone in points.bones for a in bone} <= set(range(len(points)))
    assert points.mirrored[list(points.hand("left"))].tolist() == list(points.hand("right"))
    inputs = np.random.default_rng(0).random((2, len(points), 2), np.float32)
    assert input_points_of(inputs) is points
    np.testing.assert_array_equal(points.mirror(points.mirror(inputs)), inputs)
