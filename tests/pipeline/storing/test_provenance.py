import hashlib
import os
from pathlib import Path

import pytest

from posegloss.pipeline.storing.provenance import Origin, Verdict, judge, settle


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"contents")
    return path


def write(path: Path, contents: bytes, mtime_ns: int = 5) -> Path:
    path.write_bytes(contents)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def test_a_file_as_it_is(video: Path) -> None:
    read: list[int] = []
    origin = Origin.of(video, lambda: read.append(1))
    assert origin == Origin(str(video), 8, video.stat().st_mtime_ns, hashlib.sha256(b"contents").hexdigest())
    assert read == [1]


def test_a_relative_path_means_the_same_file_from_another_folder(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = Origin.of(Path(video.name))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    # Another corpus with a clip of the same name.
    assert judge(write(Path(video.name), b"longer than it"), before) is Verdict.STRANGER


def test_a_pipe_has_only_a_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert Origin.of(tmp_path / "pipe") == Origin(str(tmp_path / "pipe"))


def test_what_size_and_time_say(video: Path, tmp_path: Path) -> None:
    before = Origin.of(video)
    assert judge(video, None) is Verdict.NEW
    assert judge(video, before) is Verdict.THERE
    assert judge(video, before, verify=True) is Verdict.DOUBTFUL
    # Moved or copied with its time.
    os.link(video, tmp_path / "linked.mp4")
    assert judge(tmp_path / "linked.mp4", before) is Verdict.THERE
    assert judge(write(tmp_path / "same size.mp4", b"12345678"), before) is Verdict.DOUBTFUL
    assert judge(write(tmp_path / "other.mp4", b"longer than it"), before) is Verdict.STRANGER
    write(video, b"longer than before")
    assert judge(video, before) is Verdict.CHANGED
    video.unlink()
    assert judge(tmp_path / "other.mp4", before) is Verdict.CHANGED
    # What is gone cannot be looked at.
    assert judge(video, before) is Verdict.THERE


def test_the_contents_end_a_doubt(video: Path, tmp_path: Path) -> None:
    before = Origin.of(video)
    copy, other = write(tmp_path / "copy.mp4", b"contents"), write(tmp_path / "other.mp4", b"12345678")
    assert settle(before, Origin.of(copy)) is Verdict.THERE
    assert settle(before, Origin.of(other)) is Verdict.STRANGER
    write(video, b"12345678")
    assert settle(before, Origin.of(video)) is Verdict.CHANGED
    video.unlink()
    assert settle(before, Origin.of(other)) is Verdict.CHANGED


def test_a_clip_of_which_only_the_path_was_recorded(video: Path, tmp_path: Path) -> None:
    before = Origin(str(video))
    write(video, b"anything")
    assert judge(video, before, verify=True) is Verdict.THERE
    copy, other = write(tmp_path / "copy.mp4", b"anything"), write(tmp_path / "other.mp4", b"12345678")
    assert judge(copy, before) is Verdict.DOUBTFUL
    assert settle(before, Origin.of(copy)) is Verdict.THERE
    assert settle(before, Origin.of(other)) is Verdict.STRANGER
    video.unlink()
    assert judge(other, before) is Verdict.THERE
