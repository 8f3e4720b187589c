"""Hands in other people's formats: the layout holistic75, there and back."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.formats.conversion import convert
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.holistic import list_npy, points_of_rows
from posegloss.pipeline.formats.names import hand_counterparts
from posegloss.pipeline.formats.npz import list_npz, write_npz
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.pose_reading import read_pose
from posegloss.pipeline.formats.pose_writing import write_pose
from posegloss.pipeline.formats.registry import list_clips
from posegloss.pipeline.formats.tables import write_table
from posegloss.pipeline.skeleton import BLAZEPOSE33, HAND_NAMES, HOLISTIC75, hand_points
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip

from .made import make_sequence

HANDS = ReadOptions(layout=HOLISTIC75)
SEQUENCE = make_sequence(9, world=True, layout=HOLISTIC75)
CLIP = Clip("a", SEQUENCE, "HELLO", "ada")


def rows_of(sequence, face: bool = False) -> np.ndarray:
    """As recorders write them: zeros for what is missing, no visibility of hands."""
    body = sequence.keypoints[:, :33].reshape(len(sequence), -1)
    hands = [sequence.keypoints[:, hand_points(side), :3].reshape(len(sequence), -1) for side in ("left", "right")]
    middle = [np.ones((len(sequence), 468 * 3), np.float32)] if face else []
    return np.nan_to_num(np.concatenate([body, *middle, *hands], axis=1))


def test_a_pose_file_has_the_hands_as_holistic_components(tmp_path):
    assert write_pose(SEQUENCE, tmp_path / "a.pose") == ()
    back = read_pose(tmp_path / "a.pose", HANDS)
    assert back.layout == HOLISTIC75
    np.testing.assert_array_equal(back.keypoints[..., 2:], SEQUENCE.keypoints[..., 2:])
    np.testing.assert_allclose(back.keypoints, SEQUENCE.keypoints, atol=1e-6)
    np.testing.assert_array_equal(back.world, SEQUENCE.world)


def test_who_does_not_ask_for_hands_gets_the_body_alone(tmp_path):
    write_pose(SEQUENCE, tmp_path / "a.pose")
    back = read_pose(tmp_path / "a.pose", ReadOptions())
    assert back.layout == BLAZEPOSE33
    there = ~np.isnan(SEQUENCE.keypoints[:, :33])
    np.testing.assert_allclose(back.keypoints[there], SEQUENCE.keypoints[:, :33][there], atol=1e-6)


def test_a_pose_file_without_hands_is_refused_where_they_are_asked_for(tmp_path):
    write_pose(make_sequence(), tmp_path / "a.pose")
    with pytest.raises(FormatError, match="no hands"):
        read_pose(tmp_path / "a.pose", HANDS)


def test_real_pose_files_have_hands_at_their_wrists(shared_data: Path):
    holistic = read_pose(shared_data / "pose_files" / "autsl_signer0_sample1000.holistic.pose", HANDS)
    openpose = read_pose(shared_data / "pose_files" / "openpose.pose", HANDS)
    for sequence in (holistic, openpose):
        points = sequence.pixels()[..., :2]
        for side, wrist in (("left", 15), ("right", 16)):
            hand = points[:, hand_points(side)]
            palm = np.linalg.norm(hand[:, 9] - hand[:, 0], axis=-1)
            off = np.linalg.norm(hand[:, 0] - points[:, wrist], axis=-1)
            assert np.nanmedian(off / palm) < 0.5


@pytest.mark.parametrize("component", ["hand_left_keypoints_2d", "LEFT_HAND_133"])
def test_hands_of_others_are_known_by_their_places(component):
    known = hand_counterparts(component, [f"point {i}" for i in range(21)])
    assert [known[i] for i in range(21)] == [f"left_hand_{name}" for name in HAND_NAMES]
    assert hand_counterparts(component, ["too", "few"]) == {}
    assert hand_counterparts("FACE_LANDMARKS", ["0"] * 21) == {}


@pytest.mark.parametrize("face", [False, True])
def test_rows_of_holistic_give_both_hands(face):
    points = points_of_rows(rows_of(SEQUENCE, face), HOLISTIC75)
    np.testing.assert_array_equal(points[..., :3], SEQUENCE.keypoints[..., :3])
    np.testing.assert_array_equal(points[:, 33:, 3], np.where(np.isnan(points[:, 33:, 0]), np.nan, 1))


def test_rows_without_hands_are_refused_where_they_are_asked_for():
    with pytest.raises(ValueError, match="no hands"):
        points_of_rows(np.ones((2, 132)), HOLISTIC75)


def test_npy_files_with_hands(tmp_path):
    folder = tmp_path / "hello" / "0"
    folder.mkdir(parents=True)
    for number, row in enumerate(rows_of(SEQUENCE)):
        np.save(folder / f"{number}.npy", row)
    (clip,) = list_npy(tmp_path / "hello", HANDS)
    sequence = clip.read()
    assert sequence.layout == HOLISTIC75
    np.testing.assert_array_equal(sequence.keypoints[..., :3], SEQUENCE.keypoints[..., :3])


def test_an_npz_comes_back_with_its_hands_and_their_visibility(tmp_path):
    other = Clip("b", make_sequence(4, seed=3, layout=HOLISTIC75))
    write_npz([CLIP, other], tmp_path / "a.npz")
    back = [clip.read() for clip in list_npz(tmp_path / "a.npz", HANDS)]
    for one, clip in zip(back, (CLIP, other), strict=True):
        np.testing.assert_array_equal(one.keypoints, clip.sequence.keypoints)
    np.testing.assert_array_equal(back[0].world, SEQUENCE.world)


def test_others_npz_of_students_have_hands(shared_data: Path):
    sequence = list_npz(shared_data / "landmarks" / "asl_cafe.npz", HANDS)[0].read()
    hand = sequence.pixels()[:, hand_points("right")]
    assert 0.2 < np.isfinite(hand[:, 0, 0]).mean() <= 1


def test_the_parquet_has_75_points_a_frame(tmp_path):
    write_table([CLIP], tmp_path / "a.parquet")
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    np.testing.assert_array_equal(np.array(row["keypoints"], np.float32), SEQUENCE.keypoints)
    assert np.array(row["world"]).shape == (9, 33, 3)


@pytest.mark.parametrize("write", [write_npz, write_table])
def test_one_file_has_clips_of_one_layout(tmp_path, write):
    with pytest.raises(FormatError, match="blazepose33 and holistic75"):
        write([CLIP, Clip("b", make_sequence())], tmp_path / "a")


def test_a_store_of_hands_and_one_without_are_never_mixed(tmp_path):
    write_pose(SEQUENCE, tmp_path / "a.pose")
    assert convert(tmp_path / "a.pose", tmp_path / "hands.store", options=HANDS).done == 1
    store = KeypointStore.open(tmp_path / "hands.store")
    assert store.layout == HOLISTIC75
    assert [clip.sequence.layout for clip in store.clips()] == [HOLISTIC75]
    with pytest.raises(StoreError, match="layout"):
        convert(tmp_path / "a.pose", tmp_path / "hands.store")
    assert convert(tmp_path / "hands.store", tmp_path / "back.pose").done == 1
    np.testing.assert_array_equal(
        read_pose(tmp_path / "back.pose", HANDS).keypoints, read_pose(tmp_path / "a.pose", HANDS).keypoints
    )
    convert(tmp_path / "a.pose", tmp_path / "body.store")
    with pytest.raises(FormatError, match="blazepose33, not of holistic75"):
        list_clips(tmp_path / "body.store", HANDS)


def test_openpose_json_and_unknown_layouts_are_refused(tmp_path):
    (tmp_path / "a_000000000000_keypoints.json").write_text('{"people": []}')
    with pytest.raises(FormatError, match="blazepose33 is read, not holistic75"):
        list_clips(tmp_path, HANDS)
    with pytest.raises(FormatError, match="blazepose33, holistic75"):
        ReadOptions(layout="face")
