import numpy as np
import pytest

from posegloss.pipeline.errors import InvalidSequenceError
from posegloss.pipeline.sequence import KeypointSequence


def make(frames: int = 10, **changes: object) -> KeypointSequence:
    values = {
        "keypoints": np.random.default_rng(0).random((frames, 33, 4), np.float32),
        "timestamps": np.arange(frames) / 25,
        "size": (640, 480),
    }
    return KeypointSequence(**(values | changes))  # type: ignore[arg-type]


def test_a_frame_without_a_person_is_missing_with_visibility_zero() -> None:
    keypoints = np.ones((3, 33, 4), np.float32)
    keypoints[1, :, 0] = np.nan
    sequence = make(3, keypoints=keypoints)
    assert sequence.present.tolist() == [True, False, True]
    assert np.isnan(sequence.keypoints[1, :, :3]).all()
    assert (sequence.visibility[1] == 0).all()


def test_frame_rate_and_duration_come_from_the_timestamps() -> None:
    assert make(26).frame_rate == pytest.approx(25)
    assert make(25).duration == pytest.approx(1.0)
    assert make(1).frame_rate is None
    assert make(1).duration == 0


def test_pixels_have_equal_units_in_all_directions() -> None:
    sequence = make(1, keypoints=np.full((1, 33, 4), 0.5, np.float32))
    assert sequence.pixels()[0, 0].tolist() == [320, 240, 320]


def test_slices_keep_their_times() -> None:
    part = make(10, world=np.zeros((10, 33, 3), np.float32))[3:6]
    assert part.timestamps.tolist() == [3 / 25, 4 / 25, 5 / 25]
    assert part.world is not None
    assert len(part.world) == 3


def test_points_of_low_visibility_go_missing() -> None:
    keypoints = np.full((1, 33, 4), 0.3, np.float32)
    keypoints[0, 5, 3] = 0.9
    masked = make(1, keypoints=keypoints).without_low_visibility(0.5)
    assert np.flatnonzero(~np.isnan(masked.keypoints[0, :, 0])).tolist() == [5]


def test_arrays_cannot_be_changed_and_are_copies() -> None:
    keypoints = np.ones((2, 33, 4), np.float32)
    sequence = make(2, keypoints=keypoints)
    keypoints[:] = 7
    assert (sequence.keypoints == 1).all()
    with pytest.raises(ValueError, match="read-only"):
        sequence.keypoints[0] = 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keypoints": np.zeros((10, 17, 4))}, "shape"),
        ({"timestamps": np.arange(9) / 25}, "timestamps of shape"),
        ({"timestamps": np.zeros(10)}, "increasing"),
        ({"timestamps": np.r_[np.arange(9), np.nan]}, "finite"),
        ({"keypoints": np.full((10, 33, 4), np.inf)}, "infinite"),
        ({"size": (0, 480)}, "frame size"),
        ({"world": np.zeros((9, 33, 3))}, "world"),
    ],
)
def test_what_is_not_a_sequence_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidSequenceError, match=message):
        make(10, **changes)
