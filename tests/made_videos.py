"""Small videos of every kind that tests need, made on the spot."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from posegloss.datasets.avatar import LEXICON, Signer, perform
from posegloss.pipeline.roi import Image

_BITS = 8
"""A numbered image shows its number in so many dark and bright bars."""


def numbered_image(number: int, size: tuple[int, int] = (320, 240)) -> Image:
    """A picture that carries a number which survives compression. Its top left quarter is red, the rest blue."""
    width, height = size
    image = np.full((height, width, 3), (30, 30, 160), np.uint8)
    image[: height // 2, : width // 2] = (200, 30, 30)
    edges = np.linspace(0, width, _BITS + 1).astype(int)
    for bit, (left, right) in enumerate(pairwise(edges)):
        image[height // 2 + height // 8 :, left:right] = 230 if number >> bit & 1 else 20
    return image


def number_of(image: Image) -> int:
    """The number that a numbered image carries."""
    height, width = image.shape[:2]
    centers = ((np.arange(_BITS) + 0.5) * width / _BITS).astype(int)
    bars = image[height // 2 + height // 4, centers].mean(axis=-1) > 125
    return int((bars << np.arange(_BITS)).sum())


def avatar_images(
    frames: int = 40, *, signer: int = 0, gloss: str | None = None, size: tuple[int, int] = (320, 240)
) -> list[Image]:
    """Pictures of an avatar that performs one gloss, without the rest before and after it where they are too many."""
    images = list(perform(Signer.random(signer), [gloss or next(iter(LEXICON))], take=0, seed=7, size=size).frames())
    first = max(0, len(images) - frames) // 2
    return images[first : first + frames]


def empty_room(size: tuple[int, int] = (320, 240)) -> Image:
    """A picture of nobody: a wall and a floor."""
    image = np.full((size[1], size[0], 3), (206, 214, 218), np.uint8)
    image[-size[1] // 4 :] = (150, 120, 90)
    return image


def write_clip(
    path: Path,
    images: Iterable[Image] = (),
    *,
    frames: int = 10,
    size: tuple[int, int] = (320, 240),
    codec: str = "libx264",
    container: str | None = None,
    rate: float = 25,
    pix_fmt: str = "yuv420p",
    source_format: str = "rgb24",
    rotation: int = 0,
    times_s: Sequence[float] | None = None,
    aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
    mux_options: dict[str, str] | None = None,
) -> Path:
    """Write a video.

    Args:
        path: of the file; its suffix names the container unless ``container`` does.
        images: the pictures; numbered ones unless given.
        frames: how many numbered images.
        size: of the numbered images.
        codec: FFmpeg's name of the encoder.
        container: FFmpeg's name of the format.
        rate: frames a second that the file claims.
        pix_fmt: of the encoder.
        source_format: of the images ("rgba" for images with alpha).
        rotation: degrees, counter-clockwise, by which a player has to turn the picture.
        times_s: when each picture is shown; at the frame rate unless given.
        aspect: width of a pixel over its height.
        options: of the encoder.
        mux_options: of the container.
    """
    pictures = list(images) or [numbered_image(number, size) for number in range(frames)]
    clock = Fraction(1, 90_000)
    with av.open(str(path), "w", format=container, options=mux_options or {}) as file:
        # To the type checker a stream is of any kind.
        stream: Any = file.add_stream(codec, rate=Fraction(rate).limit_denominator(1001), options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        if times_s is not None:
            stream.codec_context.time_base = clock
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=source_format)
            if times_s is not None:
                frame.pts, frame.time_base = round(times_s[number] / clock), clock
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def write_photo(path: Path, image: Image) -> Path:
    """Write a picture: RGB, RGBA or grey."""
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path
