"""MediaPipe Holistic as flat rows of numbers: what countless student projects record.

A row is 33 x (x, y, z, visibility) of the pose, then the face (468 x (x, y, z)), the left and the right hand (21 x
(x, y, z) each), or the hands without the face, or the pose alone. Coordinates are fractions of the frame. What was not
found is zeros there, which become missing points.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.pipeline.files import files_below
from posegloss.pipeline.formats.arrays import Array, npy_shape, parse_npy
from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.listed import ListedClip, place_clips
from posegloss.pipeline.formats.numbered import NumberedFrames, clips_of_frames, read_small
from posegloss.pipeline.formats.options import Reading, ReadOptions, check_frames, times_of
from posegloss.pipeline.formats.people import NOBODY
from posegloss.pipeline.formats.tar import is_tar
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, HAND_NAMES, HOLISTIC75, KEYPOINT_NAMES, LAYOUTS, hand_points

_POSE: Final = 4 * len(KEYPOINT_NAMES)
_HANDS: Final = 2 * 3 * len(HAND_NAMES)
WIDTHS: Final = {_POSE: "pose", _POSE + _HANDS: "pose, hands", _POSE + 468 * 3 + _HANDS: "pose, face, hands"}
FRAME_NAME: Final = re.compile(r"(.*?)(\d+)\.npy", re.IGNORECASE | re.DOTALL)
_MAX_CLIP_BYTES: Final = 1 << 30
_FURTHEST: Final = 1e6


def points_of_rows(rows: Array, layout: str = BLAZEPOSE33) -> FloatArray:
    """The points of a layout in rows of numbers.

    Args:
        rows: (..., 132, 258 or 1662), any kind of number.
        layout: the name of the points.

    Returns:
        (..., K, 4) x, y, z, visibility; NaN where all of a point is zero, or any of it is no number. A hand that is
        there has visibility 1, as the rows do not tell.

    Raises:
        ValueError: the rows have another length, have no hands where the layout has, or are no numbers.
    """
    if rows.ndim < 1 or rows.shape[-1] not in WIDTHS:
        known = ", ".join(f"{width} ({what})" for width, what in WIDTHS.items())
        raise ValueError(f"it has the shape {rows.shape}; rows of {known} numbers are read")
    if rows.dtype.kind not in "fiu":
        raise ValueError(f"it holds {rows.dtype}, not numbers")
    if layout == HOLISTIC75 and rows.shape[-1] == _POSE:
        raise ValueError(f"its rows of {_POSE} numbers have no hands, which the layout {layout} has")
    points = np.ones((*rows.shape[:-1], len(LAYOUTS[layout]), 4), np.float32)
    with np.errstate(over="ignore"):
        points[..., : len(KEYPOINT_NAMES), :] = rows[..., :_POSE].reshape(*rows.shape[:-1], len(KEYPOINT_NAMES), 4)
        if layout == HOLISTIC75:
            hands = rows[..., -_HANDS:].reshape(*rows.shape[:-1], 2, len(HAND_NAMES), 3)
            for place, side in enumerate(("left", "right")):
                points[..., hand_points(side), :3] = hands[..., place, :, :]
    with np.errstate(invalid="ignore"):
        there = (np.abs(points) < _FURTHEST).all(axis=-1) & (points != 0).any(axis=-1)
        # Of a hand that is not there all is zero but the visibility.
        there[..., len(KEYPOINT_NAMES) :] &= (points[..., len(KEYPOINT_NAMES) :, :3] != 0).any(axis=-1)
    points[~there] = np.nan
    return points


def list_npy(path: Path, options: ReadOptions) -> list[ListedClip]:
    """The clips of a folder or tar of frames (``gloss/take/12.npy``), or of files with all rows of a clip each.

    Raises:
        FormatError: it holds neither.
    """
    if path.is_file() and not is_tar(path):
        return [ListedClip(path.resolve().name, lambda: _whole_clip(path, options))]
    if whole := _whole_clips(path):
        placed = place_clips(path, whole)
        return [
            ListedClip(placed[name][0], partial(_whole_clip, file, options), placed[name][1])
            for name, file in whole.items()
        ]
    found = clips_of_frames(path, FRAME_NAME, partial(_parse_row, layout=options.layout))
    if not found:
        raise FormatError(f"{path} holds no frames of MediaPipe Holistic; they are named gloss/take/12.npy")

    def reader(name: str, frames: Callable[[], NumberedFrames[FloatArray]]) -> Callable[[], KeypointSequence]:
        return lambda: _assemble(frames(), f"{path}/{name}".rstrip("/"), options)

    placed = place_clips(path, found)
    return [ListedClip(placed[name][0], reader(name, frames), placed[name][1]) for name, frames in found.items()]


def _whole_clips(path: Path) -> dict[str, Path]:
    """By name the files of a folder if they are clips, not frames, as the first one with such rows shows."""
    if not path.is_dir():
        return {}
    with told_as_format_error(path, "a folder"):
        files = [file for file in files_below(path) if file.suffix == ".npy" and file.name[0] != "."]
    of_rows = (shape for shape in map(npy_shape, files) if shape and shape[-1] in WIDTHS)
    if len(next(of_rows, ())) < 2:
        return {}
    # Labels that lie beside them are a plain list; what is damaged is told as a clip.
    clips = [file for file in files if (shape := npy_shape(file)) is None or len(shape) > 1]
    return {file.relative_to(path).with_suffix("").as_posix(): file for file in clips}


def _parse_row(data: bytes, layout: str) -> FloatArray:
    points = points_of_rows(parse_npy(data), layout)
    if points.ndim != 2:
        raise ValueError("it holds several rows, where the others are one frame each")
    return points


def _read(path: Path, layout: str) -> FloatArray:
    data = read_small(path, _MAX_CLIP_BYTES)
    with told_as_format_error(path, "a .npy file of MediaPipe Holistic"):
        return points_of_rows(parse_npy(data), layout)


def _whole_clip(path: Path, options: ReadOptions) -> KeypointSequence:
    points = _read(path, options.layout)
    if points.ndim > 3:
        raise FormatError(f"{path} holds several clips; a clip is one row a frame")
    return sequence_of(points.reshape(-1, *points.shape[-2:]), str(path), Reading(options))


def _assemble(numbered: NumberedFrames[FloatArray], source: str, options: ReadOptions) -> KeypointSequence:
    numbers, frames, warnings = numbered.settled(source)
    nobody = np.full((len(LAYOUTS[options.layout]), 4), np.nan, np.float32)
    points = np.stack([nobody if frame is None else frame for frame in frames])
    return sequence_of(points, source, Reading(options, warnings), numbers)


def sequence_of(
    points: FloatArray, source: str, reading: Reading, numbers: list[int] | None = None
) -> KeypointSequence:
    """A sequence of points that are fractions of the frame.

    Args:
        points: (T, K, 4), NaN where missing.
        source: for people to read.
        reading: decides the frame rate and size, and which points they are.
        numbers: of the frames; counted unless given.

    Raises:
        FormatError: there are no frames, or too many.
    """
    check_frames(len(points), source)
    times = times_of(numbers if numbers is not None else range(len(points)), reading.rate())
    size = reading.size()
    if np.isnan(points[..., 0]).all():
        reading.warnings.append(NOBODY)
    layout = reading.options.layout
    return KeypointSequence(points, times, size, source=source, layout=layout, warnings=reading.warnings)
