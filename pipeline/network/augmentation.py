"""Other views of an example: turned, scaled, shifted, mirrored, in other colors, partly hidden.

Bazarevsky et al. 2020, section 2.6: ten per cent of scale and shift stand for the movement between two frames and for
an inexact region; random rectangles hide points, whose visibility the network is to tell.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.pipeline.network.description import CELL
from posegloss.pipeline.network.example import CONTEXT, MIRROR_ALIGNED, SIDE
from posegloss.pipeline.roi import Image, RegionOfInterest
from posegloss.pipeline.skeleton import MIRROR

FloatArray = npt.NDArray[np.float32]
Values = dict[str, npt.NDArray[Any]]

_CORNERS: Final = np.array([[0, 0], [1, 0], [0, 1]], np.float64)
_OF_PICTURE: Final = RegionOfInterest((SIDE / 2, SIDE / 2), SIDE / CONTEXT)


@dataclass(frozen=True)
class Augmentation:
    """How far views go: far, since networks as small as Lite remember a few thousand people (docs/paper.md).

    Attributes:
        scale: at most by this factor larger or smaller, minus one.
        shift: at most by this part of the region's side, each way.
        turn: standard deviation of the angle in degrees; at most three times that.
        mirror: chance of a mirrored view.
        color: at most so much of contrast, brightness and saturation, as parts.
        gray: chance of a picture without color.
        blur: chance of a picture of fewer pixels, as distant people have.
        hide: chance of rectangles over the picture, one to three.
        backdrop: chance that the person stands in front of another example's picture.
    """

    scale: float = 0.25
    shift: float = 0.1
    turn: float = 14.0
    mirror: float = 0.5
    color: float = 0.35
    gray: float = 0.1
    blur: float = 0.15
    hide: float = 0.35
    backdrop: float = 0.5


NONE: Final = Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)


def view(
    picture: Image, values: Values, side: int, augmentation: Augmentation, rng: np.random.Generator
) -> tuple[Image, Values]:
    """One view of an example.

    Args:
        picture: (352, 352, 3), as ``Example`` has it.
        values: what is known of it, as ``Example`` has it; ``maps`` may be left out.
        side: pixels of the view.
        augmentation: how far it goes.
        rng: decides.

    Returns:
        (side, side, 3) uint8, and the values with all coordinates in the view. ``presence`` and ``visibility`` of a
        point that left the view are 0, ``visibility`` of one that is hidden, too.
    """
    scale = (1 + augmentation.scale) ** rng.uniform(-1, 1)
    angle = np.deg2rad(augmentation.turn * np.clip(rng.standard_normal(), -3, 3))
    shift = rng.uniform(-augmentation.shift, augmentation.shift, 2) * _OF_PICTURE.side
    center = (_OF_PICTURE.center[0] + float(shift[0]), _OF_PICTURE.center[1] + float(shift[1]))
    region = RegionOfInterest(center, _OF_PICTURE.side * scale, float(angle))
    mirrored = rng.random() < augmentation.mirror
    result = _cut(picture, region, side, mirrored)
    values = _seen(values, region, scale, side, mirrored)
    result = _colored(result, augmentation, rng)
    if rng.random() < augmentation.blur:
        small = int(side * rng.uniform(0.25, 0.7))
        fewer = cv2.resize(result, (small, small), interpolation=cv2.INTER_AREA)
        result = np.asarray(cv2.resize(fewer, (side, side)), np.uint8)
    if rng.random() < augmentation.hide:
        _hide(result, values, rng)
    return result, values


def _cut(picture: Image, region: RegionOfInterest, side: int, mirrored: bool) -> Image:
    """Bilinear; corners of the view at 0 and ``side``, as ``Cropper`` has them."""
    matrix = _to_view(region.to_frame(_CORNERS), side, mirrored)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _to_view(corners: npt.NDArray[np.float64], side: int, mirrored: bool) -> npt.NDArray[np.float64]:
    """(2, 3) the affine map from three corners (3, 2) of a region, as ``_CORNERS`` has them, to those of a view."""
    ends = _CORNERS * side
    if mirrored:
        ends[:, 0] = side - ends[:, 0]
    return np.asarray(cv2.getAffineTransform(corners.astype(np.float32), ends.astype(np.float32)), np.float64)


def _seen(values: Values, region: RegionOfInterest, scale: float, side: int, mirrored: bool) -> Values:
    points = values["points"].copy()
    points[:, :2] = region.from_frame(_OF_PICTURE.to_frame(points[:, :2]))
    points[:, 2] /= scale
    world = values["world"].copy()
    world[:, :2] = RegionOfInterest((0, 0), 1, -region.rotation).turn(world[:, :2])
    trust, visibility, presence = (values[name].copy() for name in ("trust", "visibility", "presence"))
    if mirrored:
        points, trust = points[MIRROR_ALIGNED], trust[MIRROR_ALIGNED]
        points[:, 0] = 1 - points[:, 0]
        world, visibility, presence = world[MIRROR], visibility[MIRROR], presence[MIRROR]
        world[:, 0] *= -1
    with np.errstate(invalid="ignore"):
        outside = ((points[: len(MIRROR), :2] < 0) | (points[: len(MIRROR), :2] >= 1)).any(axis=1)
    visibility[outside] = presence[outside] = 0
    if "maps" in values:
        values = values | {"maps": _moved(values["maps"], region, side // CELL, mirrored)}
    return values | {"points": points, "trust": trust, "visibility": visibility, "presence": presence, "world": world}


def _moved(maps: npt.NDArray[np.uint8], region: RegionOfInterest, cells: int, mirrored: bool) -> npt.NDArray[np.uint8]:
    """(cells, cells, 35) what a teacher's maps are in the view; it knows nothing of what lies around its region."""
    matrix = _to_view(_OF_PICTURE.from_frame(region.to_frame(_CORNERS)) * len(maps), cells, mirrored)
    # OpenCV warps four channels at once at most.
    parts = (np.ascontiguousarray(maps[..., start : start + 4]) for start in range(0, maps.shape[2], 4))
    moved = [cv2.warpAffine(part, matrix, (cells, cells)).reshape(cells, cells, -1) for part in parts]
    result = np.concatenate(moved, axis=2, dtype=np.uint8)
    return result[..., MIRROR_ALIGNED] if mirrored else result


