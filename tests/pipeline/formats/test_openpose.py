import io
import json
import lzma
import shutil
import tarfile

import numpy as np
import pytest

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.openpose import list_openpose, parse_frame
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.skeleton import INDEX, KEYPOINT_NAMES

from .made import COCO_18, body, person, write_frames

OPTIONS = ReadOptions(25, (1280, 720))


def read(path, options=OPTIONS):
    (clip,) = list_openpose(path, options)
    return clip.read()


def present(sequence):
    return {KEYPOINT_NAMES[i] for i in np.flatnonzero(~np.isnan(sequence.keypoints[..., 0]).all(axis=0))}


FROM_BODY_25 = {
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder"),
    *("left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee"),
    *("left_ankle", "right_ankle", "left_heel", "right_heel", "left_foot_index", "right_foot_index"),
}


def test_body_25_by_name(tmp_path):
    sequence = read(write_frames(tmp_path / "clip", [[person(body(640, 700, 500))]] * 3))
    assert present(sequence) == FROM_BODY_25
    assert sequence.timestamps.tolist() == [0, 0.04, 0.08]
    assert (sequence.size, sequence.warnings) == ((1280, 720), ())
    np.testing.assert_allclose(sequence.pixels()[0, INDEX["left_wrist"]], [640 + 85, 700 - 240, 0], atol=1e-3)
    assert sequence.visibility[0, 0] == np.float32(0.9)


def test_coco_18_has_no_feet(tmp_path):
    sequence = read(write_frames(tmp_path / "clip", [[person(body(640, 700, 500, COCO_18))]]))
    feet = {f"{side}_{part}" for side in ("left", "right") for part in ("heel", "foot_index")}
    assert present(sequence) == FROM_BODY_25 - feet
    np.testing.assert_allclose(sequence.pixels()[0, INDEX["right_ear"], 0], 640 - 20, atol=1e-3)


@pytest.mark.parametrize(
    ("version", "key", "extra"),
    [
        (1.0, "pose_keypoints", {}),
        (1.1, "pose_keypoints", {"face_keypoints": [], "hand_left_keypoints": []}),
        (1.2, "pose_keypoints_2d", {"pose_keypoints_3d": []}),
        (1.3, "pose_keypoints_2d", {"person_id": [-1], "face_keypoints_2d": []}),
    ],
)
def test_versions_name_the_arrays_differently(tmp_path, version, key, extra):
    frames = [[person(body(640, 700, 500), key, **extra)]]
    assert present(read(write_frames(tmp_path / "clip", frames, version=version))) == FROM_BODY_25


def test_hands_and_face_fill_their_points(tmp_path):
    def triples(count, x):
        return np.stack([np.full(count, x), np.arange(count), np.ones(count)], axis=1).ravel().tolist()

    hands = {"hand_left_keypoints_2d": triples(21, 800), "hand_right_keypoints_2d": triples(21, 500)}
    one = person(body(640, 700, 500), **hands, face_keypoints_2d=triples(70, 640))
    sequence = read(write_frames(tmp_path / "clip", [[one]]))
    assert len(present(sequence)) == 33
    places = {name: tuple(np.round(sequence.pixels()[0, INDEX[name], :2])) for name in KEYPOINT_NAMES}
    assert places["left_thumb"] == (800, 2)
    assert places["right_index"] == (500, 5)
    assert places["left_pinky"] == (800, 17)
    assert (places["right_eye_outer"], places["left_eye_outer"]) == ((640, 36), (640, 45))
    assert (places["mouth_right"], places["mouth_left"]) == ((640, 48), (640, 54))


def test_a_joint_of_zeros_is_missing(tmp_path):
    joints = body(640, 700, 500)
    joints[4] = 0
    sequence = read(write_frames(tmp_path / "clip", [[person(joints)]]))
    assert np.isnan(sequence.keypoints[0, INDEX["right_wrist"], :3]).all()
    assert sequence.visibility[0, INDEX["right_wrist"]] == 0


def test_missing_files_leave_a_gap_and_damaged_ones_missing_points(tmp_path):
    folder = write_frames(tmp_path / "clip", [[person(body(640, 700, 500))]] * 8)
    files = sorted(folder.iterdir())
    files[3].unlink()
    files[5].write_text(files[5].read_text()[:100])
    files[6].write_text("[]")
    sequence = read(folder)
    assert np.round(sequence.timestamps * 25).tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert np.flatnonzero(~sequence.present).tolist() == [4, 5]
    (told,) = sequence.warnings
    assert "2 files cannot be read" in told
    assert files[5].name in told


