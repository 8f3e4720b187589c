"""Writing .pose files that the tools around pose-format take for MediaPipe holistic ones.

Components, points and units as in ``pose_format/utils/holistic.py``, version 0.2 of the format. What is read back is
equal: z, visibility, world landmarks and what is missing exactly; x and y to the last bit if they came from a .pose
file, else to one step of a float32, as the format has them in pixels.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from pose_format import Pose, PoseHeader
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeaderComponent, PoseHeaderDimensions

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.names import MEDIAPIPE_HANDS
from posegloss.pipeline.formats.pose_reading import BODY, HARDLY, WORLD
from posegloss.pipeline.formats.steady import at_steady_rate
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import (
    BONES,
    HAND_BONES,
    HAND_NAMES,
    HOLISTIC75,
    KEYPOINT_NAMES,
    hand_points,
)

_VERSION: Final = 0.2
_LARGEST: Final = 0xFFFF


def write_pose(sequence: KeypointSequence, path: Path) -> tuple[str, ...]:
    """Write a sequence as a .pose file, which appears whole.

    The format has a frame rate and no timestamps: times start at 0, and irregular ones are interpolated
    (``at_steady_rate``). It has no warnings and no source either.

    Args:
        sequence: of at least one frame.
        path: of the file.

    Returns:
        Warnings of what changed on the way.

    Raises:
        FormatError: the sequence has no frames, or frames too large for the format, or the file cannot be written.
    """
    if not len(sequence):
        raise FormatError(f"{path}: a clip without frames cannot be a .pose file")
    if max(sequence.size) > _LARGEST:
        raise FormatError(f"{path}: a .pose file has frames of at most {_LARGEST} pixels, this clip {sequence.size}")
    steady, rate = at_steady_rate(sequence)
    pixels, body_points = _in_pixels(steady), len(KEYPOINT_NAMES)
    parts = [pixels[:, :body_points]]
    components = [_body(BODY)]
    if steady.layout == HOLISTIC75:
        for side, name in MEDIAPIPE_HANDS.items():
            parts.append(pixels[:, hand_points(side)])
            components.append(_component(name, HAND_NAMES, HAND_BONES))
    if steady.world is not None:
        parts.append(np.concatenate([steady.world, steady.visibility[:, :body_points, None]], axis=-1))
        components.append(_body(WORLD))
    points = np.concatenate([_masked(part) for part in parts], axis=1)[:, None]
    header = PoseHeader(_VERSION, PoseHeaderDimensions(*steady.size, steady.size[0]), components)
    body = NumPyPoseBody(rate, np.ascontiguousarray(points[..., :3]), np.ascontiguousarray(points[..., 3]))
    buffer = io.BytesIO()
    Pose(header, body).write(buffer)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_bytes(buffer.getvalue())
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}") from error
    return tuple(steady.warnings[len(sequence.warnings) :])


def _in_pixels(sequence: KeypointSequence) -> FloatArray:
    # Rounded once: then reading the file and writing it again changes nothing.
    points = sequence.keypoints.astype(np.float64)
    points[..., :2] *= sequence.size
    return points.astype(np.float32)


def _masked(points: FloatArray) -> FloatArray:
    """With zeros, of confidence 0, where a point is missing, and above 0 where it is not."""
    missing = np.isnan(points[..., :3]).any(axis=-1)
    confident = np.maximum(np.nan_to_num(points[..., 3]), HARDLY)
    masked = np.concatenate([points[..., :3], confident[..., None]], axis=-1)
    masked[missing] = 0
    return masked


def _body(name: str) -> Any:
    return _component(name, KEYPOINT_NAMES, BONES)


def _component(name: str, points: Sequence[str], bones: Sequence[tuple[int, int]]) -> Any:
    return PoseHeaderComponent(name, [point.upper() for point in points], list(bones), [(255, 0, 0)], "XYZC")
