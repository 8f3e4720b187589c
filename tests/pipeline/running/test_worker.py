import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import StoreError, VideoError
from posegloss.pipeline.extract import ExtractionSettings, extract
from posegloss.pipeline.running import worker
from posegloss.pipeline.running.worker import Extracted, Job
from posegloss.pipeline.running.worker_process import Opened, Progress
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.storing.provenance import Origin
from posegloss.pipeline.video import VideoSource

from ...conftest import MakeVideo


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    # What start sets is of the process: given back afterwards.
    for name in ("_backend", "_settings", "_threads", "_pass", "_last_read"):
        monkeypatch.setattr(worker, name, None, raising=False)
    worker.start(ExtractionSettings(), threads=1)


def work(source: ClipSource, doubt: Origin | None = None, told: list[object] | None = None) -> Extracted:
    return worker.work(Job(source, doubt), [].append if told is None else told.append)


def sequence_of(source: ClipSource) -> KeypointSequence:
    sequence = work(source).sequence
    assert sequence is not None
    return sequence


def test_its_work_is_that_of_extract(started: None, avatar_video: Path) -> None:
    sequence = sequence_of(ClipSource("a", avatar_video, end_s=0.3))
    np.testing.assert_allclose(sequence.keypoints, extract(avatar_video, end_s=0.3, threads=1).keypoints, atol=1e-5)


def test_spans_of_one_pass_read_their_video_once_and_are_what_each_is_alone(
    started: None, avatar_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = [ClipSource(f"{a}", avatar_video, start_s=a, end_s=b) for a, b in ((0.1, 0.3), (0.3, 0.5), (0.7, 0.9))]
    alone = [sequence_of(span) for span in spans]
    opened = []

    class Counted(VideoSource):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            opened.append(arguments)
            super().__init__(*arguments, **options)

    monkeypatch.setattr("posegloss.pipeline.extract.VideoSource", Counted)
    told: list[object] = []
    for i, (span, expected) in enumerate(zip(spans, alone, strict=True)):
        sequence = worker.work(Job(span, later=tuple(spans[i + 1 :]), of_pass="0.1"), told.append).sequence
        assert sequence is not None
        np.testing.assert_array_equal(sequence.keypoints, expected.keypoints)
        np.testing.assert_allclose(sequence.timestamps, expected.timestamps, atol=1e-9)
    assert len(opened) == 1
    lengths = [message.length_s for message in told if isinstance(message, Opened)]
    assert lengths == [None, *[pytest.approx(0.2)] * 3], "the file is hashed, then each span counts for itself"
    # Another order than announced: read anew.
    worker.work(Job(spans[0], later=tuple(spans[1:])), told.append)
    again = worker.work(Job(spans[2]), told.append).sequence
    assert again is not None
    np.testing.assert_array_equal(again.keypoints, alone[2].keypoints)
    assert len(opened) == 3


def test_a_span_without_frames_does_not_end_its_pass(started: None, avatar_video: Path) -> None:
    spans = [ClipSource(f"{a}", avatar_video, start_s=a, end_s=b) for a, b in ((0.1, 0.2), (0.21, 0.22), (0.4, 0.5))]
    jobs = [Job(span, later=tuple(spans[i + 1 :])) for i, span in enumerate(spans)]
    assert worker.work(jobs[0], [].append).sequence is not None
    under_way = worker._pass
    with pytest.raises(VideoError, match="no frame between"):
        worker.work(jobs[1], [].append)
    assert worker._pass is under_way
    assert worker.work(jobs[2], [].append).sequence is not None
    assert worker._pass is None


def test_a_bad_clip_does_not_spoil_the_next(started: None, avatar_video: Path, tmp_path: Path) -> None:
    before = sequence_of(ClipSource("a", avatar_video, end_s=0.2))
    with pytest.raises(VideoError):
        work(ClipSource("b", tmp_path / "none.mp4"))
    again = sequence_of(ClipSource("a", avatar_video, end_s=0.2))
    np.testing.assert_array_equal(again.keypoints, before.keypoints)


def test_it_tells_what_it_read_and_how_far_it_is(started: None, avatar_video: Path) -> None:
    told: list[object] = []
    extracted = work(ClipSource("a", avatar_video, start_s=0.4, end_s=0.6), told=told)
    status = avatar_video.stat()
    digest = hashlib.sha256(avatar_video.read_bytes()).hexdigest()
    assert extracted.origin == Origin(str(avatar_video), status.st_size, status.st_mtime_ns, digest)
    assert extracted.seconds > 0
    hashing, opened = (message for message in told if isinstance(message, Opened))
    assert hashing.length_s is None
    assert (opened.length_s, opened.before_s) == (pytest.approx(0.2), 0.4)
    assert told[-1] == Progress(5)


def test_a_doubt_ends_by_the_contents(started: None, avatar_video: Path, make_video: MakeVideo) -> None:
    source = ClipSource("a", avatar_video)
    digest = hashlib.sha256(avatar_video.read_bytes()).hexdigest()
    unchanged = work(source, Origin(str(avatar_video), 1, 1, digest))
    assert unchanged.sequence is None
    assert unchanged.origin.mtime_ns == avatar_video.stat().st_mtime_ns
    changed = work(ClipSource("a", avatar_video, end_s=0.1), Origin(str(avatar_video), 1, 1, "0" * 64))
    assert changed.sequence is not None
    with pytest.raises(StoreError, match="another store"):
        work(source, Origin(str(make_video("other.mp4")), 1, 1, "0" * 64))


def test_a_file_that_is_written_while_it_is_read_fails(started: None, make_video: MakeVideo) -> None:
    path = make_video("clip.mp4", frames=3)

    def write(message: object) -> None:
        if message == Progress(2):
            os.utime(path, ns=(1, 1))

    with pytest.raises(VideoError, match="written while it was read"):
        worker.work(Job(ClipSource("a", path)), write)


def test_a_pipe_has_no_contents_to_compare(started: None, avatar_video: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    with subprocess.Popen(["cp", avatar_video, tmp_path / "pipe.mkv"]):
        extracted = work(ClipSource("a", tmp_path / "pipe.mkv"))
    assert extracted.origin == Origin(str(tmp_path / "pipe.mkv"))
    assert extracted.sequence is not None


def test_a_worker_imports_nothing_that_it_does_not_need() -> None:
    check = (
        "import sys, posegloss.pipeline.running.worker;"
        "assert not {'pandas', 'pyarrow', 'tensorflow', 'sklearn', 'mediapipe'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
