import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from posegloss.pipeline.formats.arrays import parse_npy
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.holistic import list_npy, points_of_rows
from posegloss.pipeline.formats.npz import list_npz, write_npz
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.storing.clip import Clip

from .made import make_sequence, rows

OPTIONS = ReadOptions(25, (640, 480))
CLIP = make_sequence(9, 25, (640, 480))


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def write_take(folder, sequence, width=1662):
    folder.mkdir(parents=True)
    for number, row in enumerate(rows(sequence, width)):
        np.save(folder / f"{number}.npy", row)


@pytest.mark.parametrize("width", [132, 258, 1662])
def test_a_tree_of_frames_gives_glosses_and_points(tmp_path, width):
    for gloss, take in (("hello", 0), ("hello", 1), ("thanks", 0)):
        write_take(tmp_path / "MP_Data" / gloss / str(take), CLIP, width)
    clips = list_npy(tmp_path / "MP_Data", OPTIONS)
    assert [(clip.clip_id, clip.gloss) for clip in clips] == [
        ("MP_Data/hello/0", "hello"),
        ("MP_Data/hello/1", "hello"),
        ("MP_Data/thanks/0", "thanks"),
    ]
    sequence = clips[1].read()
    np.testing.assert_array_equal(sequence.keypoints, CLIP.keypoints)
    np.testing.assert_array_equal(sequence.timestamps, CLIP.timestamps)
    assert (sequence.size, sequence.warnings) == ((640, 480), ())


def test_frames_are_in_the_order_of_their_numbers(tmp_path):
    long = make_sequence(12, 25, (640, 480))
    write_take(tmp_path / "take", long)
    (clip,) = list_npy(tmp_path / "take", OPTIONS)
    np.testing.assert_array_equal(clip.read().keypoints, long.keypoints)
    assert clip.gloss is None


def test_a_file_a_clip(tmp_path):
    (tmp_path / "data" / "hello").mkdir(parents=True)
    for take in range(3):
        np.save(tmp_path / "data" / "hello" / f"{take}.npy", rows(CLIP).astype(np.float64))
    clips = list_npy(tmp_path / "data", OPTIONS)
    assert [(clip.clip_id, clip.gloss) for clip in clips][2] == ("data/hello/2", "hello")
    np.testing.assert_array_equal(clips[2].read().keypoints, CLIP.keypoints)
    (alone,) = list_npy(tmp_path / "data" / "hello" / "0.npy", OPTIONS)
    np.testing.assert_array_equal(alone.read().keypoints, CLIP.keypoints)


def test_rate_and_size_are_assumed_and_said(tmp_path):
    write_take(tmp_path / "take", CLIP, 258)
    (clip,) = list_npy(tmp_path / "take", ReadOptions())
    sequence = clip.read()
    assert (sequence.size, sequence.timestamps[3]) == ((640, 480), 0.1)
    assert [told.split()[0] for told in sequence.warnings] == ["30", "a"]


def test_only_what_is_zero_altogether_is_missing():
    row = np.zeros((1, 258))
    row[0, 4 * 15 + 3] = 0.5
    points = points_of_rows(row)
    assert np.flatnonzero(~np.isnan(points[0, :, 0])).tolist() == [15]


@pytest.mark.parametrize("shape", [(126,), (3, 3, 7), (), (0, 1661)])
def test_rows_of_another_length_name_those_that_are_read(shape):
    with pytest.raises(ValueError, match="258"):
        points_of_rows(np.zeros(shape))


def test_a_damaged_frame_is_missing_and_most_damaged_is_an_error(tmp_path):
    write_take(tmp_path / "take", CLIP)
    files = sorted((tmp_path / "take").iterdir())
    files[2].write_bytes(files[2].read_bytes()[:-8])
    (clip,) = list_npy(tmp_path / "take", OPTIONS)
    sequence = clip.read()
    assert not sequence.present[2]
    assert "1 files cannot be read; the first: 2.npy" in sequence.warnings[0]
    for file in files[3:8]:
        file.write_bytes(b"")
    with pytest.raises(FormatError, match="6 of 9"):
        clip.read()


class Evil:
    def __reduce__(self):
        return print, ("never",)


def test_no_pickle_is_opened(tmp_path, capsys):
    with pytest.raises(ValueError, match="not numbers or text"):
        parse_npy(npy(np.array([Evil()], object), allow_pickle=True))
    assert capsys.readouterr().out == ""