def _colored(picture: Image, augmentation: Augmentation, rng: np.random.Generator) -> Image:
    if not augmentation.color:
        return picture
    contrast, saturation = 1 + rng.uniform(-augmentation.color, augmentation.color, 2)
    if rng.random() < augmentation.gray:
        saturation = 0.0
    tint = 255 * augmentation.color * (rng.uniform(-0.6, 0.6) + rng.uniform(-0.15, 0.15, 3))
    # One matrix for all three: colors drawn towards gray, then contrast around the middle, then a tint.
    gray = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    matrix = contrast * (saturation * np.eye(3) + (1 - saturation) * gray)
    moved = np.column_stack([matrix, tint + 127.5 * (1 - contrast)])
    return np.asarray(cv2.transform(picture, moved), np.uint8)


def _hide(picture: Image, values: Values, rng: np.random.Generator) -> None:
    side = len(picture)
    for _ in range(rng.integers(1, 4)):
        size = rng.uniform(0.05, 0.3, 2)
        left, top = rng.uniform(-0.05, 1, 2)
        columns = slice(max(int(left * side), 0), int((left + size[0]) * side))
        rows = slice(max(int(top * side), 0), int((top + size[1]) * side))
        patch = picture[rows, columns]
        patch[:] = rng.integers(0, 256, 3) if rng.random() < 0.5 else rng.integers(0, 256, patch.shape)
        x, y = values["points"][: len(MIRROR), :2].T
        with np.errstate(invalid="ignore"):
            under = (x >= left) & (x < left + size[0]) & (y >= top) & (y < top + size[1])
        values["visibility"][under] = 0
