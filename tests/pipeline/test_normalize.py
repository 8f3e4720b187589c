import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.normalize import Normalization, fill_gaps, normalize
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import LEFT_SHOULDER, RIGHT_SHOULDER

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
