"""Folders of pictures that become videos."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from posegloss.datasets.manifest import read_manifest
from posegloss.datasets.readers import read_dataset, write_manifest
from posegloss.datasets.readers.pictures import pack, pack_clips
from posegloss.pipeline.video import VideoSource

from . import makers


def write_pictures(folder: Path, pattern: str, numbers: range) -> list[np.ndarray]:
    """Pictures of random colours, larger than one block of JPEG's."""
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for number in numbers:
        image = np.full((64, 48, 3), np.random.default_rng(number).integers(0, 255, 3), np.uint8)
        codec, pixels = ("png", "rgb24") if pattern.endswith("png") else ("mjpeg", "yuvj420p")
        context = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt, context.time_base = 48, 64, pixels, Fraction(1, 25)
        packets = [*context.encode(av.VideoFrame.from_ndarray(image, "rgb24")), *context.encode(None)]
        (folder / pattern.format(number)).write_bytes(b"".join(map(bytes, packets)))
        images.append(image)
    return images


@pytest.mark.parametrize(("pattern", "tolerance"), [("images{:04}.png", 0), ("frame_{}.jpg", 6)])
def test_each_picture_is_a_frame(tmp_path, pattern, tolerance):
    images = write_pictures(tmp_path / "clip.1", pattern, range(8, 13))
    pack(tmp_path / "clip.1", tmp_path / "clip.mov", 25)
    source = VideoSource(tmp_path / "clip.mov")
    frames = list(source)
    assert [frame.timestamp_s for frame in frames] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert source.warnings == []
    for frame, image in zip(frames, images, strict=True):
        assert np.abs(frame.image.astype(int) - image).max() <= tolerance


def test_phoenix_becomes_a_manifest_of_videos(tmp_path):
    made = makers.phoenix(tmp_path / "set")
    folder = made.root / made.clips[0][0]
    (folder / "images0001.png").unlink()
    write_pictures(folder, "images{:04}.png", range(1, 4))
    reading = read_dataset("phoenix-2014-t", made.root)
    steps = []
    clips, problems = pack_clips(reading.clips, made.root, tmp_path / "videos", 25, steps.append)
    assert (problems, steps) == ([], [1])
    write_manifest(clips, tmp_path / "index.csv")
    (back,) = read_manifest(tmp_path / "index.csv").clips
    assert len(list(VideoSource(back.path))) == 3
    before = back.path.stat().st_mtime_ns
    pack_clips(reading.clips, made.root, tmp_path / "videos", 25)
    assert back.path.stat().st_mtime_ns == before


@pytest.mark.parametrize("names", [[], ["a.txt"], ["a.jpg", "b.png"], ["a.png"], ["a.jpg"]])
def test_folders_that_hold_no_clip_are_told(tmp_path, names):
    made = makers.gsl(tmp_path / "set")
    folder = made.root / made.clips[0][0]
    (folder / "frame_0000.jpg").unlink()
    for name in names:
        (folder / name).write_bytes(b"no picture")
    clips = read_dataset("gsl", made.root).clips
    packed, (problem,) = pack_clips(clips, made.root, tmp_path / "videos", 30)
    assert [clip.source.path.suffix for clip in packed] == [".mp4"]
    assert problem.file == made.clips[0][0]
    assert not list((tmp_path / "videos").rglob("*.mov"))
