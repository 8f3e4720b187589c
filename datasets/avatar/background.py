"""The room behind the signer, painted once a clip and slightly out of focus."""

import cv2
import numpy as np

from posegloss.datasets.avatar.layers import Layer
from posegloss.datasets.avatar.palette import Palette
from posegloss.datasets.avatar.signer import Look
from posegloss.datasets.avatar.strips import Image


def paint_background(look: Look, palette: Palette, size: tuple[int, int], rng: np.random.Generator) -> Image:
    """(H, W, 3) RGB picture of a wall, with a window, a shelf or a panel on it.

    Args:
        look: which backdrop, and where the light comes from.
        palette: colours.
        size: width and height in pixels.
        rng: of the signer's room.
    """
    width, height = size
    # Painted at a quarter of the size: blurred anyway, and larger pictures would only cost time.
    layer = Layer((0, 0, width / height, 1), height / 4)
    wide = width / height
    layer.over(palette.wall, np.ones(layer.pixels.shape[:2], np.float32))
    side = 0.0 if look.light < 0 else 1.0
    if look.backdrop == "window":
        _window(layer, wide * (0.05 + 0.68 * side), wide * 0.24)
    elif look.backdrop == "shelf":
        _shelf(layer, wide * (0.72 - 0.70 * side), wide * 0.28, palette, rng)
    elif look.backdrop == "panel":
        for i in range(12):
            layer.fill(_box(wide * i / 12, 0, wide * i / 12 + 0.012, 1), palette.wall * 0.86)
    x, y = layer.grid()
    glow = np.exp(-(((x - side * wide) / (0.9 * wide)) ** 2 + ((y - 0.2) / 1.1) ** 2))
    layer.light(np.asarray(0.72 + 0.36 * glow, np.float32))
    small = cv2.GaussianBlur(layer.pixels[..., :3], (0, 0), height / 4 * 0.012)
    large = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    # A camera's grain also hides the steps of slow gradients.
    grain = rng.integers(-2, 2, (height, width, 1), np.int8)
    return np.asarray(np.clip(large + grain, 0, 255), np.uint8)


def _window(layer: Layer, left: float, width: float) -> None:
    top, bottom, bar = 0.08, 0.72, 0.018
    layer.fill(_box(left - bar, top - bar, left + width + bar, bottom + bar), (240, 238, 232))
    for column in range(2):
        for row in range(2):
            x, y = left + column * (width + bar) / 2, top + row * (bottom - top + bar) / 2
            pane = _box(x, y, x + (width - bar) / 2, y + (bottom - top - bar) / 2)
            layer.fill(pane, ((198, 222, 240), (176, 206, 178))[row])


def _shelf(layer: Layer, left: float, width: float, palette: Palette, rng: np.random.Generator) -> None:
    wood = palette.wall * (0.62, 0.52, 0.42)
    for y in (0.22, 0.48, 0.74):
        x = left + 0.01
        while x < left + width - 0.06:
            thick, tall = rng.uniform(0.018, 0.045), rng.uniform(0.11, 0.19)
            book = rng.uniform(60, 190, 3) * 0.6 + palette.wall * 0.25
            layer.fill(_box(x, y - tall, x + thick, y), book)
            x += thick + (0.05 if rng.random() < 0.12 else 0.003)
        layer.fill(_box(left, y, left + width, y + 0.018), wood)


def _box(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
