"""Writing H.264 video files that every browser plays."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.roi import Image

_CLOCK: Final = 90_000
"""Ticks a second: fine enough to keep the true times of a variable frame rate."""
_QUALITY: Final = "21"
"""x264's constant rate factor: smaller is better, and 18 is all but lossless."""


class VideoWriter:
    """Takes frames with their times; see ``write_video``."""

    def __init__(self, path: Path, size: tuple[int, int], frame_rate: float, comment: str) -> None:
        try:
            self._container = av.open(str(path), "w")
            self._stream = self._container.add_stream("libx264", rate=Fraction(frame_rate).limit_denominator(1001))
        except ValueError:
            raise VideoError(f"no H.264 video can be in a file named *{path.suffix}; name it *.mp4") from None
        # Chroma is stored for 2x2 pixels.
        self._stream.width, self._stream.height = size[0] & ~1, size[1] & ~1
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, _CLOCK)
        self._stream.options = {"crf": _QUALITY, "preset": "veryfast"}
        # OpenCV converts by BT.601 in the limited range; players would guess otherwise for large frames.
        self._stream.codec_context.colorspace = Colorspace.ITU601
        self._stream.codec_context.color_range = ColorRange.MPEG
        self._stream.codec_context.thread_count = 1
        if comment:
            self._container.metadata["comment"] = comment

    def add(self, image: Image, timestamp_s: float) -> None:
        """Add an (H, W, 3) uint8 RGB frame that is shown from a time on, in seconds."""
        even = np.ascontiguousarray(image[: self._stream.height, : self._stream.width])
        planes = np.asarray(cv2.cvtColor(even, cv2.COLOR_RGB2YUV_I420), np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = round(timestamp_s * _CLOCK), Fraction(1, _CLOCK)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._container.mux(self._stream.encode())

    def close(self) -> None:
        """Write the file's index and close it."""
        self._container.close()


@contextmanager
def write_video(path: Path, size: tuple[int, int], frame_rate: float, comment: str = "") -> Iterator[VideoWriter]:
    """A writer for a video file that appears when the block ends without an error.

    Args:
        path: of the file, with a suffix that names its container (.mp4).
        size: width and height in pixels; odd ones lose a line, H.264 has no odd sizes.
        frame_rate: frames a second that the file claims.
        comment: is written into the file's metadata.

    Raises:
        VideoError: the file cannot be written.
    """
    try:
        with whole_file(path) as part:
            writer = VideoWriter(part, size, frame_rate, comment)
            try:
                yield writer
                writer.finish()
            finally:
                writer.close()
    except (OSError, av.error.FFmpegError) as error:
        raise VideoError(f"{path} cannot be written: {error.strerror or error}") from error
