from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline import models
from posegloss.pipeline.errors import InvalidFrameError
from posegloss.pipeline.pose import Pose
from posegloss.pipeline.roi import Image
from posegloss.pipeline.skeleton import INDEX, MIRROR
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

from .own_networks import of_two_dimensions, without_maps

AVATAR = Path(__file__).parent.parent / "data" / "avatar.mp4"
UPPER = [INDEX[name] for name in ("nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow")]


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    with VideoSource(AVATAR) as video:
        return [frame.image for frame in video]


@pytest.fixture(scope="module")
def shared_tracker() -> PoseTracker:
    return PoseTracker()


@pytest.fixture
def tracker(shared_tracker: PoseTracker) -> PoseTracker:
    shared_tracker.reset()
    return shared_tracker


@pytest.fixture
def detections(tracker: PoseTracker, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of people that each run of the detector found, as it happens."""
    runs: list[int] = []
    detector = tracker._detector

    def counted(image: Image) -> object:
        people = detector(image)
        runs.append(len(people))
        return people

    monkeypatch.setattr(tracker, "_detector", counted)
    return runs


def track(tracker: PoseTracker, images: list[Image], rate: float = 25) -> list[Pose | None]:
    return [tracker.update(image, i / rate) for i, image in enumerate(images)]


def pixels(pose: Pose | None, image: Image) -> np.ndarray:
    assert pose is not None
    return pose.keypoints[:, :2] * (image.shape[1], image.shape[0])


def test_the_person_is_followed_with_one_detection(
    tracker: PoseTracker, detections: list[int], frames: list[Image]
) -> None:
    poses = track(tracker, frames)
    assert all(poses)
    assert detections == [1]
    first = poses[0]
    assert first is not None
    assert first.keypoints.shape == (33, 4)
    assert first.keypoints.dtype == np.float32
    assert first.world.shape == (33, 3)
    assert first.keypoints[UPPER, 3].min() > 0.9
    # The person's own left is on the right of the picture.
    assert first.keypoints[INDEX["left_shoulder"], 0] > first.keypoints[INDEX["right_shoulder"], 0]


def test_who_leaves_is_missing_and_is_found_again(
    tracker: PoseTracker, detections: list[int], frames: list[Image]
) -> None:
    empty = np.full_like(frames[0], 128)
    poses = track(tracker, [*frames[:5], *[empty] * 4, *frames[5:10]])
    assert [pose is not None for pose in poses] == [True] * 5 + [False] * 4 + [True] * 5
    # On the first empty frame the landmark network says so; the detector runs from the next frame on (paper, 2.1).
    assert detections == [1, 0, 0, 0, 1]


def test_nothing_of_before_is_left_when_a_person_returns(tracker: PoseTracker, frames: list[Image]) -> None:
    empty = np.zeros_like(frames[0])
    returned = track(tracker, [*frames[:5], empty, empty, frames[40]])[-1]
    tracker.reset()
    fresh = tracker.update(frames[40], 0.0)
    assert returned is not None
    assert fresh is not None
    assert (returned.keypoints == fresh.keypoints).all()


def test_presence_of_exactly_the_threshold_is_nobody(
    tracker: PoseTracker, frames: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tracker._landmark_model
    monkeypatch.setattr(tracker, "_landmark_model", lambda *given: replace(model(*given), person=0.5))
    assert tracker.update(frames[0], 0.0) is None
    monkeypatch.setattr(tracker, "_landmark_model", lambda *given: replace(model(*given), person=0.5 + 1e-6))
    assert tracker.update(frames[1], 0.1) is not None


def test_static_pictures_know_nothing_of_each_other(frames: list[Image]) -> None:
    static = PoseTracker(static=True)
    alone = static.update(frames[20], 0.0)
    after_others = [static.update(frame, 0.0) for frame in (frames[0], frames[60], frames[20])][-1]
    assert alone is not None
    assert after_others is not None
    assert (alone.keypoints == after_others.keypoints).all()


def test_smoothing_lessens_jitter_and_can_be_turned_off(tracker: PoseTracker, frames: list[Image]) -> None:
    generator = np.random.default_rng(0)
    noisy = [np.clip(frames[0] + generator.normal(0, 12, frames[0].shape), 0, 255).astype(np.uint8) for _ in range(20)]

    def jitter(poses: list[Pose | None]) -> float:
        points = np.stack([pixels(pose, noisy[0])[UPPER] for pose in poses])
        return float(np.abs(np.diff(points[5:], axis=0)).mean())

    smooth = jitter(track(tracker, noisy))
    raw = jitter(track(PoseTracker(smooth=False), noisy))
    assert smooth < 0.5 * raw


def test_smoothing_follows_the_time_not_the_number_of_frames(tracker: PoseTracker, frames: list[Image]) -> None:
    slow = track(tracker, frames[:20], rate=5)
    tracker.reset()
    fast = track(tracker, frames[:20], rate=120)
    raw = track(PoseTracker(smooth=False), frames[:20])
    lag = [
        np.mean([np.abs(pixels(a, frames[0]) - pixels(b, frames[0])).mean() for a, b in zip(poses, raw, strict=True)])
        for poses in (slow, fast)
    ]
    # With more time between the frames a new value counts for more.
    assert lag[0] < lag[1]


def test_mirrored_pictures_give_mirrored_people(tracker: PoseTracker, frames: list[Image]) -> None:
    straight = pixels(tracker.update(frames[0], 0.0), frames[0])
    tracker.reset()
    mirrored = pixels(tracker.update(np.ascontiguousarray(frames[0][:, ::-1]), 0.0), frames[0])[MIRROR]
    mirrored[:, 0] = frames[0].shape[1] - mirrored[:, 0]
    shoulder_width = np.linalg.norm(straight[INDEX["left_shoulder"]] - straight[INDEX["right_shoulder"]])
    assert np.linalg.norm(straight - mirrored, axis=1)[UPPER].max() < 0.15 * shoulder_width


def test_a_person_upside_down_is_found_with_the_same_landmarks(tracker: PoseTracker, frames: list[Image]) -> None:
    height, width = frames[0].shape[:2]
    upright = pixels(tracker.update(frames[0], 0.0), frames[0])
    tracker.reset()
    turned = pixels(tracker.update(np.ascontiguousarray(frames[0][::-1, ::-1]), 0.0), frames[0])
    back = (width, height) - turned
    shoulder_width = np.linalg.norm(upright[INDEX["left_shoulder"]] - upright[INDEX["right_shoulder"]])
    assert np.linalg.norm(upright - back, axis=1)[UPPER].max() < 0.2 * shoulder_width


def test_a_picture_of_another_size_starts_anew(
    tracker: PoseTracker, detections: list[int], frames: list[Image]
) -> None:
    smaller = np.ascontiguousarray(frames[0][::2, ::2])
    track(tracker, [frames[0], frames[1], smaller])
    assert detections == [1, 1]


def test_of_two_people_one_is_followed(tracker: PoseTracker, detections: list[int], frames: list[Image]) -> None:
    pairs = [np.hstack([frame, frame]) for frame in frames[:30]]
    poses = track(tracker, pairs)
    noses = np.array([pose.keypoints[0, 0] for pose in poses if pose])
    assert len(noses) == 30
    assert detections[0] == 2
    assert np.abs(np.diff(noses)).max() < 0.05


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 10), np.uint8),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 10, 3), np.float32),
        np.zeros((0, 10, 3), np.uint8),
        None,
    ],
)
def test_what_is_not_an_rgb_picture_is_refused(tracker: PoseTracker, image: Image) -> None:
    with pytest.raises(InvalidFrameError):
        tracker.update(image, 0.0)


@pytest.mark.parametrize("shape", [(64, 16384, 3), (16384, 64, 3)])
def test_a_picture_larger_than_can_be_cropped_is_refused(tracker: PoseTracker, shape: tuple[int, int, int]) -> None:
    assert tracker.update(np.zeros(shape, np.uint8), 0.0) is None
    larger = np.zeros([side + (side == 16384) for side in shape], np.uint8)
    with pytest.raises(InvalidFrameError, match="at most 16384 a side"):
        tracker.update(larger, 1.0)


@pytest.mark.parametrize("time", [0.5, 0.4, float("nan")])
def test_time_must_go_on(tracker: PoseTracker, frames: list[Image], time: float) -> None:
    tracker.update(frames[0], 0.5)
    with pytest.raises(InvalidFrameError, match="does not follow"):
        tracker.update(frames[1], time)


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (500, 2)])
def test_tiny_and_thin_pictures_show_nobody(tracker: PoseTracker, size: tuple[int, int]) -> None:
    assert tracker.update(np.zeros((*size, 3), np.uint8), 0.0) is None


def test_a_network_of_ones_own_tracks_as_the_same_by_name(frames: list[Image], tmp_path: Path) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(models.load("lite"))
    for mine, lite in zip(*(track(PoseTracker(model), frames[:5]) for model in (path, "lite")), strict=True):
        assert mine is not None
        assert lite is not None
        np.testing.assert_array_equal(mine.keypoints, lite.keypoints)
        np.testing.assert_array_equal(mine.world, lite.world)


@pytest.mark.parametrize("options", [{}, {"smooth": False}, {"static": True}, {"accurate": True}])
def test_without_heatmaps_it_follows_the_person(frames: list[Image], tmp_path: Path, options: dict[str, bool]) -> None:
    path = tmp_path / "mine.tflite"
    path.write_bytes(without_maps())
    for image, mine, lite in zip(
        frames[:8], *(track(PoseTracker(model, **options), frames[:8]) for model in (path, "lite")), strict=True
    ):
        apart = np.linalg.norm(pixels(mine, image) - pixels(lite, image), axis=1)
        assert np.median(apart[UPPER]) < 15, "pixels of 640x480"


def test_what_a_network_was_never_taught_costs_nothing_else(frames: list[Image], tmp_path: Path) -> None:
    path = tmp_path / "flat.tflite"
    path.write_bytes(of_two_dimensions())
    for flat, lite in zip(*(track(PoseTracker(model), frames[:8]) for model in (path, "lite")), strict=True):
        assert flat is not None
        assert lite is not None
        np.testing.assert_array_equal(flat.keypoints[:, [0, 1, 3]], lite.keypoints[:, [0, 1, 3]])
        # As sequences of two-dimensional formats have it.
        assert (flat.keypoints[:, 2] == 0).all()
        assert np.isnan(flat.world).all()
