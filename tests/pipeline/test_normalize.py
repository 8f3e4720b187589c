import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posegloss.pipeline.errors import NoSignerError, SettingsError
from posegloss.pipeline.normalize import Normalization, fill_gaps, hands_in_own_frame, normalize
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import HOLISTIC75, INDEX, LEFT_SHOULDER, RIGHT_SHOULDER, hand_points

HIPS_AND_LEGS = slice(23, 33)


def person(frames: int = 12, seed: int = 0) -> FloatArray:
    """(T, 33, 4) in pixels of an imagined frame: a signer whose shoulders lie 200 px apart around (320, 240)."""
    points = np.random.default_rng(seed).normal((320, 240, 0, 0.9), (80, 80, 40, 0.01), (frames, 33, 4))
    points[:, LEFT_SHOULDER, :3], points[:, RIGHT_SHOULDER, :3] = (420, 240, 10), (220, 240, 10)
    return points.astype(np.float32)


def sequence(points: FloatArray, size: tuple[int, int] = (640, 480)) -> KeypointSequence:
    scaled = points / np.array([size[0], size[1], size[0], 1], np.float32)
    return KeypointSequence(scaled, np.arange(len(points)) / 25, size)


def test_origin_is_between_the_shoulders_and_their_distance_is_one() -> None:
    result = normalize(sequence(person()))
    assert result.keypoints[:, LEFT_SHOULDER, :3] == pytest.approx(np.tile((0.5, 0, 0), (12, 1)), abs=1e-5)
    assert result.keypoints[:, RIGHT_SHOULDER, :3] == pytest.approx(np.tile((-0.5, 0, 0), (12, 1)), abs=1e-5)
    assert result.unit == pytest.approx(200, rel=1e-5)


@given(
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    size=st.sampled_from([(640, 480), (1080, 1920), (320, 320)]),
)
def test_where_the_signer_stands_how_near_and_the_frame_size_make_no_difference(
    scale: float, shift: tuple[float, float], size: tuple[int, int]
) -> None:
    moved = person()
    moved[..., :3] *= scale
    moved[..., :2] += shift
    expected = normalize(sequence(person())).keypoints
    assert normalize(sequence(moved, size)).keypoints == pytest.approx(expected, abs=2e-3)


def test_nothing_depends_on_hips_and_legs() -> None:
    elsewhere = person()
    elsewhere[:, HIPS_AND_LEGS, :3] += 300
    a, b = normalize(sequence(person())).keypoints, normalize(sequence(elsewhere)).keypoints
    assert (a[:, :23] == b[:, :23]).all()


def test_unit_is_robust_against_frames_where_the_shoulders_were_mistaken() -> None:
    points = person(20)
    points[:4, LEFT_SHOULDER, 0] = 2000
    assert normalize(sequence(points)).unit == pytest.approx(200, rel=1e-4)


def test_shoulders_are_levelled_on_request_only() -> None:
    points = person()
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points[..., :2] = (points[..., :2] - (320, 240)) @ turn.T + (320, 240)
    assert normalize(sequence(points)).keypoints[0, LEFT_SHOULDER, 1] == pytest.approx(0.5 * np.sin(angle), abs=1e-4)
    level = normalize(sequence(points), Normalization(level_shoulders=True))
    assert level.angle == pytest.approx(-angle, abs=1e-4)
    expected = normalize(sequence(person())).keypoints
    assert level.keypoints == pytest.approx(expected, abs=1e-4)


def test_points_of_low_visibility_are_missing_not_zero() -> None:
    points = person()
    points[3, 15, 3] = 0.05
    result = normalize(sequence(points)).keypoints
    assert np.isnan(result[3, 15, :3]).all()
    assert result[3, 15, 3] == 0
    assert np.isnan(result[..., 0]).sum() == 1


def test_clips_without_shoulders_have_no_frame_of_reference() -> None:
    nobody = sequence(np.full((5, 33, 4), np.nan, np.float32))
    with pytest.raises(NoSignerError, match="both shoulders"):
        normalize(nobody)
    squashed = person()
    squashed[:, RIGHT_SHOULDER] = squashed[:, LEFT_SHOULDER]
    with pytest.raises(NoSignerError, match="less than one pixel"):
        normalize(sequence(squashed))