def test_a_header_that_claims_gigabytes_is_refused():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with pytest.raises(ValueError, match="claims"):
        parse_npy(header.getvalue() + bytes(100))


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_read_as_numpy_reads_it(order):
    array = np.asarray(np.arange(24).reshape(2, 3, 4), order=order)
    np.testing.assert_array_equal(parse_npy(npy(array)), array)


def test_an_npz_of_landmarks(tmp_path):
    frames = np.stack([rows(CLIP), rows(make_sequence(9, seed=1))]).astype(np.float16)
    np.savez(tmp_path / "a.npz", frames=frames, gloss=np.array(["a", "b"]), session=np.array(["x", "y"]))
    clips = list_npz(tmp_path / "a.npz", OPTIONS)
    labels = [(clip.clip_id, clip.gloss, clip.signer) for clip in clips]
    assert labels == [("a.npz/x/000000", "a", None), ("a.npz/y/000001", "b", None)]
    np.testing.assert_array_equal(clips[0].read().keypoints, CLIP.keypoints.astype(np.float16).astype(np.float32))


def test_clips_of_many_lengths_come_back_from_our_own_npz(tmp_path):
    clips = [
        Clip("a/ä", make_sequence(5, 24.5, (640, 480), world=True), "HELLO", "ada", "train", True),
        Clip("b", make_sequence(9, 30, (1920, 1080), seed=2), None, None, None, False),
        Clip("c", replace(CLIP, timestamps=CLIP.timestamps**2 + CLIP.timestamps), "BYE", "bob", "test"),
    ]
    write_npz(clips, tmp_path / "a.npz")
    read = list_npz(tmp_path / "a.npz", ReadOptions())
    for clip, back in zip(clips, read, strict=True):
        sequence = back.read()
        known = (back.clip_id, back.gloss, back.signer, back.split, back.synthetic)
        assert known == (clip.clip_id, clip.gloss, clip.signer, clip.split, clip.synthetic)
        np.testing.assert_array_equal(sequence.keypoints, clip.sequence.keypoints)
        np.testing.assert_array_equal(sequence.timestamps, clip.sequence.timestamps)
        assert sequence.size == clip.sequence.size
        assert (sequence.world is None) == (clip.sequence.world is None)
        if sequence.world is not None:
            np.testing.assert_array_equal(sequence.world, clip.sequence.world)


def test_a_given_frame_rate_goes_before_the_file_s_times(tmp_path):
    write_npz([Clip("a", make_sequence(5, 30, (1920, 1080), world=True))], tmp_path / "a.npz")
    sequence = list_npz(tmp_path / "a.npz", ReadOptions(frame_rate=10))[0].read()
    assert (sequence.timestamps[1], sequence.size, sequence.warnings) == (0.1, (1920, 1080), ())
    assert sequence.world is not None


def test_numpy_alone_reads_our_npz(tmp_path):
    write_npz([Clip("a", CLIP, "HELLO"), Clip("b", make_sequence(4), "BYE")], tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["frames"].shape == (2, 9, 132)
        assert arrays["lengths"].tolist() == arrays["mask"].sum(axis=1).tolist() == [9, 4]
        assert np.isnan(arrays["frames"][1, 4:]).all()
        assert arrays["gloss"].tolist() == ["HELLO", "BYE"]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"x": np.zeros(3)}, "no array 'frames'"),
        ({"frames": np.zeros((3, 258))}, "not \\(clip, frame, values\\)"),
        ({"frames": np.zeros((3, 4, 100))}, "258"),
        ({"frames": np.zeros((3, 4, 258)), "gloss": np.array(["a"])}, "gloss has the shape"),
        ({"frames": np.zeros((3, 4, 258)), "lengths": np.array([1, 2, 5])}, "lengths"),
        ({"frames": np.zeros((2, 4, 258)), "clip_id": np.array(["a", "a"])}, "clip_id"),
    ],
)
def test_an_npz_of_other_things_is_a_named_error(tmp_path, arrays, told):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(FormatError, match=told):
        list_npz(tmp_path / "a.npz", OPTIONS)


def test_times_that_do_not_increase_are_a_named_error(tmp_path):
    np.savez(tmp_path / "a.npz", frames=np.ones((1, 3, 132)), timestamps=np.zeros((1, 3)), size=np.array([[2, 2]]))
    with pytest.raises(FormatError, match="increasing"):
        list_npz(tmp_path / "a.npz", ReadOptions())[0].read()


def test_a_zip_that_grows_beyond_what_it_claims_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("frames.npy", npy(np.zeros((1, 2, 258)))[:-1000])
    with pytest.raises(FormatError, match="claims"):
        list_npz(tmp_path / "a.npz", OPTIONS)


