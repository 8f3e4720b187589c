"""VideoSource: the frames of a video file as they are displayed, with their true timestamps."""

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import VideoReformatter

from posegloss.pipeline.clock import Clock
from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.roi import Image

ASSUMED_FRAME_RATE: Final = 30.0
HIGHEST_FRAME_RATE: Final = 250.0
"""Above it, a rate is taken for nonsense: high-speed cameras are not what signing is filmed with."""
GRACE_S: Final = 1e-6
"""Spans written with rounded times mean the frame that starts there."""
_SQUARE_ENOUGH: Final = 0.02
_INDEXED: Final = frozenset(("mov", "matroska", "avi"))
"""Formats with an index of their frames. In others FFmpeg's seek lands anywhere, also past the place."""
_CLAIM_DURATION: Final = frozenset(("matroska", "flv"))
"""Formats whose header says how long the video is but not how many frames it has."""
_TEXT_ART: Final = frozenset(("tty", "bin", "xbin", "adf", "idf"))
"""FFmpeg draws text files as the terminals of old did."""
_RUN_UP_S: Final = 1.0
"""Where decoding starts before a span: just after a keyframe of an open group of pictures the decoder loses frames."""
_NOTABLE_GAP_S: Final = 0.5


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame: (H, W, 3) uint8 RGB, and its time in seconds from the start of the clip."""

    image: Image
    timestamp_s: float


class VideoSource:
    """The frames of a video file, or of a span of it.

    Frames come turned as the metadata asks (phones), with square pixels (old television formats), all of the size of
    the first. What is wrong with the file but can be lived with is told in ``warnings`` when all frames were read.

    Args:
        path: a file that FFmpeg reads; a photo is a video of one frame.
        start_s: leave out the frames before this time, in seconds from the video's first frame.
        end_s: leave out the frames from this time on.
        threads: threads of the decoder.

    Attributes:
        size: width and height of the frames in pixels, as displayed.
        frame_rate: frames a second that the file claims, or the one assumed where it claims none or nonsense.
        frame_count: how many frames the whole file claims to have; None where it does not say.
        warnings: what a reader should know about the file.

    Raises:
        VideoError: the file is missing, not a video, or without a frame that can be decoded.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float | None = None,
        end_s: float | None = None,
        threads: int = 1,
    ) -> None:
        self.path = Path(path)
        self.warnings: list[str] = []
        self._start_s, self._end_s = start_s or 0.0, end_s
        self._threads = threads
        # One for all frames: a frame's own, as its to_ndarray makes it, takes twice as long.
        self._reformatter = VideoReformatter()
        self._frames = self._open()
        self.frame_count = self._stream.frames or None
        self._format = self._container.format.name.split(",")[0]
        self.frame_rate, self._trust_timestamps = self._plausible_rate()
        self._first = self._read_first_frame()
        if not self._trust_timestamps:
            self._trust_timestamps = self._plausible_spacing()

    @property
    def duration_s(self) -> float | None:
        """How many seconds the span claims to be long; None where the file does not say."""
        if self._end_s is not None:
            return self._end_s - self._start_s
        if self._container.duration:
            return max(float(self._container.duration / av.time_base) - self._start_s, 0.0)
        return self.frame_count and max(self.frame_count / self.frame_rate - self._start_s, 0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __iter__(self) -> Generator[Frame, None, None]:
        """The frames in order. Can be gone through once."""
        for decoded, timestamp_s in self._timed_frames():
            if self._end_s is not None and timestamp_s >= self._end_s - GRACE_S:
                return
            if timestamp_s >= self._start_s - GRACE_S:
                yield Frame(self._as_displayed(decoded), max(timestamp_s - self._start_s, 0.0))

    def _open(self) -> Iterator[Any]:
        self._container = _open(self.path)
        # The best, not the first: music and some phones' videos carry a picture of their cover.
        self._stream = self._container.streams.best("video")
        if self._stream is None or self._stream.disposition & Disposition.attached_pic:
            self.close()
            raise VideoError(f"{self.path} has no video in it (only sound?)")
        context = self._stream.codec_context
        if context is None:
            self.close()
            raise VideoError(f"{self.path} is compressed in a way that this FFmpeg cannot decode; convert it to H.264")
        context.thread_type = "AUTO"
        context.thread_count = self._threads
        self._packets = 0
        return self._decode()

    def _plausible_rate(self) -> tuple[float, bool]:
        claimed: Fraction | None = self._stream.average_rate or self._stream.guessed_rate
        if not claimed:
            self.warnings.append(f"no frame rate; {ASSUMED_FRAME_RATE:g} a second assumed where timestamps are missing")
            return ASSUMED_FRAME_RATE, True
        if claimed > HIGHEST_FRAME_RATE:
            self.warnings.append(f"frame rate of {float(claimed):g} not believed; {ASSUMED_FRAME_RATE:g} assumed")
            return ASSUMED_FRAME_RATE, False
        return float(claimed), True

    def _read_first_frame(self) -> Any:
        first = next(self._frames, None)
        if first is None:
            self.close()
            reason = f" ({self.warnings[-1]})" if self.warnings else ""
            raise VideoError(f"{self.path} has no frame that can be decoded{reason}")
        self._origin_s = self._time_of(first) or 0.0
        self._turns = round((first.rotation or 0) / 90) % 4
        aspect = float(self._stream.sample_aspect_ratio or 1)
        square = abs(aspect - 1) < _SQUARE_ENOUGH or not 0.1 < aspect < 10
        self._decoded_size = (first.width if square else round(first.width * aspect), first.height)
        width, height = self._decoded_size
        self.size = (height, width) if self._turns % 2 else (width, height)
        return first

    def _plausible_spacing(self) -> bool:
        # Headers of WebM may name the clock's rate for the frames', and the timestamps be right all the same.
        second = next(self._frames, None)
        self._frames = chain([] if second is None else [second], self._frames)
        time_s = None if second is None else self._time_of(second)
        return time_s is not None and time_s - self._origin_s >= 1 / HIGHEST_FRAME_RATE

    def _time_of(self, decoded: Any) -> float | None:
        # AVI stores no presentation times: there the packets' times are guesses in the order of decoding, while
        # the decoder gives out the frames in the right order, one at each tick of the clock.
        stamp = decoded.dts if self._format == "avi" else decoded.pts
        return None if stamp is None else float(stamp * decoded.time_base)

    def _timed_frames(self) -> Iterator[tuple[Any, float]]:
        clock = Clock(self._origin_s, 1 / self.frame_rate)
        count, gap, gap_at = 0, 0.0, 0.0
        for decoded in self._from_start():
            last = clock.now
            timestamp_s = clock.read(self._time_of(decoded) if self._trust_timestamps else None)
            if count and timestamp_s - last > gap:
                gap, gap_at = timestamp_s - last, last
            count += 1
            yield decoded, timestamp_s
        # The last frames of an AVI come without a packet's time, but the clock ticks on.
        if guessed := clock.wrong + (self._format != "avi" and self._trust_timestamps) * clock.unknown:
            self.warnings.append(f"{guessed} of {count} frames had no usable timestamp; spaced by the frame rate")
        if gap > max(_NOTABLE_GAP_S, 5 / self.frame_rate):
            self.warnings.append(f"no frame for {gap:.2f} s at {gap_at:.2f} s")
        self._tell_if_incomplete(clock.now)

    def _tell_if_incomplete(self, end_s: float) -> None:
        claims = self._format in _CLAIM_DURATION and self._trust_timestamps
        duration_s = (self._container.duration or 0) / av.time_base if claims else 0.0
        # Packets, not frames: an edit list hides frames of a file that is whole.
        if self._start_s == 0 and self._packets < (self.frame_count or 0):
            self.warnings.append(f"incomplete: the file ends after {self._packets} of {self.frame_count} frames")
        elif duration_s - end_s > _NOTABLE_GAP_S:
            self.warnings.append(f"incomplete: the file ends after {end_s:.2f} of {duration_s:.2f} s")

    def _from_start(self) -> Iterator[Any]:
        # Seeking is for long videos that can be trusted; in others the span is found by decoding from the start.
        first, self._first = self._first, None
        if self._start_s > 2 * _RUN_UP_S and self._trust_timestamps and self._format in _INDEXED:
            first = self._sought()
            if first is None:
                self.close()
                self._frames = self._open()
        if first is not None:
            yield first
        yield from self._frames

    def _sought(self) -> Any:
        target = int((self._start_s - _RUN_UP_S + self._origin_s) / self._stream.time_base)
        try:
            self._container.seek(target, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            return None
        self._frames = self._decode()
        first = next(self._frames, None)
        time_s = first and self._time_of(first)
        return first if time_s is not None and time_s - self._origin_s <= self._start_s - _RUN_UP_S + GRACE_S else None

    def _decode(self) -> Iterator[Any]:
        damaged = 0
        try:
            for packet in self._container.demux(self._stream):
                self._packets += packet.size > 0
                try:
                    frames = packet.decode()
                except av.error.InvalidDataError:
                    damaged += 1
                else:
                    damaged += packet.is_corrupt or any(frame.is_corrupt for frame in frames)
                    yield from frames
        except av.error.FFmpegError as error:
            self.warnings.append(f"reading stopped early: {error.strerror}")
        if damaged:
            self.warnings.append(f"damaged: {damaged} packets could not be decoded, or not wholly")

    def _as_displayed(self, decoded: Any) -> Image:
        width, height = self._decoded_size
        # With as many threads as there are processors, which is PyAV's default, it waits for those that others use.
        shown = self._reformatter.reformat(decoded, width, height, "rgb24", threads=self._threads)
        image = np.asarray(shown.to_ndarray(), np.uint8)
        # Metadata turns are counter-clockwise, as NumPy's.
        return np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image


def _open(path: Path) -> Any:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise VideoError(
            f"{os.fsencode(path)!r} has a name that is not UTF-8, which no store can hold; rename it"
        ) from None
    try:
        # As a file, whatever its name: "take: 1.mp4" is not an address.
        container = av.open(f"file:{path}", metadata_errors="replace")
    except FileNotFoundError:
        raise VideoError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise VideoError(f"{path} is a folder, not a video") from None
    except PermissionError:
        raise VideoError(f"{path} cannot be read: permission denied") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise VideoError(f"{path} is not a video that can be read, or is cut off ({what})") from error
    if container.format.name in _TEXT_ART:
        container.close()
        raise VideoError(f"{path} is text, not a video")
    return container
