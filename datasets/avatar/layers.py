"""Pictures of the parts that hardly change within a clip, painted once and then moved over the frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.strips import Image

Floats = npt.NDArray[np.float32]
_SHIFT: Final = 4


class Layer:
    """A transparent canvas to paint on, in units of its own.

    Args:
        box: left, top, right and bottom of the canvas in those units.
        scale: pixels a unit.
    """

    def __init__(self, box: tuple[float, float, float, float], scale: float) -> None:
        self.origin = np.array(box[:2])
        self.scale = scale
        width, height = np.ceil((np.array(box[2:]) - self.origin) * scale).astype(int)
        self.pixels: Floats = np.zeros((height, width, 4), np.float32)  # RGB times opacity, then opacity

    def grid(self) -> tuple[Floats, Floats]:
        """Coordinates x (1, W) and y (H, 1) of the pixels in the canvas's units."""
        height, width = self.pixels.shape[:2]
        x = np.arange(width, dtype=np.float32) / self.scale + self.origin[0]
        y = np.arange(height, dtype=np.float32) / self.scale + self.origin[1]
        return x[None].astype(np.float32), y[:, None].astype(np.float32)

    def mask(self, outline: Array | Sequence[tuple[float, float]]) -> Floats:
        """(H, W) coverage from 0 to 1 of a polygon (k, 2)."""
        mask = np.zeros(self.pixels.shape[:2], np.uint8)
        points = np.round((np.asarray(outline, float) - self.origin) * self.scale * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [points], (255,), cv2.LINE_AA, _SHIFT)
        return np.asarray(mask / 255, np.float32)

    def fill(
        self,
        outline: Array | Sequence[tuple[float, float]],
        colour: Array | Sequence[float],
        opacity: float = 1.0,
        soft: float = 0.0,
        clip: Floats | None = None,
    ) -> None:
        """Paint a polygon over what is there.

        Args:
            outline: (k, 2) in the canvas's units.
            colour: RGB, 0 to 255.
            opacity: 0 to 1.
            soft: standard deviation of the blur of the edge, in the canvas's units.
            clip: (H, W) coverage to paint within.
        """
        points = (np.asarray(outline, float) - self.origin) * self.scale
        margin = 2 + 3 * soft * self.scale
        height, width = self.pixels.shape[:2]
        x0, y0 = np.maximum(np.floor(points.min(0) - margin), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(points.max(0) + margin), (width, height)).astype(int)
        if x0 >= x1 or y0 >= y1:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        corners = np.round((points - (x0, y0)) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [corners], (255,), cv2.LINE_AA, _SHIFT)
        cover = np.asarray(mask, np.float32) * np.float32(opacity / 255)
        if soft:
            cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), soft * self.scale), np.float32)
        if clip is not None:
            cover = cover * clip[y0:y1, x0:x1]
        self.over(colour, cover, (slice(y0, y1), slice(x0, x1)))

    def over(self, colour: Array | Sequence[float], cover: Floats, where: tuple[slice, slice] | None = None) -> None:
        """Paint a colour over what is there, as opaque as a coverage (h, w) of the rows and columns `where`."""
        part = self.pixels if where is None else self.pixels[where]
        ink = np.array([*colour, 1.0], np.float32)
        part *= 1 - cover[..., None]
        part += cover[..., None] * ink

    def light(self, factor: Floats) -> None:
        """Multiply the brightness by a field (H, W)."""
        colour = self.pixels[..., :3]
        colour *= factor[..., None]
        np.minimum(colour, 255 * self.pixels[..., 3:], out=colour)

    def sprite(self) -> "Sprite":
        """The finished picture."""
        colour = np.round(self.pixels[..., :3]).astype(np.uint8)
        rest = np.round(255 * (1 - self.pixels[..., 3])).astype(np.uint8)
        return Sprite(colour, rest, self.origin, self.scale)


@dataclass(frozen=True, eq=False)
class Sprite:
    """A picture with transparency.

    Attributes:
        colour: (h, w, 3) RGB times opacity.
        rest: (h, w) how much of what lies behind is seen, 0 to 255.
        origin: (2,) of the first pixel, in the units of the layer it was painted on.
        scale: pixels a unit.
    """

    colour: Image
    rest: Image
    origin: Array
    scale: float

    def draw(self, image: Image, three: Array, onto: Array) -> None:
        """Lay the picture over a frame so that three of its points come to lie on three points of the frame.

        Args:
            image: (H, W, 3) RGB, drawn on.
            three: (3, 2) points in the layer's units.
            onto: (3, 2) the same points in pixels of the frame.
        """
        source = ((three - self.origin) * self.scale).astype(np.float32)
        matrix = cv2.getAffineTransform(source, onto.astype(np.float32))
        height, width = self.colour.shape[:2]
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ matrix.T
        x0, y0 = np.maximum(np.floor(corners.min(0)), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(corners.max(0)) + 1, (image.shape[1], image.shape[0])).astype(int)
        if x0 >= x1 or y0 >= y1:
            return
        matrix[:, 2] -= (x0, y0)
        size = (int(x1 - x0), int(y1 - y0))
        colour = cv2.warpAffine(self.colour, matrix, size)
        rest = cv2.warpAffine(self.rest, matrix, size, borderValue=(255,))
        part = image[y0:y1, x0:x1]
        cv2.add(cv2.multiply(part, cv2.merge([rest] * 3), scale=1 / 255), colour, dst=part)


def curve(points: Sequence[tuple[float, float]], closed: bool = True, rounds: int = 3) -> Array:
    """A smooth outline (k, 2) through the neighbourhood of control points: Chaikin's corner cutting."""
    line = np.array(points, float)
    for _ in range(rounds):
        after = np.roll(line, -1, axis=0) if closed else line[1:]
        before = line if closed else line[:-1]
        line = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
    return line


def ellipse(x: float, y: float, rx: float, ry: float) -> Array:
    """(24, 2) outline of an ellipse."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=-1)


def mirrored(half: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A symmetric outline from its right half, listed from the top to the bottom."""
    return [*half, *((-x, y) for x, y in reversed(half))]
