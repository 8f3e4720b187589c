import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pose_format import Pose, PoseHeader
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeaderComponent, PoseHeaderDimensions

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.pose_reading import read_pose
from posegloss.pipeline.formats.pose_writing import write_pose
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import INDEX, KEYPOINT_NAMES

from .made import body, make_sequence

RATES = (25.0, 30.0, 23.976, 29.97, 30000 / 1001, 24000 / 1001, 59.94, 12.5)


def equal(a, b):
    return np.array_equal(a, b, equal_nan=True)


def write_raw(path, data, confidence, components, size=(1280, 720, 0), fps=25.0):
    """A .pose file by pose-format alone: data (T, N, K, D), components name: (format, points)."""
    listed = [PoseHeaderComponent(name, points, [], [], letters) for name, (letters, points) in components.items()]
    header = PoseHeader(0.2, PoseHeaderDimensions(*size), listed)
    buffer = io.BytesIO()
    Pose(header, NumPyPoseBody(fps, np.asarray(data, np.float32), np.asarray(confidence, np.float32))).write(buffer)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize("world", [False, True])
@pytest.mark.parametrize("rate", RATES)
def test_a_written_sequence_comes_back(tmp_path, rate, world):
    sequence = make_sequence(40, rate, (1279, 717), world)
    assert write_pose(sequence, tmp_path / "a.pose") == ()
    back = read_pose(tmp_path / "a.pose", ReadOptions())
    assert back.size == sequence.size
    assert equal(back.keypoints[..., 2:], sequence.keypoints[..., 2:])
    assert equal(np.isnan(back.keypoints), np.isnan(sequence.keypoints))
    step = np.spacing(np.abs(sequence.keypoints[..., :2]))
    assert np.nanmax(np.abs(back.keypoints[..., :2] - sequence.keypoints[..., :2]) / step) <= 1
    assert (back.world is None) == (sequence.world is None)
    assert back.world is None or equal(back.world, sequence.world)
    np.testing.assert_allclose(back.timestamps, sequence.timestamps, rtol=0, atol=1e-12)
    assert back.warnings == ()


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 4000), height=st.integers(1, 4000), seed=st.integers(0, 1000))
def test_what_came_from_a_pose_file_comes_back_to_the_last_bit(tmp_path_factory, width, height, seed):
    folder = tmp_path_factory.mktemp("pose")
    write_pose(make_sequence(4, size=(width, height), seed=seed), folder / "a.pose")
    first = read_pose(folder / "a.pose", ReadOptions())
    write_pose(first, folder / "b.pose")
    assert equal(read_pose(folder / "b.pose", ReadOptions()).keypoints, first.keypoints)
    assert (folder / "a.pose").read_bytes() == (folder / "b.pose").read_bytes()


def test_pose_format_takes_it_for_a_holistic_file(tmp_path):
    from pose_format.utils.generic import detect_known_pose_format

    sequence = make_sequence(10, 25, (640, 480), world=True)
    write_pose(sequence, tmp_path / "a.pose")
    pose = Pose.read((tmp_path / "a.pose").read_bytes())
    assert detect_known_pose_format(pose) == "holistic"
    assert (pose.header.dimensions.width, pose.header.dimensions.height, pose.body.fps) == (640, 480, 25)
    assert [component.name for component in pose.header.components] == ["POSE_LANDMARKS", "POSE_WORLD_LANDMARKS"]
    nose = pose.get_components(["POSE_LANDMARKS"], {"POSE_LANDMARKS": ["NOSE"]}).body.data[:, 0, 0]
    np.testing.assert_array_equal(nose[:5, :2].filled(np.nan), sequence.pixels()[:5, 0, :2])
    assert pose.body.data.mask[5].all()


def test_the_world_is_metres(tmp_path):
    sequence = make_sequence(10, world=True)
    write_pose(sequence, tmp_path / "a.pose")
    pose = Pose.read((tmp_path / "a.pose").read_bytes())
    np.testing.assert_array_equal(pose.body.data[0, 0, 33 + 20].filled(np.nan), sequence.world[0, 20])


def test_points_are_found_by_name_in_any_order(tmp_path):
    names = ["LEFT_WRIST", "NOSE", "RIGHT_SHOULDER"]
    data = np.arange(2 * 1 * 3 * 4).reshape(2, 1, 3, 4)
    # With a dimension that nobody here knows between z and the confidence.
    write_raw(tmp_path / "a.pose", data, np.ones((2, 1, 3)), {"POSE_LANDMARKS": ("XYZKC", names)}, (10, 100, 0))
    keypoints = read_pose(tmp_path / "a.pose", ReadOptions()).keypoints
    present = {KEYPOINT_NAMES[i].upper() for i in np.flatnonzero(~np.isnan(keypoints[0, :, 0]))}
    assert present == set(names)
    np.testing.assert_allclose(keypoints[1, INDEX["nose"]], [16 / 10, 17 / 100, 18, 1])


