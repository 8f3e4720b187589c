from pathlib import Path

import av
import numpy as np
import pytest

from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.video import VideoSource
from posegloss.pipeline.video_writer import VideoWriter, write_video

from ..made_videos import number_of, numbered_image


def fail_after_a_frame(writer: VideoWriter) -> None:
    writer.add(numbered_image(0), 0)
    raise KeyError


def test_frames_and_times_come_back(tmp_path: Path) -> None:
    times = [0, 0.04, 0.1, 0.5, 0.52]
    with write_video(tmp_path / "a.mp4", (320, 240), 25) as writer:
        for number, time_s in enumerate(times):
            writer.add(numbered_image(number), time_s)
    frames = list(VideoSource(tmp_path / "a.mp4"))
    assert [number_of(frame.image) for frame in frames] == list(range(5))
    assert [frame.timestamp_s for frame in frames] == pytest.approx(times, abs=1e-4)


def test_it_is_what_browsers_play(tmp_path: Path) -> None:
    with write_video(tmp_path / "a.mp4", (320, 240), 29.97) as writer:
        writer.add(numbered_image(0), 0)
    with av.open(str(tmp_path / "a.mp4")) as file:
        context = file.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")


def test_odd_sizes_lose_a_line(tmp_path: Path) -> None:
    with write_video(tmp_path / "a.mp4", (321, 241), 25) as writer:
        writer.add(numbered_image(5, (321, 241)), 0)
    assert VideoSource(tmp_path / "a.mp4").size == (320, 240)


def test_after_an_error_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyError), write_video(tmp_path / "a.mp4", (320, 240), 25) as writer:
        fail_after_a_frame(writer)
    assert list(tmp_path.iterdir()) == []


def test_an_error_before_the_first_frame_is_the_one_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeyError), write_video(tmp_path / "a.mp4", (320, 240), 25):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="cannot be written"), write_video(tmp_path / "none/a.mp4", (320, 240), 25):
        pass


@pytest.mark.parametrize("name", ["a.unknown", "a", "a.webm"])
def test_a_suffix_of_no_h264_container(tmp_path: Path, name: str) -> None:
    with pytest.raises(VideoError, match=r"name it \*\.mp4"), write_video(tmp_path / name, (320, 240), 25):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(small_disk: Path) -> None:
    noise = np.random.default_rng(0)

    def write_a_lot(writer: VideoWriter) -> None:
        for number in range(30):
            writer.add(noise.integers(0, 256, (240, 320, 3), np.uint8), number / 25)

    with pytest.raises(VideoError, match="No space"), write_video(small_disk / "a.mp4", (320, 240), 25) as writer:
        write_a_lot(writer)
    assert list(small_disk.iterdir()) == []