def test_mostly_damaged_is_an_error(tmp_path):
    folder = write_frames(tmp_path / "clip", [[person(body(640, 700, 500))]] * 3)
    for file in sorted(folder.iterdir())[:2]:
        file.write_text("{")
    with pytest.raises(FormatError, match="2 of 3 frames cannot be read"):
        read(folder)


def test_an_empty_room_is_a_sequence_of_nobody(tmp_path):
    sequence = read(write_frames(tmp_path / "clip", [[], []]))
    assert not sequence.present.any()
    assert "no person was found in any frame" in sequence.warnings


def test_what_is_not_said_is_assumed_and_said(tmp_path):
    folder = write_frames(tmp_path / "clip", [[person(body(1500, 1000, 800))]] * 2)
    sequence = read(folder, ReadOptions())
    assert sequence.size == (1920, 1080)
    assert sequence.timestamps[1] == pytest.approx(1 / 30)
    assert len(sequence.warnings) == 2
    # Whatever the guess, the pixels are those of the file.
    np.testing.assert_allclose(sequence.pixels()[0, 0, :2], [1500, 1000 - 0.92 * 800], atol=1e-3)


@pytest.mark.parametrize("scale", [3, 4])
def test_normalized_coordinates_are_fractions(tmp_path, scale):
    joints = body(640, 700, 500)
    joints[:, :2] /= (1280, 720)
    if scale == 4:
        joints[:, :2] = 2 * joints[:, :2] - 1
    folder = tmp_path / "clip"
    folder.mkdir()
    one = {"pose_keypoints_2d": joints.ravel().tolist()}
    (folder / "clip_0_keypoints.json").write_text(json.dumps({"people": [one]}))
    sequence = read(folder)
    np.testing.assert_allclose(sequence.pixels()[0, 0, :2], [640, 700 - 0.92 * 500], atol=0.1)


def test_a_folder_for_each_video_and_names_that_tell_videos_apart(tmp_path):
    frames = [[person(body(640, 700, 500))]] * 2
    write_frames(tmp_path / "corpus" / "HELLO" / "take-1", frames)
    write_frames(tmp_path / "corpus" / "HELLO" / "take-2", frames)
    write_frames(tmp_path / "corpus" / "BYE" / "take-1", frames)
    found = list_openpose(tmp_path / "corpus", OPTIONS)
    labels = [(clip.clip_id, clip.gloss) for clip in found]
    assert labels == [
        ("corpus/BYE/take-1", "BYE"),
        ("corpus/HELLO/take-1", "HELLO"),
        ("corpus/HELLO/take-2", "HELLO"),
    ]
    write_frames(tmp_path / "flat", frames, "a")
    write_frames(tmp_path / "flat", frames, "b")
    assert [clip.clip_id for clip in list_openpose(tmp_path / "flat", OPTIONS)] == ["flat/a", "flat/b"]
    assert all(len(clip.read()) == 2 for clip in found)


@pytest.mark.parametrize("suffix", [".tar", ".tar.xz", ".tgz", ".tar.bz2"])
def test_a_tar_gives_what_its_folder_gives(tmp_path, suffix):
    folder = write_frames(tmp_path / "clip", [[person(body(640 + t, 700, 500))] for t in range(4)])
    with tarfile.open(tmp_path / f"clip{suffix}", "w:" + {".tar": "", ".tgz": "gz"}.get(suffix, suffix[5:])) as tar:
        tar.add(folder, "clip")
    np.testing.assert_array_equal(read(tmp_path / f"clip{suffix}").keypoints, read(folder).keypoints)


def _tar(path, *members, data=b"{}"):
    with tarfile.open(path, "w") as tar:
        for name, size in members:
            info = tarfile.TarInfo(name)
            info.size = len(data) if size is None else size
            tar.addfile(info, io.BytesIO(data) if size is None else None)
    return path


@pytest.mark.parametrize("name", ["../../x_1_keypoints.json", "/etc/x_1_keypoints.json", "a/" * 40 + "x_1.json"])
def test_a_tar_whose_names_lead_out_of_it_is_refused(tmp_path, name):
    with pytest.raises(FormatError, match="leads out of it"):
        list_openpose(_tar(tmp_path / "a.tar", (name, None)), OPTIONS)
    assert [file.name for file in tmp_path.iterdir()] == ["a.tar"]


