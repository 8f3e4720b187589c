"""Folders of pictures, as some corpora are published, made into videos without another compression.

The pictures are put into a QuickTime file as they are: its JPEG and PNG tracks hold whole picture files.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from posegloss.datasets.readers.errors import DatasetError
from posegloss.datasets.readers.reading import DatasetClip, MetadataProblem
from posegloss.pipeline.files import whole_file

_CODECS: Final = {".jpg": ("mjpeg", "yuvj420p"), ".jpeg": ("mjpeg", "yuvj420p"), ".png": ("png", "rgb24")}
_NUMBERS: Final = re.compile(r"\d+")


def pack_clips(
    clips: Sequence[DatasetClip],
    root: Path,
    out: Path,
    frame_rate: float,
    progress: Callable[[int], None] | None = None,
) -> tuple[list[DatasetClip], list[MetadataProblem]]:
    """Make a video of each clip that is a folder of pictures; those that are there already stay.

    Args:
        clips: of a reading.
        root: the set's folder.
        out: the folder of the videos, which get the paths that the clips have in the set.
        frame_rate: pictures a second.
        progress: is told how many clips are done.

    Returns:
        The clips with the videos in the folders' place, and why some could not be made.

    Raises:
        DatasetError: a video cannot be written.
    """
    packed: list[DatasetClip] = []
    problems: list[MetadataProblem] = []
    for done, clip in enumerate(clips, start=1):
        folder = clip.source.path
        if folder.is_dir():
            short = folder.relative_to(root)
            # Not with_suffix: a folder's name may have a point in it.
            video = out / short.parent / f"{short.name}.mov"
            try:
                if not video.is_file():
                    pack(folder, video, frame_rate)
                packed.append(replace(clip, source=replace(clip.source, path=video)))
            except ValueError as error:
                problems.append(MetadataProblem(short.as_posix(), 0, str(error)))
        else:
            packed.append(clip)
        if progress:
            progress(done)
    return packed, problems


def pack(folder: Path, video: Path, frame_rate: float) -> None:
    """Make a video of the pictures in a folder, in the order of the numbers in their names.

    Raises:
        ValueError: there are no pictures, or they are none that belong together.
        DatasetError: the video cannot be written.
    """
    pictures = [one for one in folder.iterdir() if one.suffix.lower() in _CODECS and not one.name.startswith(".")]
    if not pictures:
        raise ValueError("there are no JPEG or PNG pictures in it")
    pictures.sort(key=lambda one: ([int(digits) for digits in _NUMBERS.findall(one.stem)], one.name))
    kinds = {_CODECS[one.suffix.lower()] for one in pictures}
    if len(kinds) > 1:
        raise ValueError("there are JPEG and PNG pictures in it; keep one kind")
    (codec, pixels) = kinds.pop()
    rate = Fraction(frame_rate).limit_denominator(1001)
    try:
        with av.open(str(pictures[0])) as first:
            width, height = first.streams.video[0].width, first.streams.video[0].height
        video.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(video, sync=False) as part, av.open(str(part), "w", format="mov") as container:
            stream = container.add_stream(codec, rate=rate)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = width, height, pixels
            for number, picture in enumerate(pictures):
                packet = av.Packet(picture.read_bytes())
                packet.stream, packet.time_base = stream, 1 / rate
                packet.pts = packet.dts = number
                packet.duration, packet.is_keyframe = 1, True
                container.mux(packet)
    except av.FFmpegError as error:
        raise ValueError(f"{pictures[0].name} and the others are no pictures that FFmpeg reads: {error}") from error
    except IndexError:
        raise ValueError(f"{pictures[0].name} is no picture") from None
    except OSError as error:
        raise DatasetError(f"{video} cannot be made: {error.strerror or error}") from error
