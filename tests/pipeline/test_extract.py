"""From real files to sequences, with the real networks."""

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline import models
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import SettingsError, VideoError, WeightsError
from posegloss.pipeline.extract import ExtractionSettings, extract, extract_clip, extract_spans
from posegloss.pipeline.normalize import normalize
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.render import draw_skeleton
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import HOLISTIC75, INDEX, hand_points
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.provenance import Origin

from ..conftest import MakeVideo
from ..made_videos import avatar_images, empty_room, write_photo
from .own_networks import of_two_dimensions

SETTINGS = ExtractionSettings()
Run = Callable[..., KeypointSequence]
SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]


@pytest.fixture(scope="module")
def tracker() -> PoseBackend:
    return SETTINGS.open_backend(threads=2)


@pytest.fixture
def run(tracker: PoseBackend) -> Run:
    def extract_one(path: Path, start_s: float | None = None, end_s: float | None = None) -> KeypointSequence:
        return extract_clip(ClipSource("clip", path, start_s=start_s, end_s=end_s), SETTINGS, tracker, threads=2)

    return extract_one


def distance(one: KeypointSequence, other: KeypointSequence) -> np.ndarray:
    """(T, 33) pixels between the points that both see."""
    apart = np.linalg.norm(one.pixels()[..., :2] - other.pixels()[..., :2], axis=-1)
    return np.where(np.minimum(one.visibility, other.visibility) > 0.5, apart, np.nan)


def shoulder_middle(sequence: KeypointSequence) -> np.ndarray:
    """(T, 2) as fractions of the frame."""
    return sequence.keypoints[:, SHOULDERS, :2].mean(axis=1)


def test_an_avatar_is_followed_through_the_clip(avatar_video: Path) -> None:
    sequence = extract(avatar_video)
    assert sequence.keypoints.shape == (40, 33, 4)
    assert sequence.present.all()
    assert sequence.world is not None
    assert np.isfinite(sequence.world).all()
    assert (sequence.size, sequence.source, sequence.warnings) == ((320, 240), str(avatar_video), ())
    np.testing.assert_allclose(sequence.timestamps, np.arange(40) / 25)
    assert (sequence.visibility[:, SHOULDERS] > 0.9).all()


def test_the_same_clip_gives_the_same_keypoints_whatever_came_before(
    avatar_video: Path, run: Run, make_video: MakeVideo
) -> None:
    first = run(avatar_video)
    run(make_video("other.mp4", avatar_images(5, signer=2)))
    np.testing.assert_array_equal(run(avatar_video).keypoints, first.keypoints)


def test_world_landmarks_are_kept_only_when_asked_for(avatar_video: Path, run: Run) -> None:
    assert run(avatar_video, end_s=0.1).world is None


def test_an_empty_room_is_masked_and_told(make_video: MakeVideo, run: Run) -> None:
    sequence = run(make_video(images=[empty_room()] * 5))
    assert len(sequence) == 5
    assert np.isnan(sequence.keypoints[..., :3]).all()
    assert (sequence.visibility == 0).all()
    assert not sequence.present.any()
    assert sequence.warnings == ("no person was found in any frame",)


def test_a_person_who_leaves_and_returns_is_missing_in_between(make_video: MakeVideo, run: Run) -> None:
    images = avatar_images(24)
    sequence = run(make_video(images=[*images[:12], *[empty_room()] * 6, *images[12:]]))
    expected = np.ones(30, bool)
    expected[12:18] = False
    np.testing.assert_array_equal(sequence.present, expected)
    assert np.isnan(sequence.keypoints[12:18, :, :3]).all()
    assert (sequence.visibility[12:18] == 0).all()
    assert sequence.warnings == ()
    # Found again, where the person is, not where the filter last was.
    whole = run(make_video("whole.mp4", images))
    apart = np.nanmedian(distance(sequence[18:], whole[12:]), axis=1)
    assert apart.max() < 6


