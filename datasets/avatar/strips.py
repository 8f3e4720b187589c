"""Limbs as shaded strips: tapered capsules, nested from their dark rim to their bright middle.

The outlines of all frames are computed at once; drawing is then one OpenCV call an outline.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from posegloss.datasets.avatar.body import Array

Image = npt.NDArray[np.uint8]
SHIFT: Final = 4  # fixed-point bits that cv2.fillConvexPoly reads from coordinates


@dataclass(frozen=True, eq=False)
class Strips:
    """Outlines of c capsules in k nested shades over n frames.

    Attributes:
        outlines: (n, c, k, m, 2) int32 pixels with `SHIFT` fractional bits.
        colours: (c, k, 3) RGB.
    """

    outlines: npt.NDArray[np.int32]
    colours: Array

    def draw(self, image: Image, frame: int, chain: slice, bright: float = 1.0) -> None:
        """Draw capsules that follow on one another, shade by shade, so that no joint shows.

        Args:
            image: (H, W, 3) RGB, drawn on.
            frame: which frame.
            chain: which capsules.
            bright: multiplies the brightness.
        """
        colours = np.minimum(self.colours[chain] * bright, 255).tolist()
        outlines = self.outlines[frame, chain]
        for shade in range(self.colours.shape[1]):
            for outline, tones in zip(outlines, colours, strict=True):
                cv2.fillConvexPoly(image, outline[shade], tones[shade], cv2.LINE_AA, SHIFT)


def capsules(
    start: Array,
    end: Array,
    radii: Array,
    colours: Array,
    light: Array,
    shades: int,
    caps: Array | None = None,
    joined: npt.NDArray[np.bool_] | None = None,
    corners: int = 7,
) -> Strips:
    """Capsules between projected points.

    Args:
        start: (n, c, 2) pixels.
        end: (n, c, 2) pixels.
        radii: (n, c, 2) pixels at start and end.
        colours: (c, k, 3) RGB, from the rim to the brightest spot, as of `tones`.
        light: (2,) direction in the picture towards the light.
        shades: how many nested outlines, k.
        caps: (c, 2) how round both ends are, 1 for a half circle and 0 for a straight cut.
        joined: (c,) whether the start grows out of another part, so that it has no dark rim.
        corners: of each rounded end.
    """
    turn = np.linspace(-np.pi / 2, np.pi / 2, corners)
    caps = np.ones((start.shape[1], 2)) if caps is None else caps
    grown = np.zeros(start.shape[1]) if joined is None else joined.astype(float)
    way = end - start
    along = way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-6)
    across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
    outlines = np.empty((*start.shape[:2], shades, 2 * corners, 2), np.int32)
    for k in range(shades):
        t = k / max(shades - 1, 1)
        shrink = 1 - 0.78 * t
        for half, (point, sign) in enumerate(((start, -1.0), (end, 1.0))):
            radius = radii[..., half, None, None]
            middle = point[:, :, None] + light * radius * 0.42 * t
            if half == 0:
                middle -= along[:, :, None] * radius * 0.5 * (1 - shrink) * grown[:, None, None]
            round_ = np.cos(turn)[:, None] * caps[:, half, None, None] * along[:, :, None] * sign
            side = np.sin(turn)[:, None] * across[:, :, None] * sign
            outline = middle + radius * shrink * (round_ + side)
            outlines[:, :, k, half * corners : (half + 1) * corners] = np.round(outline * (1 << SHIFT))
    return Strips(outlines, colours)


def tones(colour: Array, shades: int, depth: float = 1.0) -> Array:
    """(k, 3) the shades of a colour (3,) from its rim to its brightest spot; darker ones are also warmer.

    Args:
        colour: RGB, 0 to 255.
        shades: k.
        depth: how much darker the rim is; 1 suits skin, less suits cloth.
    """
    dark = colour * (1 - depth * np.array([0.34, 0.42, 0.44]))
    bright = colour * 1.05 + 6
    light = np.linspace(0, 1, shades)[:, None] ** 0.7
    return np.asarray(np.clip(dark + (bright - dark) * light, 0, 255))