def test_a_tar_that_claims_a_huge_member_is_refused(tmp_path):
    with pytest.raises(FormatError, match="not read"):
        list_openpose(_tar(tmp_path / "a.tar", ("x_1_keypoints.json", 1 << 40)), OPTIONS)


def test_a_small_xz_that_is_a_huge_header_is_refused(tmp_path):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 34
    with lzma.open(tmp_path / "a.tar.xz", "wb") as bomb:
        bomb.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(64):
            bomb.write(bytes(1 << 20))
    with pytest.raises(FormatError):
        list_openpose(tmp_path / "a.tar.xz", OPTIONS)


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", '{"people": {}}', '{"people": [1]}', "[" * 100_000, '{"people": "x"}'),
        '{"people": [{"pose_keypoints_2d": [1, 2]}]}',
        '{"people": [{"pose_keypoints_2d": ["1", 2, 3]}]}',
        '{"people": [{"pose_keypoints_2d": [[1, 2, 3]]}]}',
        '{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}',
        '{"people": [{"pose_keypoints_2d": [true, 2, 3]}]}',
    ],
)
def test_what_is_no_frame_is_a_named_error(text):
    with pytest.raises((ValueError, RecursionError)):
        parse_frame(text.encode())


def test_wild_numbers_are_missing():
    joints = [1e300, 1, 1, float("nan"), 1, 1, 1, 1, -1, 1, float("inf"), 1, *([5, 5, 0.5] * 21)]
    points = parse_frame(json.dumps({"people": [{"pose_keypoints_2d": joints}]}).encode())[0]
    assert np.isnan(points[INDEX["nose"]]).all()
    assert np.isnan(points[INDEX["right_elbow"]]).all()
    assert points[INDEX["left_shoulder"]].tolist() == [5, 5, 0.5]


def test_a_frame_number_that_nobody_filmed_is_refused(tmp_path):
    folder = write_frames(tmp_path / "clip", [[]])
    (folder / "clip_999999999999_keypoints.json").write_text('{"people": []}')
    with pytest.raises(FormatError, match="claims 1000000000000 frames"):
        read(folder)


def test_a_folder_of_other_things_says_what_is_looked_for(tmp_path):
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "notes.json").write_text("{}")
    with pytest.raises(FormatError, match="NAME_000000000012_keypoints"):
        list_openpose(tmp_path / "clip", OPTIONS)


def test_a_real_photo_s_joints_are_where_our_own_network_sees_them(shared_data, tmp_path):
    from PIL import Image

    from posegloss.pipeline.tracker import PoseTracker

    folder = shared_data / "openpose"
    shutil.copy(folder / "COCO_val2014_000000000192_keypoints.json", tmp_path)
    image = np.asarray(Image.open(folder / "COCO_val2014_000000000192.jpg").convert("RGB"))
    height, width = image.shape[:2]
    sequence = read(tmp_path / "COCO_val2014_000000000192_keypoints.json", ReadOptions(25, (width, height)))
    theirs = sequence.pixels()[0, :, :2]
    # One person cut out of the crowd, for a network that sees one.
    low, high = np.nanmin(theirs, axis=0) - 20, np.nanmax(theirs, axis=0) + 20
    left, top = np.maximum(low, 0).astype(int)
    right, bottom = np.minimum(high, (width, height)).astype(int)
    cut = np.ascontiguousarray(image[top:bottom, left:right])
    with PoseTracker("full", static=True) as tracker:
        pose = tracker.update(cut, 0.0)
    ours = pose.keypoints[:, :2] * (right - left, bottom - top) + (left, top)
    tall = np.ptp(theirs[~np.isnan(theirs[:, 0]), 1])
    apart = np.linalg.norm(ours - theirs, axis=1)[11:29] / tall
    assert np.nanmedian(apart) < 0.06


def test_a_video_in_a_tar_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("posegloss.pipeline.formats.tar.MAX_FILE", 100_000)
    frame = json.dumps({"people": [person(body(640, 700, 500))]}).encode()
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name, data in (("clip/clip_0_keypoints.json", frame), ("clip.mp4", bytes(1 << 20))):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        info = tarfile.TarInfo("clip/clip_1_keypoints.json")
        info.size = len(frame)
        tar.addfile(info, io.BytesIO(frame))
    assert len(read(tmp_path / "a.tar")) == 2
    with pytest.raises(FormatError, match="not read"):
        list_openpose(_tar(tmp_path / "b.tar", ("clip.mp4", 1 << 40)), OPTIONS)
