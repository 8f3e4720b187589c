"""Keypoint sequences in the signer's own frame of reference.

The origin lies between the shoulders and the unit is the distance between them, both as the median over the clip.
Nothing here reads the hips: they are out of frame in most signing videos, and the hips that the network invents
there follow the camera's framing, not the signer.

Where a layout has hands, they are in the signer's frame, too, and ``hands_in_own_frame`` has each in its own.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.errors import NoSignerError, SettingsError
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import (
    HAND_NAMES,
    HOLISTIC75,
    INDEX,
    LEFT_SHOULDER,
    RIGHT_SHOULDER,
    hand_points,
)

_MIDDLE_KNUCKLE: Final = HAND_NAMES.index("middle_finger_mcp")
_LEAST_PALM: Final = 0.5
"""Pixels."""


@dataclass(frozen=True)
class Normalization:
    """How a sequence is normalized. Saved with every classifier that was trained on the result.

    Attributes:
        min_visibility: points less visible than this are missing.
        level_shoulders: turn the picture so that the line of the shoulders is level.
        fill_gap_s: gaps of a point up to this long, in seconds, with the point seen on both sides, are
            interpolated linearly in time; 0 fills nothing.
    """

    min_visibility: float = 0.1
    level_shoulders: bool = False
    fill_gap_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class NormalizedSequence:
    """A sequence in the signer's frame.

    Attributes:
        keypoints: (T, K, 4) float32: x, y, z in shoulder widths from the middle of the shoulders (x right in the
            picture, y down, z smaller is nearer), and visibility. A missing point is NaN with visibility 0. A hand's
            depth, which a sequence has from the hand's own wrist, is that plus the body's wrist's here; where the body
            lacks that wrist, the hand is as deep as the shoulders.
        timestamps: (T,) float64 seconds.
        origin: x, y, z of the middle of the shoulders in pixels of the frame.
        unit: the shoulder distance in pixels of the frame.
        angle: the radians that the picture was turned by to level the shoulders, clockwise as seen.
    """

    keypoints: FloatArray
    timestamps: npt.NDArray[np.float64]
    origin: FloatArray
    unit: float
    angle: float


def normalize(sequence: KeypointSequence, settings: Normalization | None = None) -> NormalizedSequence:
    """Put a sequence into the signer's own frame of reference.

    Raises:
        NoSignerError: no frame shows both shoulders at some distance from each other.
    """
    settings = settings or Normalization()
    masked = sequence.without_low_visibility(settings.min_visibility)
    points = masked.pixels()
    hands = _hands_of(sequence.layout)
    left, right = points[:, LEFT_SHOULDER], points[:, RIGHT_SHOULDER]
    both = ~np.isnan(left[:, 0] + right[:, 0])
    if not both.any():
        raise NoSignerError(
            f"{sequence.source or 'the sequence'}: no frame shows both shoulders with a visibility of at least "
            f"{settings.min_visibility}; check that the clip shows a person from the front"
        )
    left, right = left[both], right[both]
    origin = np.median((left + right) / 2, axis=0)
    # In the picture plane only: the network's depth is too coarse to be part of a unit.
    unit = float(np.median(np.hypot(*(left - right)[:, :2].T)))
    if unit < 1:
        raise NoSignerError(f"{sequence.source or 'the sequence'}: the shoulders lie less than one pixel apart")
    for wrist, hand in hands:
        depth = points[:, wrist, 2]
        points[:, hand, 2] += np.where(np.isnan(depth), origin[2], depth)[:, None]
    points = (points - origin) / np.float32(unit)
    angle = 0.0
    if settings.level_shoulders:
        across = np.median(left - right, axis=0)
        angle = -float(np.arctan2(across[1], across[0]))
        points = _turn(points, angle)
    keypoints = np.concatenate([points, masked.keypoints[..., 3:]], axis=-1).astype(np.float32)
    if settings.fill_gap_s > 0:
        keypoints = fill_gaps(keypoints, sequence.timestamps, settings.fill_gap_s)
    return NormalizedSequence(keypoints, sequence.timestamps, origin, unit, angle)


def hands_in_own_frame(sequence: KeypointSequence) -> FloatArray:
    """Each hand seen from its own wrist, in units of its own palm.

    What is left is the hand's shape and how it is turned: where it is and how large it looks is gone. The unit is the
    median over the clip of the distance from the wrist to the knuckle of the middle finger, depth included: measured on
    14 signing clips, it varies less from frame to frame so than in the picture's plane alone (the middle half of the
    frames spans 17.5 % of the median, against 22.6 %).

    Args:
        sequence: of the layout holistic75.

    Returns:
        (T, 2, 21, 4) float32, the left hand and the right one: x right in the picture, y down, z smaller is nearer,
        and visibility. A hand that is missing is NaN with visibility 0, and so is one whose palm is half a pixel large.

    Raises:
        SettingsError: the sequence's layout has no hands.
    """
    hands = _hands_of(sequence.layout)
    if not hands:
        raise SettingsError(f"{sequence.source or 'the sequence'} has the points {sequence.layout}, without hands")
    points = sequence.pixels()
    own = np.empty((len(sequence), len(hands), len(HAND_NAMES), 4), np.float32)
    for place, (_, hand) in enumerate(hands):
        from_wrist = points[:, hand] - points[:, hand][:, :1]
        palms = np.linalg.norm(from_wrist[:, _MIDDLE_KNUCKLE], axis=-1)
        known = palms[np.isfinite(palms)]
        unit = float(np.median(known)) if len(known) else 0.0
        own[:, place, :, :3] = from_wrist / np.float32(unit) if unit > _LEAST_PALM else np.nan
        own[:, place, :, 3] = sequence.visibility[:, hand]
    own[np.isnan(own[..., 0])] = (np.nan, np.nan, np.nan, 0)
    return own


def _hands_of(layout: str) -> list[tuple[int, slice]]:
    """For the left and the right hand the body's wrist and the hand's points; none where the layout has no hands."""
    if layout != HOLISTIC75:
        return []
    return [(INDEX[f"{side}_wrist"], hand_points(side)) for side in ("left", "right")]


def _turn(points: FloatArray, angle: float) -> FloatArray:
    cos, sin = np.cos(angle), np.sin(angle)
    turned = points.copy()
    turned[..., 0] = cos * points[..., 0] - sin * points[..., 1]
    turned[..., 1] = sin * points[..., 0] + cos * points[..., 1]
    return turned


def fill_gaps(keypoints: FloatArray, timestamps: npt.NDArray[np.float64], longest_s: float) -> FloatArray:
    """Interpolate short gaps linearly in time, a point at a time; visibility too.

    Args:
        keypoints: (T, K, 4) with NaN where a point is missing.
        timestamps: (T,) seconds.
        longest_s: only gaps whose two seen neighbours lie at most this far apart are filled.

    Returns:
        A copy in which those gaps are filled. What lies before the first or after the last sight of a point, and
        every longer gap, stays missing.
    """
    frames = len(keypoints)
    seen = ~np.isnan(keypoints[..., 0])
    index = np.arange(frames)[:, None]
    before = np.maximum.accumulate(np.where(seen, index, -1), axis=0)
    after = np.minimum.accumulate(np.where(seen, index, frames)[::-1], axis=0)[::-1]
    between = ~seen & (before >= 0) & (after < frames)
    start, end = timestamps[before], timestamps[np.minimum(after, frames - 1)]
    # Where a gap is exactly the longest, rounding must not decide.
    between &= end - start <= longest_s + 1e-6
    frame, point = np.nonzero(between)
    a, b = before[frame, point], after[frame, point]
    weight = ((timestamps[frame] - timestamps[a]) / (timestamps[b] - timestamps[a]))[:, None]
    filled = keypoints.copy()
    filled[frame, point] = (1 - weight) * keypoints[a, point] + weight * keypoints[b, point]
    return filled
