"""Reading .pose files: MediaPipe holistic, OpenPose and COCO-wholebody headers, by the names of their points.

Format: https://github.com/sign-language-processing/pose (docs/specs), versions 0.0 to 0.2. x and y are pixels of the
frame; MediaPipe's z is left as MediaPipe gives it, in units of x (``pose_format/utils/holistic.py``), which is what a
KeypointSequence has, too. A point of confidence 0 is masked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pose_format import Pose, PoseHeader
from pose_format.utils.reader import BufferReader, ConstStructs

from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.names import counterparts, hand_counterparts
from posegloss.pipeline.formats.numbered import read_small
from posegloss.pipeline.formats.options import Reading, ReadOptions, check_frames, times_of
from posegloss.pipeline.formats.people import MOST_PEOPLE, NOBODY, follow_signer
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75, INDEX, KEYPOINT_NAMES, LAYOUTS

WORLD: Final = "POSE_WORLD_LANDMARKS"
BODY: Final = "POSE_LANDMARKS"
HARDLY: Final = np.finfo(np.float32).tiny
"""What we write for a visibility of 0: a confidence of 0 says that the point is missing."""
_MAX_BYTES: Final = 2 << 30
_MOST_POINTS: Final = 10_000
_MOST_DIMENSIONS: Final = 8
_MOST_VALUES: Final = 1 << 27
_FURTHEST: Final = 1e6
_DEPTH_IN_PIXELS: Final = 20.0
"""Of frame widths; nobody's hand is so far before his hips."""


@dataclass(frozen=True)
class _Columns:
    """Which points of the body are which of the layout's, and which of its dimensions are x, y and z."""

    places: dict[int, int]
    world: dict[int, int]
    of_hands: frozenset[int]
    axes: tuple[int, int, int | None]


def read_pose(path: Path, options: ReadOptions) -> KeypointSequence:
    """The sequence in a .pose file; of several people the most prominent one.

    Raises:
        FormatError: it is no .pose file, is damaged, has none of the 33 points, or no hands where these are asked for.
    """
    layout = options.layout
    data = read_small(path, _MAX_BYTES)
    with told_as_format_error(path, "a .pose file"):
        _check_claims(data)
        pose = Pose.read(data)
        header, fps = pose.header, float(pose.body.fps)
        values = np.ma.getdata(pose.body.data)
        confidence = np.asarray(np.ma.getdata(pose.body.confidence))
        columns = _columns(header, layout)
    frames, people = confidence.shape[:2]
    check_frames(frames * min(people, MOST_PEOPLE), path)
    body_points = len(KEYPOINT_NAMES)
    lacking = "none of the 33 points" if not any(point < body_points for point in columns.places) else ""
    if layout == HOLISTIC75 and not any(point >= body_points for point in columns.places):
        lacking = f"no hands, which the layout {layout} has"
    if lacking:
        found = ", ".join(component.name[:40] for component in header.components[:8])
        raise FormatError(f"{path} has {lacking}; its components are {found or 'none'}")
    reading = Reading(options)
    times = times_of(range(frames), reading.rate(_plain(fps)))
    body = _gather(values, confidence, columns.places, columns.axes, layout)
    size = reading.size((header.dimensions.width, header.dimensions.height), body[..., :2])
    chosen = np.zeros(frames, np.intp)
    if people > 1:
        followed = follow_signer(body[:, :, :body_points, [0, 1, 3]], size)
        chosen = followed.places
        if (told := followed.warning(times.tolist())) is not None:
            reading.warnings.append(told)
    keypoints = _of_person(body, chosen)
    if _looks_like_pixels(keypoints[:, :body_points, 2]):
        keypoints[..., 2] /= size[0]
        reading.warnings.append("depth is in pixels or another unit; it was divided by the frame's width")
    else:
        _add_hand_depth(keypoints, columns.of_hands)
    keypoints[..., :2] = keypoints[..., :2].astype(np.float64) / size
    keypoints[..., 3] = np.where(keypoints[..., 3] <= HARDLY, 0, keypoints[..., 3].clip(0, 1))
    world = None
    if columns.world:
        world = _of_person(_gather(values, confidence, columns.world, columns.axes, BLAZEPOSE33), chosen)[..., :3]
    if np.isnan(keypoints[..., 0]).all():
        reading.warnings.append(NOBODY)
    return KeypointSequence(
        keypoints, times, size, source=str(path), layout=layout, world=world, warnings=reading.warnings
    )


