from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.render import LEFT, RIGHT, Caption, draw_caption, draw_skeleton, render_frames, render_video
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75, INDEX, LAYOUTS
from posegloss.pipeline.video import VideoSource

from ..conftest import MakeVideo


def canvas() -> np.ndarray:
    return np.zeros((240, 320, 3), np.uint8)


def person(**points: tuple[float, float]) -> np.ndarray:
    keypoints = np.full((33, 4), (np.nan, np.nan, np.nan, 0), np.float32)
    for name, place in points.items():
        keypoints[INDEX[name]] = (*place, 0, 1)
    return keypoints


def colors_near(image: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    return tuple(image[round(y * 240), round(x * 320)])


def test_the_sides_have_their_colors() -> None:
    image = canvas()
    draw_skeleton(image, person(left_shoulder=(0.75, 0.5), right_shoulder=(0.25, 0.5)))
    assert colors_near(image, 0.75, 0.5) == LEFT
    assert colors_near(image, 0.25, 0.5) == RIGHT
    assert image[120, 160].min() > 200, "the bone between the sides"


def test_what_is_hidden_or_missing_is_not_drawn() -> None:
    image, keypoints = canvas(), person(left_shoulder=(0.75, 0.5), left_elbow=(0.75, 0.8))
    keypoints[:, 3] = 0.1
    draw_skeleton(image, keypoints)
    draw_skeleton(image, person())
    assert not image.any()


@pytest.mark.parametrize("far", [-1e6, 3.0, 1e30])
def test_points_far_outside_do_no_harm(far: float) -> None:
    draw_skeleton(canvas(), person(left_shoulder=(0.5, 0.5), left_elbow=(far, far)))


@pytest.mark.parametrize("size", [(64, 64), (320, 240), (240, 320), (1280, 720)])
def test_a_long_caption_fits(size: tuple[int, int]) -> None:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    draw_caption(image, "a caption that is rather longer than the picture is wide " * 2)
    assert image.any()
    assert not image[: size[1] // 2].any()
    assert not image[:, 0].any()
    assert not image[:, -1].any()


def test_a_rendered_video_has_the_frames_and_times_of_the_original(make_video: MakeVideo, tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.4, 0.5]
    video = make_video(frames=5, size=(322, 242), times_s=times)
    skeleton = person(left_shoulder=(0.75, 0.3), right_shoulder=(0.25, 0.3))
    sequence = KeypointSequence(np.stack([skeleton] * 5), np.array(times), (322, 242))
    told: list[int] = []
    render_video(video, sequence, tmp_path / "out.mp4", caption="WAVE", on_frame=told.append)
    before, after = list(VideoSource(video)), list(VideoSource(tmp_path / "out.mp4"))
    assert [frame.timestamp_s for frame in after] == pytest.approx(times, abs=1e-3)
    assert told == [1, 2, 3, 4, 5]
    for one, other in zip(before, after, strict=True):
        changed = np.abs(one.image.astype(int) - other.image).mean(axis=-1) > 40
        assert changed[60:86].any(), "the skeleton"
        assert changed[-20:].any(), "the caption"
        assert not changed[100:160].any()


def test_a_turned_video_is_rendered_upright(make_video: MakeVideo, tmp_path: Path) -> None:
    video = make_video(frames=2, rotation=90)
    sequence = KeypointSequence(np.stack([person()] * 2), np.array([0, 0.04]), (240, 320))
    render_video(video, sequence, tmp_path / "out.mp4")
    with VideoSource(video) as source, VideoSource(tmp_path / "out.mp4") as rendered:
        assert rendered.size == (240, 320)
        assert np.abs(next(iter(source)).image.astype(int) - next(iter(rendered)).image).mean() < 6


def test_a_video_that_is_gone_leaves_no_output(tmp_path: Path) -> None:
    sequence = KeypointSequence(person()[None], np.zeros(1), (320, 240))
    with pytest.raises(VideoError, match="does not exist"):
        render_video(tmp_path / "gone.mp4", sequence, tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == []


def test_hands_are_drawn_in_the_color_of_their_side_and_thinner() -> None:
    layout = LAYOUTS[HOLISTIC75]
    keypoints = np.full((75, 4), (np.nan, np.nan, np.nan, 0), np.float32)
    for name, place in (("wrist", (0.7, 0.8)), ("thumb_cmc", (0.7, 0.2))):
        keypoints[layout.index[f"left_hand_{name}"]] = (*place, 0, 0.9)
    hand, body = np.zeros((2, 720, 960, 3), np.uint8)
    draw_skeleton(hand, keypoints, layout=layout)
    draw_skeleton(body, person(left_shoulder=(0.7, 0.8), left_elbow=(0.7, 0.2)))
    assert tuple(hand[360, 672]) == LEFT
    assert 0 < np.count_nonzero(hand[360]) < np.count_nonzero(body[360])


def test_captions_change_over_time_and_the_copy_appears_at_the_end(make_video: MakeVideo, tmp_path: Path) -> None:
    video = make_video(frames=10, rate=10)
    captions = [Caption("WAVE", 0.2, 0.4), Caption("POINT", 0.4, 0.5), Caption("CIRCLE", 0.8, 9)]
    out, nobody = tmp_path / "out.mp4", np.full((33, 4), (np.nan, np.nan, np.nan, 0), np.float32)
    layout = LAYOUTS[BLAZEPOSE33]
    times = []
    for time_s in render_frames(video, [nobody] * 10, out, layout=layout, captions=captions):
        assert not out.exists()
        times.append(time_s)
    assert times == pytest.approx(np.arange(10) / 10, abs=1e-3)
    band = slice(-20, None)
    with VideoSource(video) as before, VideoSource(out) as after:
        changed = [
            np.abs(one.image[band].astype(int) - other.image[band]).mean() > 20
            for one, other in zip(before, after, strict=True)
        ]
        assert after.frame_rate == pytest.approx(10)
    assert changed == [False, False, True, True, True, False, False, False, True, True]
