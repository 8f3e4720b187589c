"""OpenPose's JSON: one file a frame, BODY_25 or COCO-18, versions 1.0 to 1.3.

Format: https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md ("JSON Output Format").
Versions 1.0 and 1.1 name the arrays ``pose_keypoints``, from 1.2 on ``pose_keypoints_2d``; 1.3 adds ``person_id``. Each
array is x, y, confidence for one joint after the other; a joint that was not found is three zeros. Files are named
``NAME_000000000012_keypoints.json``.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.listed import ListedClip, place_clips
from posegloss.pipeline.formats.names import BODIES, BODY, FACE, HAND
from posegloss.pipeline.formats.numbered import NumberedFrames, clips_of_frames
from posegloss.pipeline.formats.options import Reading, ReadOptions, times_of
from posegloss.pipeline.formats.people import NOBODY, follow_signer
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, INDEX, KEYPOINT_NAMES

FRAME_NAME: Final = re.compile(r"(.*?)(\d+)(?:_keypoints)?\.json", re.IGNORECASE | re.DOTALL)
_FURTHEST: Final = 1e6
_MOST_PEOPLE: Final = 1000
_MOST_VALUES: Final = 3000
_NORMALIZED: Final = 2.0
"""No person is two pixels large: such coordinates are fractions of the frame (``--keypoint_scale`` 3 and 4)."""


def list_openpose(path: Path, options: ReadOptions) -> list[ListedClip]:
    """The clips of a folder of JSON files, of a folder of such folders, or of a tar of either.

    Raises:
        FormatError: it holds no frame of OpenPose's, a tar is damaged or hostile, or hands are asked for.
    """
    if options.layout != BLAZEPOSE33:
        raise FormatError(f"of OpenPose's JSON {BLAZEPOSE33} is read, not {options.layout}")
    found = clips_of_frames(path, FRAME_NAME, parse_frame)
    if not found:
        raise FormatError(f"{path} holds no frame of OpenPose's; they are named NAME_000000000012_keypoints.json")
    placed = place_clips(path, found)

    def reader(name: str, frames: Callable[[], NumberedFrames[FloatArray]]) -> Callable[[], KeypointSequence]:
        return lambda: assemble(frames(), f"{path}/{name}".rstrip("/"), options)

    return [ListedClip(placed[name][0], reader(name, frames), placed[name][1]) for name, frames in found.items()]


def assemble(numbered: NumberedFrames[FloatArray], source: str, options: ReadOptions) -> KeypointSequence:
    """The sequence of the most prominent person in frames of OpenPose's.

    A frame whose file is missing has no timestamp; one that shows nobody, or cannot be read, is missing points.

    Raises:
        FormatError: there is no frame, or most cannot be read.
    """
    numbers, read, warnings = numbered.settled(source)
    nobody = np.empty((0, len(KEYPOINT_NAMES), 3), np.float32)
    frames = [nobody if people is None else people for people in read]
    reading = Reading(options, warnings)
    times = times_of(numbers, reading.rate())
    everybody = np.concatenate(frames)[..., :2]
    size = _size(everybody, reading)
    low, high = (float(limit(everybody, initial=0.0)) for limit in (np.nanmin, np.nanmax))
    if everybody.size and high <= _NORMALIZED:
        # From -1 to 1 where anything lies well left of or above the frame's middle, else from 0 to 1.
        scale, shift = (0.5, 0.5) if low < -0.1 else (1.0, 0.0)
        factor = np.array([*size, 1], np.float32)
        frames = [(people * [scale, scale, 1] + [shift, shift, 0]).astype(np.float32) * factor for people in frames]
    followed = follow_signer(frames, size)
    if (told := followed.warning(times.tolist())) is not None:
        reading.warnings.append(told)
    keypoints = np.zeros((len(frames), len(KEYPOINT_NAMES), 4), np.float32)
    keypoints[..., 0] = np.nan
    for number, place in enumerate(followed.places.tolist()):
        if place >= 0:
            keypoints[number][:, [0, 1, 3]] = frames[number][place] / np.array([*size, 1], np.float32)
    keypoints[..., 3] = keypoints[..., 3].clip(0, 1)
    if (followed.places < 0).all():
        reading.warnings.append(NOBODY)
    return KeypointSequence(keypoints, times, size, source=source, warnings=reading.warnings)


def _size(everybody: FloatArray, reading: Reading) -> tuple[int, int]:
    with_pixels = everybody.size and float(np.nanmax(everybody, initial=0.0)) > _NORMALIZED
    return reading.size(pixels=everybody if with_pixels else None)


def parse_frame(data: bytes) -> FloatArray:
    """The people of one frame.

    Args:
        data: the JSON.

    Returns:
        (N, 33, 3) x, y and confidence of N people, NaN where OpenPose found nothing or has no such point.

    Raises:
        ValueError: it is no JSON of OpenPose's, or its skeleton is none that is known.
    """
    frame = json.loads(data)
    people = frame.get("people") if isinstance(frame, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise ValueError("it has no list of people")
    if len(people) > _MOST_PEOPLE:
        raise ValueError(f"it has {len(people)} people")
    return np.array([_points(person) for person in people], np.float32).reshape(-1, len(KEYPOINT_NAMES), 3)


def _points(person: Mapping[str, Any]) -> FloatArray:
    points = np.full((len(KEYPOINT_NAMES), 3), np.nan, np.float32)
    body = _triples(person, "pose")
    if len(body) and len(body) not in BODIES:
        raise ValueError(f"a body has {len(body)} joints; 25 (BODY_25) and 18 (COCO) are read")
    for joint, name in zip(body, BODIES.get(len(body), ()), strict=True):
        if name in BODY:
            points[INDEX[BODY[name]]] = joint
    for part, prefix, places in (("hand_left", "left_", HAND), ("hand_right", "right_", HAND), ("face", "", FACE)):
        for place, joint in enumerate(_triples(person, part)):
            if place in places:
                points[INDEX[prefix + places[place]]] = joint
    with np.errstate(invalid="ignore"):
        wild = ~(np.abs(points) < _FURTHEST).all(axis=1) | (points[:, 2] <= 0)
    points[wild] = np.nan
    return points


def _triples(person: Mapping[str, Any], part: str) -> FloatArray:
    """(K, 3) of one of a person's arrays; none where there is no such array."""
    values = person.get(f"{part}_keypoints_2d", person.get(f"{part}_keypoints"))
    if values is None:
        return np.empty((0, 3), np.float32)
    if not isinstance(values, list) or len(values) % 3 or len(values) > _MOST_VALUES:
        raise ValueError(f"{part}_keypoints_2d is no list of x, y and confidence")
    if not all(type(value) in (int, float) for value in values):
        raise ValueError(f"{part}_keypoints_2d holds other things than numbers")
    with np.errstate(over="ignore"):
        return np.array([float(value) for value in values], np.float32).reshape(-1, 3)
