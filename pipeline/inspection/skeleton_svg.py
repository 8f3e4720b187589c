"""Skeletons for a page: still ones as SVG paths, and moving ones as numbers for its script."""

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import INDEX, LAYOUTS

SHOWN: Final = 0.5
"""Points less visible than this are left out of a still: where they lie is a guess."""
MOST_FRAMES: Final = 4000
"""Of a longer clip the moving skeleton shows every second frame, or third: a page of a megabyte, not of ten."""
_LEAST, _SPAN = -2.0, 5.0
"""The fractions of a frame that 16 bits stand for: a point may lie far outside of it."""
_MISSING: Final = 0xFFFF
_STILL_WIDTH: Final = 160


def _side(*names: str) -> str:
    """The side of a point or a bone, by the names of its points."""
    sides = {next((side for side in ("left", "right") if side in name.split("_")), "middle") for name in names}
    return sides.pop() if len(sides) == 1 else "middle"


@dataclass(frozen=True)
class Still:
    """One frame's skeleton.

    Attributes:
        frame: its number, from 0.
        time_s: its time in seconds.
        present: whether a person was found.
        left: SVG path of the bones of the person's own left side.
        right: of the right side.
        middle: of the others.
    """

    frame: int
    time_s: float
    present: bool
    left: str
    right: str
    middle: str


def still_size(sequence: KeypointSequence) -> tuple[int, int]:
    """Width and height of a still in units of its SVG, as wide to high as the video."""
    width, height = sequence.size
    return _STILL_WIDTH, max(round(_STILL_WIDTH * height / width), 1)


def stills(sequence: KeypointSequence, most: int = 12) -> list[Still]:
    """Frames at even distances, the first and the last among them."""
    frames = np.unique(np.linspace(0, max(len(sequence) - 1, 0), most).round().astype(int))[: len(sequence)]
    present, layout = sequence.present, LAYOUTS[sequence.layout]
    drawn = []
    for frame in frames.tolist():
        points = sequence.keypoints[frame, :, :2] * still_size(sequence)
        points[sequence.visibility[frame] < SHOWN] = np.nan
        paths = dict.fromkeys(("left", "right", "middle"), "")
        for a, b in layout.bones:
            paths[_side(layout.points[a], layout.points[b])] += _path(points[a], points[b])
        drawn.append(Still(frame, float(sequence.timestamps[frame]), bool(present[frame]), **paths))
    return drawn


def _path(a: FloatArray, b: FloatArray) -> str:
    return f"M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" if np.isfinite(a + b).all() else ""


def motion(sequence: KeypointSequence) -> dict[str, Any]:
    """The sequence for the page's script: arrays as base64 of little-endian numbers, and how to read them."""
    step = max(-(-len(sequence) // MOST_FRAMES), 1)
    kept = sequence.keypoints[::step]
    layout = LAYOUTS[sequence.layout]
    places = (kept[..., :2] - _LEAST) / _SPAN * (_MISSING - 1)
    known = np.isfinite(places)
    numbers = np.where(known, np.nan_to_num(places).round().clip(0, _MISSING - 1), _MISSING)
    return {
        "step": step,
        "least": _LEAST,
        "unit": _SPAN / (_MISSING - 1),
        "missing": _MISSING,
        "size": sequence.size,
        "bones": layout.bones,
        "boneSides": [_side(layout.points[a], layout.points[b]) for a, b in layout.bones],
        "pointSides": [_side(name) for name in layout.points],
        "wrists": [INDEX[f"{side}_wrist"] for side in ("left", "right")],
        "shown": SHOWN,
        "places": _packed(numbers, "<u2"),
        "visibility": _packed((kept[..., 3] * 255).round().clip(0, 255), "<u1"),
        "times": _packed(sequence.timestamps[::step], "<f4"),
    }


def _packed(values: Any, kind: str) -> str:
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode("ascii")