def test_a_point_of_confidence_zero_is_missing(tmp_path):
    confidence = np.array([[[1, 0]], [[0.25, 1]]])
    write_raw(tmp_path / "a.pose", np.ones((2, 1, 2, 2)), confidence, {"POSE_LANDMARKS": ("XYC", ["NOSE", "LEFT_EAR"])})
    keypoints = read_pose(tmp_path / "a.pose", ReadOptions()).keypoints
    assert np.isnan(keypoints[:, INDEX["left_ear"], 0]).tolist() == [True, False]
    assert keypoints[1, 0, 3] == 0.25


def test_hands_fill_what_the_body_lacks_with_depth_from_the_body(tmp_path):
    components = {
        "LEFT_HAND_LANDMARKS": ("XYZC", ["WRIST", "THUMB_MCP", "INDEX_FINGER_MCP", "PINKY_MCP", "PINKY_TIP"]),
        "POSE_LANDMARKS": ("XYZC", ["LEFT_WRIST", "LEFT_INDEX"]),
    }
    data = np.zeros((1, 1, 7, 3))
    data[0, 0, :, 0] = np.arange(7)
    data[0, 0, 3, 2], data[0, 0, 5, 2] = 0.1, -0.5
    write_raw(tmp_path / "a.pose", data, np.ones((1, 1, 7)), components, (1, 1, 0))
    keypoints = read_pose(tmp_path / "a.pose", ReadOptions()).keypoints[0]
    assert keypoints[INDEX["left_thumb"], 0] == 1
    assert keypoints[INDEX["left_pinky"], 0] == 3
    assert keypoints[INDEX["left_index"], 0] == 6
    assert keypoints[INDEX["left_pinky"], 2] == pytest.approx(-0.4)


def test_of_several_people_the_prominent_one_is_followed_whatever_the_slot(tmp_path):
    from posegloss.pipeline.formats.names import BODY_25

    signer = np.stack([body(640 + 3 * t, 700, 500) for t in range(8)])
    other = np.stack([body(200, 400, 150)] * 8)
    people = np.stack([signer, other], axis=1)
    people[4:] = people[4:, ::-1]
    write_raw(tmp_path / "a.pose", people[..., :2], people[..., 2], {"pose_keypoints_2d": ("XYC", list(BODY_25))})
    sequence = read_pose(tmp_path / "a.pose", ReadOptions())
    np.testing.assert_allclose(sequence.pixels()[:, INDEX["nose"], 0], 640 + 3 * np.arange(8), atol=0.01)
    assert sequence.warnings == ("several people: 2 at 0.00 s; the most prominent one is followed",)


def test_irregular_times_are_interpolated_and_said(tmp_path):
    times = np.delete(np.arange(20) / 25, [4, 9, 10])
    keypoints = np.ones((len(times), 33, 4), np.float32)
    keypoints[..., 0] = times[:, None]
    (told,) = write_pose(KeypointSequence(keypoints, times, (100, 100)), tmp_path / "a.pose")
    assert "irregular" in told
    back = read_pose(tmp_path / "a.pose", ReadOptions())
    np.testing.assert_allclose(back.timestamps, np.arange(20) / 25, atol=1e-9)
    np.testing.assert_allclose(back.keypoints[:, 0, 0], np.arange(20) / 25, atol=1e-6)


def test_a_long_gap_stays_one(tmp_path):
    times = np.r_[np.arange(10), np.arange(40, 50)] / 25
    write_pose(KeypointSequence(np.ones((20, 33, 4), np.float32), times, (100, 100)), tmp_path / "a.pose")
    present = read_pose(tmp_path / "a.pose", ReadOptions()).present
    assert len(present) == 50
    assert np.flatnonzero(~present).tolist() == list(range(10, 40))


@pytest.mark.parametrize("rate", [24, 25, 30, Fraction(30000, 1001), 60])
def test_times_in_whole_milliseconds_have_the_rate_that_they_were_rounded_from(tmp_path, rate):
    times = np.round(np.arange(100) / float(rate), 3)
    assert write_pose(KeypointSequence(np.ones((100, 33, 4)), times, (64, 64)), tmp_path / "a.pose") == ()
    assert read_pose(tmp_path / "a.pose", ReadOptions()).timestamps[-1] == pytest.approx(99 / float(rate), abs=1e-9)


