from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline import models
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.measuring.people import Person, from_named
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.measuring.systems import BlazePose, MediaPipe
from posegloss.pipeline.skeleton import KEYPOINT_NAMES
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

AVATAR = Path(__file__).parents[2] / "data" / "avatar.mp4"
NOBODY = Picture("black.png", np.zeros((240, 320, 3), np.uint8))


@pytest.fixture(scope="module")
def picture() -> Picture:
    with VideoSource(AVATAR) as video:
        return Picture("avatar.png", next(iter(video)).image)


@pytest.fixture(scope="module")
def truth(picture: Picture) -> np.ndarray:
    """(33, 2) what our tracker finds, in pixels."""
    pose = PoseTracker(static=True).update(picture.pixels, 0)
    assert pose is not None
    return pose.keypoints[:, :2] * np.array(picture.size)


def test_what_is_measured_is_what_the_tracker_does(picture: Picture, truth: np.ndarray) -> None:
    (found,) = BlazePose("full").find(picture, [])
    assert found.points == pytest.approx(truth, abs=1e-3)
    assert found.of is None
    assert BlazePose("full").find(NOBODY, []) == []


def test_googles_own_finds_the_same_person(picture: Picture, truth: np.ndarray) -> None:
    google = MediaPipe("full")
    (found,) = google.find(picture, [])
    assert np.median(np.linalg.norm(found.points - truth, axis=1)) < 3
    assert google.find(NOBODY, []) == []
    google.close()


def test_with_the_true_region_each_annotated_person_is_answered(picture: Picture, truth: np.ndarray) -> None:
    named = {name: (float(x), float(y)) for name, (x, y) in zip(KEYPOINT_NAMES, truth, strict=True)}
    nowhere = Person("avatar.png", from_named({"nose": (5, 5)}))
    system = BlazePose("full", true_region=True)
    (found,) = system.find(picture, [nowhere, Person("avatar.png", from_named(named))])
    assert found.of == 1
    torso = np.linalg.norm(truth[[11, 12]].mean(axis=0) - truth[[23, 24]].mean(axis=0))
    assert np.median(np.linalg.norm(found.points - truth, axis=1)) < 0.1 * torso
    assert system.name == "Full, true region"
    # The detector sees nobody in the dark; asked about a region, the network still says something.
    assert len(system.find(NOBODY, [Person("black.png", from_named(named))])) == 1


def test_any_network_with_the_same_outputs_is_measured(tmp_path: Path, picture: Picture, truth: np.ndarray) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(models.load("full"))
    mine = BlazePose(str(path))
    assert mine.name == "mine"
    assert mine.find(picture, [])[0].points == pytest.approx(truth, abs=1e-3)


def test_a_damaged_network_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "cut.tflite"
    whole = models.load("full")
    for size, told in ((len(whole) // 2, "damaged"), (10, "damaged"), (0, "TFL3 mark")):
        path.write_bytes(whole[:size])
        with pytest.raises(WeightsError, match=rf"cut\.tflite.*{told}"):
            BlazePose(str(path))
    path.write_bytes(models.load(models.DETECTOR))
    with pytest.raises(WeightsError, match=r"cut\.tflite.*lacks the outputs"):
        BlazePose(str(path))
    with pytest.raises(WeightsError, match=r"gone\.tflite cannot be read: No such file"):
        BlazePose(str(tmp_path / "gone.tflite"))
    with pytest.raises(WeightsError, match="huge"):
        BlazePose("huge")
