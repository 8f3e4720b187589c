"""Which hand leads a sign, so that left-handed signing can be seen as right-handed signing in a mirror.

Left-handed people mirror signs, and some cameras mirror everybody. Training on mirrored copies of all clips costs
accuracy, because much of what tells glosses apart is then said of either hand. Here only clips in which the left
hand clearly leads are mirrored: signs of both hands stay as they are.
"""

from functools import partial
from typing import Any, Final

from posegloss.classifiers.families.past import Past, mean_of_sums, preceded, weighed_sums
from posegloss.classifiers.input_points import InputPoints
from posegloss.pipeline.keras_backend import ops

# A hand leads by this much where it does all of a sign's movement and the other rests: see ``lead_of_right``.
_ONE_HANDED: Final = 1.0
# How fast the certainty rises between a sign of both hands and one of a single hand.
_STEEPNESS: Final = 12.0
# What counts as raised, in shoulder widths below the shoulders: a hanging hand lies lower.
_HANGING: Final = 1.5


def lead_of_right(inputs: Any, points: InputPoints, rate_hz: float, past: Past | None = None) -> Any:
    """How far the right hand leads a sign: about 1 where only it signs, 0 where both do, -1 where only the left does.

    Half a wrist's mean speed in shoulder widths a second, and how high above a hanging hand it is held on average in
    shoulder widths; that of the left hand is subtracted from that of the right.

    Args:
        inputs: (B, T, K, 2) with NaN where a point is missing.
        points: what they are.
        rate_hz: frames a second.
        past: of the frames before in a stream, which count, too.

    Returns:
        (B,)
    """
    past = past or Past()
    right, left = (
        past.follow(f"{side}_activity", partial(_activity, rate_hz), inputs[:, :, points.index[f"{side}_wrist"]])
        for side in ("right", "left")
    )
    return right - left


def right_handedness(inputs: Any, points: InputPoints, rate_hz: float, past: Past | None = None) -> Any:
    """(B,) the weight from 0 to 1 with which a clip counts as it is, and not as its mirror image."""
    return ops.sigmoid(_STEEPNESS * (lead_of_right(inputs, points, rate_hz, past) + _ONE_HANDED / 2))


def mirror(inputs: Any, points: InputPoints) -> Any:
    """Inputs (B, T, K, 2) as a mirror shows them; ``InputPoints.mirror`` within a graph."""
    return ops.take(inputs, points.mirrored, axis=2) * ops.convert_to_tensor([-1.0, 1.0], dtype=inputs.dtype)


def _activity(rate_hz: float, wrist: Any, state: Any) -> tuple[Any, Any]:
    """(B,) of a wrist's path (B, T, 2); kept are where it was last, and what was added up."""
    last, *sums_before = state or (None, 0.0, 0.0)
    seen = ops.logical_not(ops.isnan(wrist[..., :1]))
    path = ops.concatenate([ops.where(seen, wrist, 0.0), ops.cast(seen, wrist.dtype)], axis=-1)
    reached = preceded(path, last, 1)
    step = path[..., :2] - reached[:, :-1, :2]
    # The small term keeps the root's slope finite.
    speed = ops.sqrt(ops.sum(step * step, axis=-1, keepdims=True) + 1e-12) * rate_hz
    height = ops.clip(_HANGING - path[..., 1:2], 0.0, 2 * _HANGING)
    both, there = reached[:, :-1, 2] * path[..., 2], path[..., 2]
    sums = [
        before + ops.sum(weighed_sums(values, weight), axis=1)
        for before, values, weight in zip(sums_before, (speed, height), (both, there), strict=True)
    ]
    return (0.5 * mean_of_sums(sums[0]) + mean_of_sums(sums[1]))[:, 0], (reached[:, -1:], *sums)
