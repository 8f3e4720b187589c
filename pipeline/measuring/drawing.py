"""Pictures with what was marked and what was found drawn over them, and curves, for the page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.roi import Image
from posegloss.pipeline.skeleton import BONES, INDEX

FloatArray = npt.NDArray[np.float64]
TRUTH: Final = (0, 200, 83)
FOUND: Final = (236, 64, 196)
"""RGB."""
WIDTH, HEIGHT = 640, 300
_SIDE: Final = 360
_JPEG_QUALITY: Final = 80
_LIMBS: Final = tuple(
    (a, b) for a, b in BONES if min(a, b) >= INDEX["left_shoulder"] and max(a, b) <= INDEX["right_ankle"]
)


@dataclass(frozen=True)
class Curve:
    """PCK over the threshold, as an SVG polyline in WIDTH by HEIGHT; y grows downwards there."""

    system: str
    points: str
    color: int


def curves(names: Sequence[str], thresholds: FloatArray, shares: Sequence[FloatArray]) -> list[Curve]:
    """A line a system."""
    x = WIDTH * thresholds / thresholds[-1]
    return [
        Curve(
            name,
            " ".join(f"{a:.1f},{HEIGHT * (1 - b):.1f}" for a, b in zip(x, values, strict=True) if np.isfinite(b)),
            place % 8,
        )
        for place, (name, values) in enumerate(zip(names, shares, strict=True))
    ]


def drawn(picture: Picture, truth: FloatArray, found: FloatArray, places: Sequence[int]) -> str:
    """A picture with two poses, as a data URI of a jpeg.

    Args:
        picture: the picture; shown no larger than 360 pixels a side.
        truth: (33, 2) pixels, NaN where nothing was marked.
        found: (33, 2) pixels, NaN where nothing was found.
        places: the points to draw.
    """
    scale = min(1.0, _SIDE / max(picture.size))
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    canvas: Image = np.ascontiguousarray(cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    for points, color in ((truth, TRUTH), (found, FOUND)):
        _draw(canvas, points * scale, set(places), color)
    done, data = cv2.imencode(".jpg", canvas[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    assert done
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _draw(canvas: Image, points: FloatArray, places: set[int], color: tuple[int, int, int]) -> None:
    # Far outside the picture OpenCV's fixed point overflows.
    near = np.asarray((np.abs(np.nan_to_num(points, nan=np.inf)) < 10 * _SIDE).all(axis=1))
    shown = {place: tuple(int(value) for value in points[place].round()) for place in places if near[place]}
    for a, b in _LIMBS:
        if a in shown and b in shown:
            cv2.line(canvas, shown[a], shown[b], color, 2, cv2.LINE_AA)
    for place in shown.values():
        cv2.circle(canvas, place, 3, color, cv2.FILLED, cv2.LINE_AA)