def _check_claims(data: bytes) -> None:
    """Refuse a header that makes pose-format reserve far more memory than the file has bytes."""
    reader = BufferReader(data)
    header = PoseHeader.read(reader)
    points = header.total_points()
    if not 0 < points <= _MOST_POINTS or header.num_dims() > _MOST_DIMENSIONS:
        raise ValueError(f"a header of {points} points in {header.num_dims()} dimensions")
    if header.version == 0:
        _, frames = reader.unpack(ConstStructs.double_ushort)
        # There a frame without people is two bytes, which become an array of zeros.
        if frames * points * header.num_dims() > _MOST_VALUES:
            raise ValueError(f"{frames} frames of {points} points")


def _plain(fps: float) -> float:
    """A rate as the ratio of small numbers that it was before it became a float32 (30000/1001, 29.97)."""
    if not 0 < fps < np.inf:
        return np.nan
    ratio = float(Fraction(fps).limit_denominator(1001))
    return ratio if np.float32(ratio) == np.float32(fps) else fps


def _columns(header: Any, layout: str) -> _Columns:
    places: dict[int, int] = {}
    world: dict[int, int] = {}
    of_hands = set()
    starts = np.cumsum([0, *(len(component.points) for component in header.components)]).tolist()
    # Bodies before hands, which fill what the body lacks.
    listed = sorted(zip(header.components, starts, strict=False), key=lambda one: "hand" in one[0].name.lower())
    for component, start in listed:
        if component.name == WORLD:
            world = {INDEX[name]: start + place for place, name in counterparts(BODY, component.points).items()}
        for place, name in counterparts(component.name, component.points).items():
            if INDEX[name] not in places:
                places[INDEX[name]] = start + place
                if "hand" in component.name.lower() and "Z" in component.format:
                    of_hands.add(INDEX[name])
        if layout == HOLISTIC75:
            index = LAYOUTS[layout].index
            for place, name in hand_counterparts(component.name, component.points).items():
                places.setdefault(index[name], start + place)
    letters = max((component.format for component in header.components), key=len)
    axes = letters.index("X"), letters.index("Y"), letters.index("Z") if "Z" in letters else None
    return _Columns(places, world, frozenset(of_hands), axes)


def _gather(
    values: FloatArray,
    confidence: FloatArray,
    places: Mapping[int, int],
    axes: tuple[int, int, int | None],
    layout: str,
) -> FloatArray:
    """(T, N, K, 4) x, y, z and confidence of N people, NaN where missing; a depth that is not told is 0."""
    people = min(confidence.shape[1], MOST_PEOPLE)
    gathered = np.full((len(values), people, len(LAYOUTS[layout]), 4), np.nan, np.float32)
    for point, place in places.items():
        for axis, of in enumerate(axes):
            gathered[:, :, point, axis] = 0 if of is None else values[:, :people, place, of]
        gathered[:, :, point, 3] = confidence[:, :people, place]
    with np.errstate(invalid="ignore"):
        there = (np.abs(gathered) < _FURTHEST).all(axis=-1) & (gathered[..., 3] > 0)
    gathered[~there] = np.nan
    return gathered


def _of_person(body: FloatArray, chosen: npt.NDArray[np.intp]) -> FloatArray:
    """(T, K, 4) of the person in the chosen place of each frame; NaN where that is negative."""
    keypoints: FloatArray = body[np.arange(len(body)), chosen]
    keypoints[chosen < 0] = np.nan
    return keypoints


def _add_hand_depth(keypoints: FloatArray, of_hands: frozenset[int]) -> None:
    """MediaPipe's hands have their depth from the wrist, its body from the hips."""
    for point in of_hands:
        wrist = INDEX[f"{KEYPOINT_NAMES[point].partition('_')[0]}_wrist"]
        # A hand may be seen whose wrist the body lacks.
        keypoints[:, point, 2] += np.nan_to_num(keypoints[:, wrist, 2])


def _looks_like_pixels(depth: FloatArray) -> bool:
    known = depth[~np.isnan(depth)]
    return bool(len(known)) and float(np.median(np.abs(known))) > _DEPTH_IN_PIXELS
