import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import SettingsError, WeightsError
from posegloss.pipeline.mediapipe_backend import MediaPipeTracker, make_task
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

AVATAR = Path(__file__).parent.parent / "data" / "avatar.mp4"


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    with VideoSource(AVATAR) as video:
        return [frame.image for frame in video][:15]


@pytest.mark.parametrize("static", [False, True])
def test_google_and_we_see_the_same_person_with_the_same_weights(frames: list[np.ndarray], static: bool) -> None:
    google, ours = MediaPipeTracker(static=static), PoseTracker(static=static)
    differences = []
    for i, frame in enumerate(frames):
        a, b = google.update(frame, i / 25), ours.update(frame, i / 25)
        assert a is not None
        assert b is not None
        visible = b.keypoints[:, 3] > 0.5
        offset = ((a.keypoints - b.keypoints) * (640, 480, 640, 1))[visible, :2]
        differences.append(np.median(np.hypot(*offset.T)))
    google.close()
    # Tasks crops and refines a little differently (docs/parity.md).
    assert np.median(differences) < 3


def test_a_new_video_starts_anew(frames: list[np.ndarray]) -> None:
    google = MediaPipeTracker()
    first = google.update(frames[0], 0.0)
    google.update(frames[14], 0.04)
    google.reset()
    again = google.update(frames[0], 0.0)
    google.close()
    assert first is not None
    assert again is not None
    assert (first.keypoints == again.keypoints).all()


def test_nobody_is_none() -> None:
    google = MediaPipeTracker()
    assert google.update(np.zeros((48, 64, 3), np.uint8), 0.0) is None
    google.close()


def test_an_official_task_is_taken_by_its_path(tmp_path: Path, frames: list[np.ndarray]) -> None:
    task = tmp_path / "official.task"
    task.write_bytes(make_task("full"))
    google = MediaPipeTracker(str(task), static=True)
    assert google.update(frames[0], 0.0) is not None
    google.close()


def test_the_bundle_is_a_stored_zip_of_the_two_networks() -> None:
    with zipfile.ZipFile(io.BytesIO(make_task("full"))) as bundle:
        assert bundle.namelist() == ["pose_detector.tflite", "pose_landmarks_detector.tflite"]
        assert {entry.compress_type for entry in bundle.infolist()} == {zipfile.ZIP_STORED}


def test_what_it_cannot_do_it_says(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="always smooths"):
        MediaPipeTracker(smooth=False)
    with pytest.raises(WeightsError, match="cannot be read"):
        MediaPipeTracker(str(tmp_path / "none.task"))
    (tmp_path / "bad.task").write_text("no zip")
    with pytest.raises(WeightsError, match="not a MediaPipe"):
        MediaPipeTracker(str(tmp_path / "bad.task"))
