"""The frames of every kind of video, and a named error for what is none."""

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.video import ASSUMED_FRAME_RATE, Frame, VideoSource

from ..conftest import MakeVideo
from ..made_videos import number_of, numbered_image, write_clip, write_photo

KINDS = {
    "mp4": {"name": "clip.mp4"},
    "mp4 with B-frames and one keyframe": {"name": "clip.mp4", "options": {"g": "250", "bf": "3"}},
    "mp4 with open groups": {"name": "clip.mp4", "options": {"g": "20", "x264-params": "open-gop=1"}},
    "h265": {"name": "clip.mp4", "codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "mov": {"name": "clip.mov"},
    "mkv": {"name": "clip.mkv", "options": {"g": "20"}},
    "webm": {"name": "clip.webm", "codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    "avi": {"name": "clip.avi", "codec": "mpeg4", "options": {"g": "20", "bf": "2"}},
    "avi of h264": {"name": "clip.avi", "options": {"g": "20"}},
    "transport stream": {"name": "clip.ts", "options": {"g": "20"}},
    "program stream": {"name": "clip.mpg", "codec": "mpeg2video"},
    "flv": {"name": "clip.flv", "options": {"g": "20"}},
    "raw h264": {"name": "clip.h264", "container": "h264", "options": {"g": "20"}},
    "gif": {"name": "clip.gif", "codec": "gif", "pix_fmt": "rgb8"},
}


def read(path: Path, start_s: float | None = None, end_s: float | None = None) -> tuple[list[Frame], VideoSource]:
    with VideoSource(path, start_s=start_s, end_s=end_s) as video:
        return list(video), video


def numbers(frames: list[Frame]) -> list[int]:
    return [number_of(frame.image) for frame in frames]


def times(frames: list[Frame]) -> list[float]:
    return [frame.timestamp_s for frame in frames]


@pytest.fixture(scope="module", params=KINDS)
def any_video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 frames at 25 a second."""
    options = dict(KINDS[request.param])
    path = tmp_path_factory.mktemp("video") / options.pop("name")
    return write_clip(path, **options, frames=90, size=(160, 120))


def test_every_frame_in_order_at_its_time(any_video: Path) -> None:
    frames, video = read(any_video)
    assert numbers(frames) == list(range(90))
    assert times(frames) == pytest.approx(np.arange(90) / 25)
    assert video.size == (160, 120)
    assert video.frame_rate == pytest.approx(25)


@pytest.mark.parametrize(("start_s", "end_s"), [(0.4, 1.0), (2.04, 2.4), (2.55, None), (None, 0.4)])
def test_a_span_is_the_same_frames_as_in_the_whole_video(
    any_video: Path, start_s: float | None, end_s: float | None
) -> None:
    whole, _ = read(any_video)
    span, _ = read(any_video, start_s, end_s)
    low, high = (start_s or 0) - 1e-6, np.inf if end_s is None else end_s - 1e-6
    expected = [frame for frame in whole if low <= frame.timestamp_s < high]
    assert numbers(span) == numbers(expected)
    assert times(span) == pytest.approx([frame.timestamp_s - (start_s or 0) for frame in expected])
    for one, other in zip(span, expected, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize("start_s", [None, 2.4])
def test_more_threads_give_the_same_frames(any_video: Path, start_s: float | None) -> None:
    one, _ = read(any_video, start_s)
    with VideoSource(any_video, start_s=start_s, threads=4) as video:
        other = list(video)
    assert times(one) == times(other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.image, b.image)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_variable_frame_rate_gives_the_true_times(make_video: MakeVideo, name: str) -> None:
    true = [0, 0.1, 0.15, 0.4, 0.41, 0.9, 1.3, 2.2, 2.5, 2.9]
    path = make_video(name, times_s=true, options={"g": "2"})
    assert times(read(path)[0]) == pytest.approx(true, abs=1e-3)
    span, _ = read(path, 2.2, 2.9)
    assert numbers(span) == [7, 8]
    assert times(span) == pytest.approx([0, 0.3], abs=1e-3)


def test_a_video_whose_first_frame_is_late_starts_at_zero(make_video: MakeVideo) -> None:
    frames, _ = read(make_video("clip.mkv", frames=5, times_s=[3.0, 3.1, 3.2, 3.3, 3.4]))
    assert times(frames) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=1e-3)


def test_a_gap_is_told(make_video: MakeVideo) -> None:
    before = np.arange(20) / 25
    _, video = read(make_video(frames=40, times_s=[*before, *(2 + before)]))
    assert video.warnings == ["no frame for 1.24 s at 0.76 s"]


@pytest.mark.parametrize("rate", [1000, 10_000])
def test_an_absurd_frame_rate_is_not_believed(make_video: MakeVideo, rate: float) -> None:
    frames, video = read(make_video(rate=rate))
    assert times(frames) == pytest.approx(np.arange(10) / ASSUMED_FRAME_RATE)
    assert video.frame_rate == ASSUMED_FRAME_RATE
    assert "not believed" in video.warnings[0]


def with_header_rate(path: Path, rate: int) -> Path:
    """Writes another rate over the one (25) that a Matroska file claims for its video."""
    content, duration = path.read_bytes(), b"\x23\xe3\x83"  # the element DefaultDuration, in nanoseconds
    at = content.index(duration) + len(duration)
    size = content[at] & 0x7F
    assert int.from_bytes(content[at + 1 : at + 1 + size], "big") == 10**9 // 25
    new = (10**9 // rate).to_bytes(size, "big")
    path.write_bytes(content[: at + 1] + new + content[at + 1 + size :])
    return path


@pytest.mark.parametrize("last_s", [1.3, 60.0])
def test_true_timestamps_under_an_absurd_header_are_kept(make_video: MakeVideo, last_s: float) -> None:
    true = [0, 0.1, 0.15, 0.4, 0.9, 1.2, last_s, last_s + 0.1]
    path = with_header_rate(make_video("clip.mkv", frames=8, times_s=true, options={"g": "1"}), 1000)
    frames, video = read(path)
    expected = true if last_s < 10 else [*true[:6], 1.2 + 1 / ASSUMED_FRAME_RATE, true[7]]
    assert numbers(frames) == list(range(8))
    assert times(frames) == pytest.approx(expected, abs=1e-3)
    assert "not believed" in video.warnings[0]
    assert not any("incomplete" in warning for warning in video.warnings)


def test_a_whole_video_on_an_assumed_clock_is_not_called_incomplete(make_video: MakeVideo) -> None:
    path = make_video("clip.mkv", frames=8, times_s=[0, 0.001, 2, 4, 6, 7, 8, 9])
    frames, video = read(with_header_rate(path, 1000))
    assert times(frames) == pytest.approx(np.arange(8) / ASSUMED_FRAME_RATE)
    assert len(video.warnings) == 1


def test_a_stream_without_timestamps_is_spaced_by_its_rate(make_video: MakeVideo) -> None:
    frames, video = read(make_video("clip.h264", container="h264"))
    assert np.diff(times(frames)) == pytest.approx(1 / video.frame_rate)
    assert "no usable timestamp" in video.warnings[0]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_phone_gives_upright_frames(make_video: MakeVideo, degrees: int) -> None:
    frames, video = read(make_video(frames=2, rotation=degrees))
    assert video.size == ((320, 240) if degrees == 180 else (240, 320))
    assert frames[0].image.shape[1::-1] == video.size
    # OpenCV turns by the same metadata, by code of its own.
    _, turned = cv2.VideoCapture(str(video.path)).read()
    assert np.abs(frames[0].image.astype(int) - turned[..., ::-1]).mean() < 3


def test_non_square_pixels_become_square(make_video: MakeVideo) -> None:
    frames, video = read(make_video(size=(352, 288), aspect=Fraction(16, 11)))
    assert video.size == (512, 288)
    assert frames[0].image.shape == (288, 512, 3)
    assert numbers(frames) == list(range(10))


def test_an_absurd_pixel_aspect_is_not_believed(make_video: MakeVideo) -> None:
    assert read(make_video(aspect=Fraction(200, 1)))[1].size == (320, 240)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("clip.mkv", "ffv1", "gray"), ("clip.mp4", "libx264", "gray"), ("clip.mkv", "ffv1", "gray16le")],
)
def test_grey_video(make_video: MakeVideo, name: str, codec: str, pix_fmt: str) -> None:
    frames, _ = read(make_video(name, codec=codec, pix_fmt=pix_fmt))
    assert numbers(frames) == list(range(10))
    assert frames[0].image.shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("clip.webm", "libvpx-vp9", "yuva420p"), ("clip.mov", "png", "rgba"), ("clip.mov", "qtrle", "argb")],
)
def test_video_with_alpha(make_video: MakeVideo, name: str, codec: str, pix_fmt: str) -> None:
    alpha = np.full((240, 320), 255, np.uint8)
    images = [np.dstack([numbered_image(number), alpha]) for number in range(4)]
    frames, _ = read(make_video(name, images, codec=codec, pix_fmt=pix_fmt, source_format="rgba"))
    assert numbers(frames) == list(range(4))
    assert frames[0].image.shape == (240, 320, 3)


def test_four_k(make_video: MakeVideo) -> None:
    frames, video = read(make_video(frames=2, size=(3840, 2160), options={"preset": "ultrafast"}))
    assert (video.size, numbers(frames)) == ((3840, 2160), [0, 1])


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_odd_sizes(make_video: MakeVideo, name: str) -> None:
    frames, video = read(make_video(name, size=(321, 241), pix_fmt="yuv444p"))
    assert (video.size, frames[0].image.shape, numbers(frames)) == ((321, 241), (241, 321, 3), list(range(10)))


def test_ten_bit_video(make_video: MakeVideo) -> None:
    assert numbers(read(make_video("clip.mkv", codec="ffv1", pix_fmt="yuv420p10le"))[0]) == list(range(10))


def test_one_frame(make_video: MakeVideo) -> None:
    frames, video = read(make_video(frames=1))
    assert (numbers(frames), times(frames), video.warnings) == ([0], [0.0], [])


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "IMG_%03d [1] take: 2.png"])
@pytest.mark.parametrize("kind", ["color", "grey", "alpha"])
def test_a_photo_is_a_video_of_one_frame(tmp_path: Path, name: str, kind: str) -> None:
    color = numbered_image(77)
    alpha = np.dstack([color, np.full(color.shape[:2], 255, np.uint8)])
    image = {"color": color, "grey": color.mean(axis=-1).astype(np.uint8), "alpha": alpha}[kind]
    frames, video = read(write_photo(tmp_path / name, image if name.endswith("png") or kind != "alpha" else color))
    assert (numbers(frames), times(frames), video.size) == ([77], [0.0], (320, 240))


@pytest.mark.parametrize("name", ["grüße & 手話 #1.mp4", "12:30 take.mp4", "-x %d?.mp4", "a/b c/d.MP4", "no suffix"])
def test_any_name_will_do(make_video: MakeVideo, name: str) -> None:
    assert numbers(read(make_video(name, container="mp4"))[0]) == list(range(10))


def test_a_relative_name_with_a_colon(make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_video("http:x.mp4").parent)
    assert len(read(Path("http:x.mp4"))[0]) == 10


def test_a_name_that_is_not_unicode_is_refused(make_video: MakeVideo) -> None:
    path = make_video()
    strange = path.with_name(os.fsdecode(b"\xff.mp4"))
    try:
        path.rename(strange)
    except OSError:
        pytest.skip("this file system has Unicode names only")
    with pytest.raises(VideoError, match="rename it") as error:
        VideoSource(strange)
    str(error.value).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.mp4", b"only words\n" * 50),
        ("notes.txt", b"only words\n" * 50),
        ("empty.mp4", b""),
        ("noise.mp4", bytes(range(256)) * 40),
        ("list.csv", b"path,gloss\na.mp4,wave\n"),
    ],
)
def test_what_is_no_video_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VideoError, match=name):
        VideoSource(tmp_path / name)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="does not exist"):
        VideoSource(tmp_path / "none.mp4")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="is a folder"):
        VideoSource(tmp_path)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs the permissions of POSIX")
def test_a_file_without_permission(make_video: MakeVideo) -> None:
    path = make_video()
    path.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            # Root may read everything, nobody may not.
            os.seteuid(65534)
        with pytest.raises(VideoError, match="permission denied"):
            VideoSource(path)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("name", ["none.mp4", "none.mkv", "none.avi"])
def test_zero_frames(tmp_path: Path, name: str) -> None:
    with av.open(str(tmp_path / name), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        file.start_encoding()
    with pytest.raises(VideoError, match=name):
        VideoSource(tmp_path / name)


def write_sound(path: Path, cover: bytes | None = None) -> Path:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libmp3lame", rate=44_100)
        if cover:
            picture = file.add_stream("png", rate=1)
            picture.width, picture.height, picture.pix_fmt = 320, 240, "rgb24"
            picture.disposition = av.stream.Disposition.attached_pic
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.int16), format="s16p", layout="mono")
        sound.sample_rate = 44_100
        packets = [*stream.encode(sound), *stream.encode(None)]
        if cover:
            packet = av.Packet(cover)
            packet.stream, packet.pts, packet.dts = picture, 0, 0
            file.mux(packet)
        file.mux(packets)
    return path


def test_sound_only(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="only sound"):
        VideoSource(write_sound(tmp_path / "song.mp3"))


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    cover = cv2.imencode(".png", numbered_image(1))[1].tobytes()
    path = write_sound(tmp_path / "song.mp3", cover)
    with av.open(str(path)) as file:
        assert len(file.streams.video) == 1
    with pytest.raises(VideoError, match="only sound"):
        VideoSource(path)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_files_are_closed_whatever_is_in_them(make_video: MakeVideo, tmp_path: Path) -> None:
    good, text = make_video("good.mp4"), tmp_path / "text.mp4"
    unknown = make_video("unknown.mp4")
    unknown.write_bytes(unknown.read_bytes().replace(b"avc1", b"zzzz"))
    text.write_text("no video")
    paths = [good, text, unknown, write_sound(tmp_path / "song.mp3"), cut_in_half(make_video("cut.mp4"))]
    before = len(list(Path("/proc/self/fd").iterdir()))
    for path in paths * 3:
        with suppress(VideoError):
            read(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_unknown_codec(make_video: MakeVideo) -> None:
    path = make_video()
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(VideoError, match="cannot decode"):
        VideoSource(path)


def cut_in_half(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def damaged(path: Path, seed: int = 0) -> Path:
    content = path.read_bytes()
    low, high = int(len(content) * 0.45), int(len(content) * 0.55)
    noise = np.random.default_rng(seed).integers(0, 256, high - low, np.uint8).tobytes()
    path.write_bytes(content[:low] + noise + content[high:])
    return path


def rich_images(count: int) -> list[np.ndarray]:
    """Numbered images with grain, so that a file is mostly pictures and not headers."""
    grain = np.random.default_rng(0).integers(-25, 25, (240 + count, 320 + count, 3))
    return [np.clip(numbered_image(i) + grain[i : i + 240, i : i + 320], 0, 255).astype(np.uint8) for i in range(count)]


def test_an_mp4_without_its_end_cannot_be_read(make_video: MakeVideo) -> None:
    with pytest.raises(VideoError, match="cut off"):
        VideoSource(cut_in_half(make_video(images=rich_images(30))))


CUTTABLE = {
    "mp4": {"name": "clip.mp4", "mux_options": {"movflags": "faststart"}, "options": {"g": "10"}},
    "mkv": {"name": "clip.mkv", "options": {"g": "10"}},
    "webm": {"name": "clip.webm", "codec": "libvpx", "options": {"g": "10", "deadline": "realtime", "b": "8M"}},
    "flv": {"name": "clip.flv", "options": {"g": "10"}},
    "avi": {"name": "clip.avi", "codec": "mpeg4", "options": {"g": "10", "b": "8M"}},
    "fragmented mp4": {
        "name": "clip.mp4",
        "mux_options": {"movflags": "frag_keyframe+empty_moov"},
        "options": {"g": "10"},
    },
}


@pytest.mark.parametrize("kind", CUTTABLE)
def test_a_video_cut_in_half_gives_what_there_is_and_says_so(make_video: MakeVideo, kind: str) -> None:
    frames, video = read(cut_in_half(make_video(images=rich_images(50), **CUTTABLE[kind])))
    assert numbers(frames)[:18] == list(range(18))
    assert len(frames) < 40
    assert any("incomplete" in warning or "damaged" in warning for warning in video.warnings)


def test_a_transport_stream_cut_in_half_is_a_shorter_video(make_video: MakeVideo) -> None:
    """It has no length to miss: broadcasts are cut anywhere."""
    frames, _ = read(cut_in_half(make_video("clip.ts", images=rich_images(50), options={"g": "10"})))
    assert 18 < len(frames) < 40
    assert numbers(frames)[:18] == list(range(18))


@pytest.mark.parametrize("kind", [*CUTTABLE, "transport stream"])
def test_a_video_damaged_in_the_middle_gives_the_rest_and_says_so(make_video: MakeVideo, kind: str) -> None:
    options = CUTTABLE.get(kind, {"name": "clip.ts", "options": {"g": "10"}})
    frames, video = read(damaged(make_video(images=rich_images(60), **options)))
    assert numbers(frames)[:15] == list(range(15))
    assert np.all(np.diff(times(frames)) > 0)
    assert video.warnings


def test_frames_after_the_damage_keep_their_times(make_video: MakeVideo) -> None:
    frames, _ = read(damaged(make_video(images=rich_images(60), **CUTTABLE["mp4"])))
    assert numbers(frames)[-10:] == list(range(50, 60))
    assert times(frames)[-10:] == pytest.approx(np.arange(50, 60) / 25)


def test_real_clips_are_read_whole(shared_data: Path) -> None:
    frames, video = read(shared_data / "clips" / "signer_540x720.mp4")
    assert (len(frames), video.size, video.warnings) == (58, (540, 720), [])


@pytest.mark.parametrize("name", ["02238.mp4", "60312.mp4", "62780.mp4"])
def test_spans_of_real_clips_with_open_groups_of_pictures(shared_data: Path, name: str) -> None:
    path = next((shared_data / "wlasl").rglob(name))
    whole, _ = read(path)
    for start_s in (1.05, whole[-1].timestamp_s - 0.5):
        expected = [frame.timestamp_s - start_s for frame in whole if frame.timestamp_s >= start_s]
        assert times(read(path, start_s)[0]) == pytest.approx(expected)