def test_short_gaps_are_interpolated_in_time_and_long_or_open_ones_stay() -> None:
    times = np.array([0.0, 0.1, 0.3, 0.4, 1.4, 1.5])
    keypoints = np.full((6, 2, 4), np.nan, np.float32)
    keypoints[[0, 3, 4], 0] = [[0, 0, 0, 1], [4, 8, 0, 1], [5, 5, 5, 1]]
    keypoints[2, 1] = 1
    filled = fill_gaps(keypoints, times, longest_s=0.5)
    assert filled[1, 0] == pytest.approx([1, 2, 0, 1])
    assert filled[2, 0] == pytest.approx([3, 6, 0, 1])
    assert np.isnan(filled[5, 0]).all()
    assert np.isnan(filled[[0, 1, 3, 4, 5], 1]).all()
    assert (filled[[0, 3, 4], 0] == keypoints[[0, 3, 4], 0]).all()
    wide = fill_gaps(keypoints[[0, 1, 4, 5]], times[[0, 1, 4, 5]], longest_s=0.5)
    assert np.isnan(wide[1, 0]).all()


def with_hands(frames: int = 12) -> FloatArray:
    """A person whose left hand is a fan of points and whose right hand is missing; (T, 75, 4) in pixels."""
    points = np.full((frames, 75, 4), (np.nan, np.nan, np.nan, 0), np.float32)
    points[:, :33] = person(frames)
    points[:, INDEX["left_wrist"]] = (400, 300, 20, 1)
    fan = np.stack([np.arange(21), -2 * np.arange(21), np.arange(21) / 2, np.full(21, 0.9)], axis=-1)
    # Its depth is from its own wrist, as MediaPipe has it.
    points[:, hand_points("left")] = fan + np.array([400, 300, 0, 0])
    return points


def holistic(points: FloatArray, size: tuple[int, int] = (640, 480)) -> KeypointSequence:
    scaled = points / np.array([size[0], size[1], size[0], 1], np.float32)
    return KeypointSequence(scaled, np.arange(len(points)) / 25, size, layout=HOLISTIC75)


def test_hands_are_in_the_signers_frame_with_the_depth_of_their_wrist() -> None:
    points = with_hands()
    points[:, INDEX["left_wrist"], 2] = -80
    result = normalize(holistic(points)).keypoints
    hand, wrist = result[:, hand_points("left")], result[:, INDEX["left_wrist"]]
    np.testing.assert_allclose(hand[:, 0, :3], wrist[:, :3], atol=1e-5)
    np.testing.assert_allclose(hand[:, 9, :3] - hand[:, 0, :3], np.tile((9, -18, 4.5), (12, 1)) / 200, atol=1e-5)
    np.testing.assert_array_equal(result[:, :33], normalize(sequence(points[:, :33])).keypoints)
    assert np.isnan(result[:, hand_points("right"), :3]).all()


def test_a_hand_without_the_bodys_wrist_is_as_deep_as_the_shoulders() -> None:
    points = with_hands()
    points[:, INDEX["left_wrist"]] = np.nan
    result = normalize(holistic(points))
    np.testing.assert_allclose(result.keypoints[:, hand_points("left").start, 2], 0, atol=1e-6)


@given(
    scale=st.floats(0.2, 5),
    shift=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    size=st.sampled_from([(640, 480), (1080, 1920), (320, 320)]),
)
def test_in_its_own_frame_a_hand_is_the_same_wherever_and_however_large_it_is(
    scale: float, shift: tuple[float, float], size: tuple[int, int]
) -> None:
    moved = with_hands()
    moved[..., :3] *= scale
    moved[..., :2] += shift
    own = hands_in_own_frame(holistic(moved, size))
    assert own.shape == (12, 2, 21, 4)
    assert own == pytest.approx(hands_in_own_frame(holistic(with_hands())), abs=2e-3, nan_ok=True)
    assert (own[:, 0, 0, :3] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(own[:, 0, 9, :3], axis=-1), 1, atol=2e-3)


def test_a_palm_is_measured_over_the_clip_and_a_missing_hand_stays_missing() -> None:
    points = with_hands()
    hand = hand_points("left")
    points[:3, hand, :3] = points[:3, hand.start, None, :3]
    points[3, hand] = np.nan
    own = hands_in_own_frame(holistic(points))
    assert (own[:3, 0, :, :3] == 0).all(), "a hand that was mistaken for a point does not change the unit"
    assert np.linalg.norm(own[5, 0, 9, :3]) == pytest.approx(1, abs=1e-4)
    for missing in (own[3, 0], own[:, 1]):
        assert np.isnan(missing[..., :3]).all()
        assert (missing[..., 3] == 0).all()


def test_a_layout_without_hands_has_none_to_put_into_their_own_frame() -> None:
    with pytest.raises(SettingsError, match="blazepose33, without hands"):
        hands_in_own_frame(sequence(person()))
