import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline import worker
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.extract import ExtractionSettings, extract


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    # What start sets is of the process: given back afterwards.
    for name in ("_backend", "_settings", "_threads"):
        monkeypatch.setattr(worker, name, None, raising=False)
    worker.start(ExtractionSettings(), threads=1)


def test_its_work_is_that_of_extract(started: None, avatar_video: Path) -> None:
    sequence = worker.work(ClipSource("a", avatar_video, end_s=0.3))
    np.testing.assert_allclose(sequence.keypoints, extract(avatar_video, end_s=0.3, threads=1).keypoints, atol=1e-5)


def test_a_bad_clip_does_not_spoil_the_next(started: None, avatar_video: Path, tmp_path: Path) -> None:
    before = worker.work(ClipSource("a", avatar_video, end_s=0.2))
    with pytest.raises(VideoError):
        worker.work(ClipSource("b", tmp_path / "none.mp4"))
    np.testing.assert_array_equal(worker.work(ClipSource("a", avatar_video, end_s=0.2)).keypoints, before.keypoints)


def test_a_worker_imports_nothing_that_it_does_not_need() -> None:
    check = (
        "import sys, posegloss.pipeline.worker;"
        "assert not {'pandas', 'pyarrow', 'tensorflow', 'sklearn', 'mediapipe'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