@pytest.mark.parametrize(("name", "clips", "glosses"), [("asl_cafe", 2878, 13), ("ksl", 2470, 13)])
def test_real_landmarks(shared_data, name, clips, glosses):
    listed = list_npz(shared_data / "landmarks" / f"{name}.npz", ReadOptions())
    assert len(listed) == clips
    assert len({clip.gloss for clip in listed}) == glosses
    some = [clip.read() for clip in listed[:: clips // 20]]
    assert np.mean([sequence.present.mean() for sequence in some]) > 0.9
    # Shoulders are in the picture, left on its right: nothing was mirrored or shifted.
    left, right = (np.concatenate([one.keypoints[:, point, 0] for one in some]) for point in (11, 12))
    assert np.nanmedian(left - right) > 0.1


def test_labels_as_bytes_are_text(tmp_path):
    np.savez(tmp_path / "a.npz", frames=np.ones((2, 3, 132)), gloss=np.array([b"HELLO", "BÄUME".encode()]))
    assert [clip.gloss for clip in list_npz(tmp_path / "a.npz", OPTIONS)] == ["HELLO", "BÄUME"]


@pytest.mark.parametrize("name", ["lengths", "timestamps", "size", "world", "synthetic"])
def test_text_where_numbers_belong_is_a_named_error(tmp_path, name):
    shapes = {"timestamps": (1, 3), "size": (1, 2), "world": (1, 3, 99)}
    np.savez(tmp_path / "a.npz", frames=np.ones((1, 3, 132)), **{name: np.full(shapes.get(name, (1,)), "no")})
    with pytest.raises(FormatError, match=f"{name} holds <U2"):
        list_npz(tmp_path / "a.npz", OPTIONS)


def test_a_size_that_no_frame_has_is_not_believed(tmp_path):
    np.savez(tmp_path / "a.npz", frames=np.ones((1, 3, 132)), size=np.array([[1e12, 5]]))
    assert list_npz(tmp_path / "a.npz", ReadOptions())[0].read().size == (640, 480)


def test_a_zip_of_more_than_is_read_at_once_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("posegloss.pipeline.formats.arrays.MOST_BYTES", 10_000)
    frames = np.ones((2, 6, 132), np.float32)
    np.savez_compressed(tmp_path / "a.npz", frames=frames)
    assert len(list_npz(tmp_path / "a.npz", OPTIONS)) == 2
    np.savez_compressed(tmp_path / "a.npz", frames=frames, world=np.ones((2, 6, 99), np.float32))
    with pytest.raises(FormatError, match="not read"):
        list_npz(tmp_path / "a.npz", OPTIONS)
    monkeypatch.setattr("posegloss.pipeline.formats.arrays.MAX_FRAMES", 5)
    np.savez_compressed(tmp_path / "a.npz", frames=frames)
    with pytest.raises(FormatError, match=r"claims the shape \(2, 6, 132\)"):
        list_npz(tmp_path / "a.npz", OPTIONS)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("foreign", [npy(np.arange(5)), b"\x93NUMPY\x01\x00v\x00{'descr", b""])
def test_what_does_not_belong_beside_clips_does_not_refuse_them(tmp_path, whole, foreign):
    for take in ("0", "1"):
        if whole:
            (tmp_path / "data" / "hello").mkdir(parents=True, exist_ok=True)
            np.save(tmp_path / "data" / "hello" / f"{take}.npy", rows(CLIP))
        else:
            write_take(tmp_path / "data" / "hello" / take, CLIP)
    name = "hello/0_labels.npy" if whole else "hello/0/0.npy"
    (tmp_path / "data" / name).write_bytes(foreign)
    clips = {clip.clip_id: clip for clip in list_npy(tmp_path / "data", OPTIONS)}
    assert clips["data/hello/1"].gloss == "hello"
    np.testing.assert_array_equal(clips["data/hello/1"].read().keypoints, CLIP.keypoints)
    if whole:
        assert ("data/hello/0_labels" in clips) == (foreign[:30] != npy(np.arange(5))[:30])
    else:
        assert "1 files cannot be read; the first: 0.npy" in clips["data/hello/0"].read().warnings[0]


def test_two_clips_of_one_name_are_told(tmp_path):
    write_take(tmp_path / "data" / "a", CLIP)
    for name in ("a_1.npy", "b_1.npy"):
        np.save(tmp_path / "data" / name, rows(CLIP)[0])
    with pytest.raises(FormatError, match="two clips 'a'"):
        list_npy(tmp_path / "data", OPTIONS)
