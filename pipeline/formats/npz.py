"""Many clips in one .npz: rows of MediaPipe Holistic, padded to the longest clip.

``frames`` is (clip, frame, 132, 258 or 1662), as in ``holistic``; ``gloss`` and ``signer`` are text, one a clip. That
much is what other people's recorders write. We add ``lengths`` (frames of each clip), ``mask`` (clip, frame: which are
no padding), ``timestamps`` (clip, frame: seconds), ``size`` (clip, 2: width and height), ``clip_id``, ``split``,
``synthetic``, and ``world`` (clip, frame, 99) where it was kept; what is missing is NaN. With hands, rows are 258 wide
and ``hand_presence`` (clip, frame, 2: left and right) is the visibility of their points.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.pipeline.errors import InvalidSequenceError
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.alike import layout_of
from posegloss.pipeline.formats.arrays import MOST_BYTES, Array, read_npz
from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.holistic import points_of_rows
from posegloss.pipeline.formats.listed import ListedClip
from posegloss.pipeline.formats.options import Reading, ReadOptions, check_frames, times_of
from posegloss.pipeline.formats.people import NOBODY
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import HOLISTIC75, KEYPOINT_NAMES, hand_points
from posegloss.pipeline.storing.clip import Clip

_TEXTS: Final = ("clip_id", "gloss", "signer", "split", "session")
_ARRAYS: Final = ("frames", "lengths", "timestamps", "size", "synthetic", "world", "hand_presence", *_TEXTS)
_POINTS: Final = len(KEYPOINT_NAMES)
_HANDS: Final = tuple(hand_points(side) for side in ("left", "right"))
_NUMBERS: Final = {
    **{"lengths": "iu", "timestamps": "fiu", "size": "fiu", "world": "fiu", "synthetic": "biu"},
    "hand_presence": "fiu",
}
"""The kinds of arrays (``dtype.kind``) that are no text."""


def list_npz(path: Path, options: ReadOptions) -> list[ListedClip]:
    """The clips of a .npz file.

    Raises:
        FormatError: it is none, is damaged, or has no clips in rows of MediaPipe Holistic.
    """
    arrays = read_npz(path, _ARRAYS)
    if "frames" not in arrays:
        raise FormatError(f"{path} has no array 'frames' of (clip, frame, values)")
    with told_as_format_error(path, "a .npz file of landmarks"):
        frames = arrays["frames"]
        if frames.ndim != 3:
            raise ValueError(f"frames has the shape {frames.shape}, not (clip, frame, values)")
        points_of_rows(frames[:1], options.layout)
        _check(arrays, *frames.shape[:2])
        texts = {name: [_text(value) for value in arrays[name].tolist()] for name in _TEXTS if name in arrays}
        unknown = [None] * len(frames)
        ids = texts.get("clip_id") or _ids(path, texts.get("session", unknown))
        if None in ids or len(set(ids)) < len(ids):
            raise ValueError("clip_id is not different for each clip")
    synthetic = arrays.get("synthetic", np.zeros(len(frames), bool)).astype(bool).tolist()
    labels = zip(*(texts.get(name, unknown) for name in ("gloss", "signer", "split")), synthetic, strict=True)
    return [
        ListedClip(str(clip_id), partial(_read_clip, arrays, place, f"{path}#{place}", options), *label)
        for place, (clip_id, label) in enumerate(zip(ids, labels, strict=True))
    ]


def _check(arrays: dict[str, Array], clips: int, frames: int) -> None:
    shapes = {"timestamps": (clips, frames), "size": (clips, 2), "world": (clips, frames, 3 * _POINTS)}
    shapes["hand_presence"] = (clips, frames, len(_HANDS))
    for name, array in arrays.items():
        if name != "frames" and array.shape != shapes.get(name, (clips,)):
            raise ValueError(f"{name} has the shape {array.shape}, frames is of {clips} clips of {frames} frames")
        if array.dtype.kind not in _NUMBERS.get(name, array.dtype.kind):
            raise ValueError(f"{name} holds {array.dtype}")
    lengths = arrays.get("lengths", np.zeros(1, np.int64))
    if len(lengths) and not 0 <= lengths.min() <= lengths.max() <= frames:
        raise ValueError(f"lengths are not whole numbers up to {frames}")


def _text(value: object) -> str | None:
    return (value.decode() if isinstance(value, bytes) else str(value)) or None


def _ids(path: Path, sessions: Sequence[str | None]) -> list[str]:
    root = path.resolve().name
    return ["/".join(filter(None, (root, session, f"{place:06}"))) for place, session in enumerate(sessions)]


def _read_clip(arrays: dict[str, Array], place: int, source: str, options: ReadOptions) -> KeypointSequence:
    frames = arrays["frames"][place]
    length = int(arrays["lengths"][place]) if "lengths" in arrays else len(frames)
    check_frames(length, source)
    points = points_of_rows(frames[:length], options.layout)
    if options.layout == HOLISTIC75 and "hand_presence" in arrays:
        for hand, presence in zip(_HANDS, arrays["hand_presence"][place][:length].T, strict=True):
            points[:, hand, 3] = presence[:, None]
    reading = Reading(options)
    with told_as_format_error(source, "a clip of a .npz file"):
        told = arrays["size"][place].tolist() if "size" in arrays else None
        size = reading.size((int(told[0]), int(told[1])) if told else None)
        world = arrays["world"][place][:length].reshape(length, _POINTS, 3) if "world" in arrays else None
    if "timestamps" in arrays and options.frame_rate is None:
        times = arrays["timestamps"][place][:length]
    else:
        times = times_of(range(length), reading.rate())
    # Clips without world landmarks are padded among those that have them.
    kept = None if world is None or np.isnan(world).all() else world
    if np.isnan(points[..., 0]).all():
        reading.warnings.append(NOBODY)
    try:
        return KeypointSequence(
            points, times, size, source=source, layout=options.layout, world=kept, warnings=reading.warnings
        )
    except InvalidSequenceError as error:
        raise FormatError(f"{source}: {error}") from error


def write_npz(clips: Iterable[Clip], path: Path) -> None:
    """Write clips as one .npz file, which appears whole. It is exact, but for warnings and where a clip came from.

    Raises:
        FormatError: there are no clips, more than fit into memory, clips of different points, or the file cannot be
            written.
    """
    every = list(clips)
    if not every:
        raise FormatError(f"{path}: there are no clips to write")
    layout = layout_of(every, path)
    longest = max(len(clip.sequence) for clip in every)
    world = any(clip.sequence.world is not None for clip in every)
    width = 4 * _POINTS + (3 * sum(hand.stop - hand.start for hand in _HANDS) if layout == HOLISTIC75 else 0)
    if len(every) * longest * (4 * (width + (3 * _POINTS if world else 0)) + 8) > MOST_BYTES:
        raise FormatError(f"{path}: {len(every)} clips padded to {longest} frames are too large; write .parquet")
    arrays: dict[str, Any] = {
        "frames": np.full((len(every), longest, width), np.nan, np.float32),
        "timestamps": np.full((len(every), longest), np.nan),
        "lengths": np.array([len(clip.sequence) for clip in every]),
        "size": np.array([clip.sequence.size for clip in every]),
        "synthetic": np.array([clip.synthetic for clip in every]),
    }
    arrays["mask"] = np.arange(longest) < arrays["lengths"][:, None]
    for name in ("clip_id", "gloss", "signer", "split"):
        arrays[name] = np.array([getattr(clip, name) or "" for clip in every], np.str_)
    if world:
        arrays["world"] = np.full((len(every), longest, 3 * _POINTS), np.nan, np.float32)
    if layout == HOLISTIC75:
        arrays["hand_presence"] = np.zeros((len(every), longest, len(_HANDS)), np.float32)
    for place, sequence in enumerate(clip.sequence for clip in every):
        length = len(sequence)
        arrays["frames"][place, :length, : 4 * _POINTS] = sequence.keypoints[:, :_POINTS].reshape(length, -1)
        if layout == HOLISTIC75:
            hands = [sequence.keypoints[:, hand, :3].reshape(length, -1) for hand in _HANDS]
            arrays["frames"][place, :length, 4 * _POINTS :] = np.concatenate(hands, axis=1)
            # All points of a hand have the one visibility.
            presence = np.stack([sequence.visibility[:, hand].max(axis=1) for hand in _HANDS], axis=1)
            arrays["hand_presence"][place, :length] = presence
        arrays["timestamps"][place, :length] = sequence.timestamps
        if sequence.world is not None:
            arrays["world"][place, :length] = sequence.world.reshape(length, -1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            np.savez_compressed(part, **arrays)
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}") from error
