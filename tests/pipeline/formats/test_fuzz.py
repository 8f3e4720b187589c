"""Bytes from a stranger, and good files that were damaged: our named error, or a sequence; nothing else."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posegloss.pipeline.formats.eaf import GlossSpan, read_eaf
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.npz import write_npz
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.pose_writing import write_pose
from posegloss.pipeline.formats.registry import list_clips
from posegloss.pipeline.storing.clip import Clip

from .made import body, make_sequence, person, rows, write_frames
from .test_pose_files import write_raw

KINDS = ("a.pose", "old.pose", "a.npz", "a.npy", "a.json", "a.tar", "a.tar.xz", "a.eaf")
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A small good file of each kind, by name."""
    folder = tmp_path_factory.mktemp("good")
    clip = make_sequence(4, world=True)
    write_pose(clip, folder / "a.pose")
    points = ["NOSE", "LEFT_SHOULDER", "RIGHT_SHOULDER"]
    people = np.random.default_rng(0).uniform(0, 700, (1, 2, 3, 3)).repeat(3, axis=0)
    write_raw(folder / "old.pose", people, np.ones((3, 2, 3)), {"POSE_LANDMARKS": ("XYZC", points)})
    write_npz([Clip("a", clip, "HELLO"), Clip("b", make_sequence(2))], folder / "a.npz")
    np.save(folder / "a.npy", rows(clip))
    frames = write_frames(folder / "clip", [[person(body(600, 700, 500)), person(body(100, 400, 200))]] * 3)
    (folder / "a.json").write_bytes(sorted(frames.iterdir())[0].read_bytes())
    for name in ("a.tar", "a.tar.xz"):
        with tarfile.open(folder / name, "w:xz" if name.endswith("xz") else "w") as tar:
            tar.add(frames, "clip")
    write_eaf(folder / "a.eaf", folder / "a.mp4", "glosses", [GlossSpan("A", 0, 1), GlossSpan("B", 1, 2)])
    return {name: (folder / name).read_bytes() for name in KINDS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def read(path: Path) -> None:
    """Read all there is, or raise a FormatError."""
    try:
        if path.suffix == ".eaf":
            read_eaf(path)
            return
        for clip in list_clips(path, ReadOptions()):
            sequence = clip.read()
            assert len(sequence) == len(sequence.timestamps) > 0
    except FormatError as error:
        assert path.name in str(error)  # noqa: PT017


def written(folder, name, data):
    path = folder / (name if name != "a.json" else "a_0_keypoints.json")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", KINDS)
def test_the_good_files_are_good(good, folder, name):
    path = written(folder, name, good[name])
    if name.endswith(".eaf"):
        assert len(read_eaf(path).tiers["glosses"].spans) == 2
    else:
        assert all(clip.read().present.any() for clip in list_clips(path))


@pytest.mark.parametrize("name", KINDS)
@FUZZ
@given(data=st.binary(max_size=400))
def test_random_bytes(folder, name, data):
    read(written(folder, name, data))


@pytest.mark.parametrize("name", KINDS)
@FUZZ
@given(cut=st.floats(0, 1), tail=st.binary(max_size=20))
def test_truncation(good, folder, name, cut, tail):
    data = good[name]
    read(written(folder, name, data[: int(cut * len(data))] + tail))


@pytest.mark.parametrize("name", KINDS)
@FUZZ
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits(good, folder, name, flips):
    data = bytearray(good[name])
    for place, bits in flips:
        data[int(place * len(data))] ^= bits
    read(written(folder, name, bytes(data)))


@pytest.mark.parametrize("name", ["a.pose", "old.pose"])
@FUZZ
@given(
    place=st.integers(0, 250),
    value=st.sampled_from([b"\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00\x80"]),
)
def test_wild_numbers_in_a_pose_header(good, folder, name, place, value):
    data = bytearray(good[name])
    data[place : place + len(value)] = value
    read(written(folder, name, bytes(data)))


@pytest.mark.parametrize(
    "version", [b"\x00\x00\x00\x00", b"\xcd\xcc\xcc\x3d", b"\xcd\xcc\x4c\x3e", b"\x00\x00\x80\x7f"]
)
@FUZZ
@given(data=st.data())
def test_other_versions_of_pose(good, folder, version, data):
    content = bytearray(good["old.pose"])
    content[:4] = version
    place = data.draw(st.integers(4, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    read(written(folder, "old.pose", bytes(content)))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["people", "x"]), inner, max_size=2),
    max_leaves=12,
)
parts = ("pose_keypoints_2d", "pose_keypoints", "hand_left_keypoints_2d", "face_keypoints_2d", "person_id")
people = st.lists(st.dictionaries(st.sampled_from(parts), st.lists(st.floats() | st.integers(), max_size=80) | values))


@FUZZ
@given(frame=values | st.fixed_dictionaries({"people": people | values}))
def test_json_of_any_shape(folder, frame):
    read(written(folder, "a.json", json.dumps(frame).encode()))


@FUZZ
@given(place=st.integers(0, 140), value=st.binary(min_size=1, max_size=12))
def test_a_folder_whose_first_frame_is_good(tmp_path_factory, place, value):
    folder = tmp_path_factory.mktemp("frames")
    row = rows(make_sequence(1))[0]
    for number in range(3):
        np.save(folder / f"{number}.npy", np.ones_like(row))
    data = bytearray((folder / "2.npy").read_bytes())
    data[place : place + len(value)] = value
    (folder / "2.npy").write_bytes(data)
    read(folder)


@pytest.mark.parametrize("value", ["1" + "0" * 400, "-" + "9" * 5000])
def test_huge_integers_in_json(folder, value):
    path = written(folder, "a.json", b'{"people": [{"pose_keypoints_2d": [%s, 1, 1]}]}' % value.encode())
    with pytest.raises(FormatError, match="1 of 1 frames cannot be read"):
        list_clips(path)[0].read()


def test_an_npy_header_that_ends_in_a_bracket(tmp_path):
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", np.ones(132))
    header = b"{'descr': '<f8', 'shape': (132L,".ljust(117) + b"\n"
    (tmp_path / "2.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(1056))
    assert not list_clips(tmp_path)[0].read().present[2]