def test_one_of_two_people_is_followed_throughout(make_video: MakeVideo, run: Run) -> None:
    left, right = avatar_images(30, signer=0), avatar_images(30, signer=2)
    both = [np.hstack([one, other]) for one, other in zip(left, right, strict=True)]
    sequence = run(make_video(images=both))
    assert sequence.present.all()
    middle = shoulder_middle(sequence)
    assert len(set(middle[:, 0] < 0.5)) == 1, "the same side throughout"
    assert np.abs(np.diff(middle, axis=0)).max() < 0.05, "no jump"
    assert sequence.warnings == ("several people: 2 at 0.00 s; the most prominent one is followed",)


def test_a_clip_of_one_frame(make_video: MakeVideo, run: Run) -> None:
    sequence = run(make_video(images=avatar_images(1)))
    assert (len(sequence), sequence.present.all(), sequence.frame_rate) == (1, True, None)


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg"])
def test_a_photo(tmp_path: Path, run: Run, name: str) -> None:
    sequence = run(write_photo(tmp_path / name, avatar_images(1)[0]))
    assert (len(sequence), sequence.present.all(), sequence.size) == (1, True, (320, 240))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_phone_gives_the_keypoints_of_the_upright_video(make_video: MakeVideo, run: Run, degrees: int) -> None:
    images = avatar_images(10)
    upright = run(make_video("upright.mp4", images))
    # Stored as the sensor saw it: turned back by as much as the metadata asks to turn it.
    stored = [np.ascontiguousarray(np.rot90(image, -degrees // 90)) for image in images]
    turned = run(make_video("turned.mp4", stored, rotation=degrees))
    assert turned.size == upright.size == (320, 240)
    assert np.nanmedian(distance(turned, upright)) < 1


def test_non_square_pixels_give_the_keypoints_of_the_square_ones(make_video: MakeVideo, run: Run) -> None:
    images = avatar_images(8)
    squeezed = [np.ascontiguousarray(image[:, ::2]) for image in images]
    narrow = run(make_video("narrow.mp4", squeezed, aspect=Fraction(2, 1)))
    assert narrow.size == (320, 240)
    assert np.nanmedian(distance(narrow, run(make_video("square.mp4", images)))) < 3


def test_grey_video(make_video: MakeVideo, run: Run) -> None:
    images = avatar_images(8)
    grey = run(make_video("grey.mkv", images, codec="ffv1", pix_fmt="gray"))
    assert grey.present.all()
    assert np.nanmedian(distance(grey, run(make_video("color.mp4", images)))) < 6


def test_four_k(make_video: MakeVideo, run: Run) -> None:
    images = [np.kron(image, np.ones((9, 12, 1), np.uint8)) for image in avatar_images(2)]
    sequence = run(make_video(images=images, options={"preset": "ultrafast"}))
    assert (sequence.size, sequence.present.all()) == ((3840, 2160), True)


def test_the_length_is_told_at_the_start_and_every_frame_after_it(avatar_video: Path) -> None:
    told: list[float | None] = []
    settings = ExtractionSettings()
    tracker = settings.open_backend()
    whole = extract_clip(ClipSource("clip", avatar_video), settings, tracker, on_open=told.append, on_frame=told.append)
    assert told == [1.6, *range(1, len(whole) + 1)]
    told.clear()
    part = ClipSource("clip", avatar_video, start_s=1.0, end_s=1.5)
    extract_clip(part, settings, tracker, on_open=told.append)
    assert told == [0.5]


def test_spans_of_a_video_that_is_decoded_once_are_what_each_would_be_alone(make_video: MakeVideo) -> None:
    video = make_video(images=avatar_images(60), rate=10)
    times = [(0.3, 0.9), (0.9, 1.5), (2.75, 3.0), (3.01, 3.05), (4.0, None)]
    sources = [ClipSource(str(start), video, start_s=start, end_s=end) for start, end in times]
    settings = ExtractionSettings(world=True)
    tracker = settings.open_backend()
    told: list[float | None] = []
    together = list(extract_spans(sources, settings, tracker, on_open=told.append))
    assert told == [pytest.approx(4.9)]
    assert isinstance(together.pop(3), VideoError)
    del sources[3]
    for source, sequence in zip(sources, together, strict=True):
        alone = extract_clip(source, settings, tracker)
        assert isinstance(sequence, KeypointSequence)
        assert sequence.timestamps == pytest.approx(alone.timestamps, abs=1e-9)
        np.testing.assert_array_equal(sequence.keypoints, alone.keypoints)
        assert sequence.world is not None
        np.testing.assert_array_equal(sequence.world, alone.world)


def test_a_span_has_the_frames_of_the_whole(avatar_video: Path) -> None:
    whole = extract(avatar_video, static=True)
    span = extract(avatar_video, static=True, start_s=0.4, end_s=0.8)
    np.testing.assert_array_equal(span.keypoints, whole.keypoints[10:20])
    np.testing.assert_allclose(span.timestamps, np.arange(10) / 25, atol=1e-9)


@pytest.mark.parametrize(("start_s", "end_s"), [(99.0, None), (99.0, 100.0), (0.5, 0.5)])
def test_a_span_without_frames_is_an_error(avatar_video: Path, run: Run, start_s: float, end_s: float | None) -> None:
    with pytest.raises(VideoError, match="no frame between"):
        run(avatar_video, start_s, end_s)


def test_what_is_known_about_a_truncated_video_is_in_the_sequence(make_video: MakeVideo, run: Run) -> None:
    path = make_video("clip.mkv", avatar_images(40), options={"g": "5"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sequence = run(path)
    assert 5 < len(sequence) < 40
    assert sequence.present.all()
    assert any("incomplete" in warning for warning in sequence.warnings)


def test_without_smoothing_other_keypoints_of_the_same_person(avatar_video: Path) -> None:
    smooth, raw = (extract(avatar_video, smooth=smooth, end_s=0.5) for smooth in (True, False))
    assert 0 < np.nanmedian(distance(smooth, raw)) < 5


def test_a_video_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="does not exist"):
        extract(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"model": "huge"}, "lite, full, heavy"),
        ({"backend": "magic"}, "blazepose, mediapipe"),
        ({"model": "own.task"}, "lite, full, heavy, or a network of your own by the path of its .tflite"),
        ({"model": "own.tflite", "backend": "mediapipe"}, "lite, full, heavy, or a .task by its path"),
        ({"model": "own.tflite", "precision": "int8"}, "own.tflite cannot be run in int8"),
        ({"model": "lite", "model_sha256": "0" * 64}, "it is for a network of your own"),
        ({"layout": "face468"}, "blazepose33, holistic75"),
        ({"layout": "holistic75", "backend": "mediapipe"}, "mediapipe has no layout holistic75; choose blazepose"),
    ],
)
def test_settings_that_do_not_exist_name_those_that_do(settings: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        ExtractionSettings(**settings)  # type: ignore[arg-type]


def test_settings_as_plain_values_and_back() -> None:
    settings = ExtractionSettings("lite", smooth=False, world=True)
    assert ExtractionSettings(**settings.to_dict()) == settings
    with_hands = ExtractionSettings(layout=HOLISTIC75, precision="int8")
    assert ExtractionSettings(**with_hands.to_dict()) == with_hands
    assert with_hands.weights == ("detector", "full", "hand", "hand_recrop")


def test_with_hands_the_body_is_the_same_and_hands_are_masked_or_there(
    make_video: MakeVideo, avatar_video: Path, run: Run
) -> None:
    settings = ExtractionSettings(layout=HOLISTIC75, world=True)
    tracker = settings.open_backend(threads=2)
    body = run(avatar_video, end_s=0.6)
    sequence = extract_clip(ClipSource("a", avatar_video, end_s=0.6), settings, tracker, threads=2)
    assert (sequence.layout, sequence.keypoints.shape[1:]) == (HOLISTIC75, (75, 4))
    assert np.array_equal(sequence.keypoints[:, :33], body.keypoints, equal_nan=True)
    assert sequence.world is not None
    for side in ("left", "right"):
        visibility = sequence.visibility[:, hand_points(side)]
        there = ~np.isnan(sequence.keypoints[:, hand_points(side), 0])
        assert (there == (visibility > 0.5)).all()
        assert (there.all(axis=1) | (visibility == 0).all(axis=1)).all()
    room = make_video("room.mp4", [empty_room()] * 2)
    nobody = extract_clip(ClipSource("b", room), settings, tracker, threads=2)
    assert not nobody.present.any()
    assert nobody.keypoints.shape == (2, 75, 4)


def test_every_real_clip_with_a_person_gives_keypoints(shared_data: Path, run: Run) -> None:
    sequence = run(shared_data / "clips" / "autsl_signer0_sample1000_color.mp4", end_s=0.7)
    assert sequence.present.all()


def test_accurate_is_a_setting_of_which_older_stores_know_nothing(avatar_video: Path) -> None:
    accurate = ExtractionSettings(accurate=True)
    assert "accurate" not in ExtractionSettings().to_dict()
    assert ExtractionSettings(**accurate.to_dict()) == accurate
    with pytest.raises(SettingsError, match="does not know accurate"):
        ExtractionSettings(backend="mediapipe", accurate=True)
    assert extract(avatar_video, accurate=True, end_s=0.2).present.all()


def test_settings_of_a_network_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.tflite"
    path.write_bytes(models.load("lite"))
    settings = ExtractionSettings("mine.tflite")
    assert (settings.model, settings.model_sha256) == (str(path), models.weights_of("lite").sha256)
    assert ExtractionSettings(**settings.to_dict()) == settings
    assert settings.weights == ("detector",)
    assert "model_sha256" not in SETTINGS.to_dict()
    # A worker elsewhere, or later, is given the same network or none.
    monkeypatch.chdir("/")
    settings.open_backend().close()
    path.write_bytes(models.load("full"))
    with pytest.raises(WeightsError, match=r"mine\.tflite is not the network that was asked for"):
        settings.open_backend()
    assert ExtractionSettings(str(path)) != settings


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file"), (models.load("lite")[:-1], "damaged"), (b"", "TFL3")]
)
def test_a_network_of_ones_own_is_opened_before_any_work(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "mine.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"mine\.tflite.*{told}"):
        ExtractionSettings(str(path))


def test_a_network_without_depth_gives_a_sequence_that_all_else_takes(avatar_video: Path, tmp_path: Path) -> None:
    path = tmp_path / "flat.tflite"
    path.write_bytes(of_two_dimensions())
    flat, lite = (extract(avatar_video, model=model, end_s=0.4) for model in (path, "lite"))
    assert flat.present.all()
    np.testing.assert_array_equal(flat.keypoints[..., [0, 1, 3]], lite.keypoints[..., [0, 1, 3]])
    assert flat.world is not None
    assert np.isnan(flat.world).all()
    plane = normalize(flat).keypoints
    np.testing.assert_array_equal(plane[..., [0, 1, 3]], normalize(lite).keypoints[..., [0, 1, 3]])
    assert set(plane[..., 2][np.isfinite(plane[..., 0])]) == {0}
    settings = ExtractionSettings(str(path), world=True).to_dict()
    store = KeypointStore.create(tmp_path / "store", settings)
    store.append([Clip.extracted(ClipSource("a", avatar_video), flat, Origin.of(avatar_video), settings)])
    stored = store.get("a")
    np.testing.assert_array_equal(stored.sequence.keypoints, flat.keypoints)
    assert stored.sequence.world is not None
    np.testing.assert_array_equal(stored.sequence.world, flat.world)
    assert stored.provenance is not None
    assert json.loads(stored.provenance.settings)["model_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    # What is drawn over the video reads no depth.
    drawn = [np.zeros((240, 320, 3), np.uint8) for _ in range(2)]
    for image, sequence in zip(drawn, (flat, lite), strict=True):
        draw_skeleton(image, sequence.keypoints[-1])
    assert drawn[0].any()
    np.testing.assert_array_equal(*drawn)