def test_times_begin_at_zero(tmp_path):
    sequence = make_sequence(5)
    moved = KeypointSequence(sequence.keypoints, sequence.timestamps + 7.25, sequence.size)
    write_pose(moved, tmp_path / "a.pose")
    np.testing.assert_allclose(read_pose(tmp_path / "a.pose", ReadOptions()).timestamps, sequence.timestamps, atol=1e-9)


def test_what_the_file_does_not_say_is_assumed_and_said(tmp_path):
    data = np.full((2, 1, 1, 2), 700.0)
    write_raw(tmp_path / "a.pose", data, np.ones((2, 1, 1)), {"POSE_LANDMARKS": ("XYC", ["NOSE"])}, (0, 0, 0), fps=0)
    sequence = read_pose(tmp_path / "a.pose", ReadOptions())
    assert sequence.size == (1280, 720)
    assert len(sequence.warnings) == 2
    told = read_pose(tmp_path / "a.pose", ReadOptions(50, (800, 800)))
    assert (told.size, told.timestamps[1], told.warnings) == ((800, 800), 0.02, ())


def test_a_file_of_other_points_names_its_components(tmp_path):
    write_raw(tmp_path / "a.pose", np.ones((2, 1, 1, 2)), np.ones((2, 1, 1)), {"TAIL": ("XYC", ["TIP"])})
    with pytest.raises(FormatError, match="components are TAIL"):
        read_pose(tmp_path / "a.pose", ReadOptions())


def test_a_clip_without_frames_is_refused(tmp_path):
    with pytest.raises(FormatError, match="without frames"):
        write_pose(make_sequence(6)[:0], tmp_path / "a.pose")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["autsl_signer0_sample1000.holistic", "mediapipe", "openpose"])
def test_real_files_are_read_and_come_back_to_the_last_bit(shared_data, tmp_path, name):
    first = read_pose(shared_data / "pose_files" / f"{name}.pose", ReadOptions())
    assert first.present.mean() > 0.9
    write_pose(first, tmp_path / "a.pose")
    back = read_pose(tmp_path / "a.pose", ReadOptions())
    assert equal(back.keypoints, first.keypoints)
    assert equal(back.timestamps, first.timestamps)
    assert back.size == first.size


def test_a_real_holistic_file_is_where_our_own_tracker_sees_the_signer(shared_data):
    from posegloss.pipeline.extract import extract

    theirs = read_pose(shared_data / "pose_files" / "autsl_signer0_sample1000.holistic.pose", ReadOptions())
    ours = extract(shared_data / "clips" / "autsl_signer0_sample1000_color.mp4")
    assert (len(theirs), theirs.size) == (len(ours), ours.size)
    apart = np.linalg.norm((theirs.pixels() - ours.pixels())[:, :17, :2], axis=-1)
    assert np.nanmedian(apart) < 6, "pixels of a frame of 512"


@pytest.mark.parametrize(("name", "points"), [("mediapipe", 11), ("openpose", 23)])
def test_real_reduced_and_openpose_headers_give_what_they_have(shared_data: Path, name, points):
    sequence = read_pose(shared_data / "pose_files" / f"{name}.pose", ReadOptions())
    assert (~np.isnan(sequence.keypoints[..., 0])).any(axis=0).sum() == points
    for side in ("left", "right"):
        wrist, knuckle = (sequence.pixels()[:, INDEX[f"{side}_{point}"], :2] for point in ("wrist", "index"))
        other = sequence.pixels()[:, INDEX[f"{'right' if side == 'left' else 'left'}_wrist"], :2]
        both = ~np.isnan(wrist + knuckle + other).any(axis=1)
        if both.any():
            near, far = (np.linalg.norm(knuckle - place, axis=1)[both].mean() for place in (wrist, other))
            assert near < far / 2


def test_a_hand_whose_wrist_is_missing_keeps_its_points(tmp_path):
    components = {
        "POSE_LANDMARKS": ("XYZC", ["LEFT_WRIST"]),
        "LEFT_HAND_LANDMARKS": ("XYZC", ["THUMB_MCP", "INDEX_FINGER_MCP", "PINKY_MCP"]),
    }
    data = np.full((2, 1, 4, 3), 0.25)
    confidence = np.ones((2, 1, 4))
    confidence[0, 0, 0] = 0
    write_raw(tmp_path / "a.pose", data, confidence, components, (1, 1, 0))
    keypoints = read_pose(tmp_path / "a.pose", ReadOptions()).keypoints
    assert keypoints[:, INDEX["left_index"]].tolist() == [[0.25, 0.25, 0.25, 1], [0.25, 0.25, 0.5, 1]]
    assert np.isnan(keypoints[0, INDEX["left_wrist"], 0])
