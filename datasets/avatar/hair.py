"""Hair: what falls behind the face, and what frames it. Units as in face.py."""

from typing import Final

import cv2
import numpy as np

from posegloss.datasets.avatar.layers import Floats, Layer, curve, ellipse, mirrored
from posegloss.datasets.avatar.palette import Palette
from posegloss.datasets.avatar.signer import Look

# Outline of the hair over the face: outer rim down to the temple, then back up along the hairline.
_CAPS: Final[dict[str, list[tuple[float, float]]]] = {
    "short": [(0.0, -0.70), (0.20, -0.675), (0.34, -0.52), (0.385, -0.25), (0.365, -0.06), (0.325, -0.10),
              (0.315, -0.27), (0.24, -0.36), (0.0, -0.375)],
    "cropped": [(0.0, -0.635), (0.20, -0.605), (0.32, -0.48), (0.362, -0.25), (0.352, -0.08), (0.33, -0.12),
                (0.31, -0.29), (0.23, -0.39), (0.0, -0.42)],
    "bob": [(0.0, -0.69), (0.22, -0.66), (0.37, -0.50), (0.42, -0.20), (0.43, 0.12), (0.40, 0.27), (0.315, 0.24),
            (0.325, -0.05), (0.30, -0.25), (0.20, -0.36), (0.0, -0.345)],
    "long": [(0.0, -0.68), (0.22, -0.65), (0.36, -0.50), (0.40, -0.20), (0.41, 0.10), (0.40, 0.30), (0.34, 0.26),
             (0.335, -0.05), (0.29, -0.27), (0.15, -0.41), (0.0, -0.46)],
    "bun": [(0.0, -0.655), (0.20, -0.63), (0.33, -0.50), (0.375, -0.25), (0.36, -0.04), (0.33, -0.08),
            (0.315, -0.28), (0.20, -0.42), (0.0, -0.45)],
    "curly": [(0.0, -0.76), (0.24, -0.73), (0.42, -0.55), (0.47, -0.25), (0.44, 0.02), (0.37, 0.08), (0.325, -0.10),
              (0.305, -0.28), (0.20, -0.37), (0.0, -0.38)],
}  # fmt: skip
# A parting makes this one different left and right.
_SIDE: Final = [
    *((-0.10, -0.685), (0.15, -0.70), (0.33, -0.56), (0.39, -0.28), (0.37, -0.03), (0.325, -0.08), (0.315, -0.24)),
    *((0.20, -0.30), (-0.02, -0.38), (-0.14, -0.46), (-0.26, -0.36), (-0.32, -0.22), (-0.325, -0.06), (-0.365, -0.04)),
    *((-0.38, -0.28), (-0.30, -0.55)),
]


def paint_hair_behind(layer: Layer, look: Look, palette: Palette, rng: np.random.Generator) -> None:
    """What the face, the neck or the ears cover: long hair over the shoulders, a bun, a round mass of curls.

    Args:
        layer: painted on.
        look: whose hair.
        palette: colours.
        rng: of the signer's hair.
    """
    outline = {
        "bob": curve(mirrored([(0.0, -0.66), (0.36, -0.45), (0.43, 0.0), (0.42, 0.30), (0.24, 0.38)])),
        "long": curve(
            mirrored(
                [
                    (0.0, -0.66),
                    (0.36, -0.45),
                    (0.43, 0.0),
                    (0.46, 0.45),
                    (0.47, 0.80),
                    (0.32, 0.92),
                    (0.20, 0.80),
                    (0.19, 0.45),
                ]
            )
        ),
        "bun": ellipse(0.03, -0.70, 0.16, 0.14),
        "curly": curve(mirrored([(0.0, -0.76), (0.38, -0.62), (0.48, -0.2), (0.44, 0.12), (0.30, 0.16)])),
    }.get(look.hair_style)
    if outline is not None:
        _lay(layer, layer.mask(outline), palette, look, rng, 0.74)


def paint_hair(layer: Layer, look: Look, palette: Palette, rng: np.random.Generator) -> None:
    """What frames the face.

    Args:
        layer: painted on.
        look: whose hair.
        palette: colours.
        rng: of the signer's hair.
    """
    cap = curve(_SIDE) if look.hair_style == "side" else curve(mirrored(_CAPS[look.hair_style]))
    cover = layer.mask(cap)
    if look.hair_style == "curly":
        for angle in np.linspace(-0.1, np.pi + 0.1, 19):
            x, y = 0.41 * np.cos(angle), -0.28 - 0.42 * np.sin(angle)
            cover = np.maximum(cover, layer.mask(ellipse(float(x), float(y), 0.075, 0.07)))
    if look.hair_style == "cropped":
        cover = cover * np.float32(0.92)
    soft = np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.012 * layer.scale), np.float32)
    # The hair's shadow on the forehead, then the hair.
    layer.over(palette.skin * 0.45, np.roll(soft, round(0.018 * layer.scale), axis=0) * 0.5 * layer.pixels[..., 3])
    _lay(layer, cover, palette, look, rng, 1.0)


def _lay(
    layer: Layer, cover: Floats, palette: Palette, look: Look, rng: np.random.Generator, brightness: float
) -> None:
    """Hair over a coverage, with strands and a band of gloss."""
    x, y = layer.grid()
    height, width = cover.shape
    if look.hair_style == "curly":
        noise = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 0.018 * layer.scale)
        strands = noise / max(float(noise.std()), 1e-6) * 0.13
    else:
        # Strands run away from the parting: the noise depends on the direction seen from the forehead.
        table = cv2.GaussianBlur(rng.normal(0, 1, (1, 720)).astype(np.float32), (0, 0), 1.6)[0]
        angle = np.arctan2(x + 0.0 * y, y + 1.05)
        strands = table[np.clip(((angle / np.pi + 1) * 360).astype(int), 0, 719)] * 0.22
    nx, ny = np.clip(x / 0.45, -1, 1), np.clip((y + 0.25) / 0.50, -1, 1)
    nz = np.sqrt(np.maximum(1 - 0.8 * nx**2 - 0.6 * ny**2, 0.03))
    gloss = np.exp(-(((np.hypot(x - 0.10 * look.light, y + 0.10) - 0.44) / 0.05) ** 2)) * (y < -0.2)
    factor = brightness * (0.55 + 0.55 * nz + 0.14 * look.light * nx - 0.10 * ny) * (1 + strands)
    coat = Layer((0, 0, width, height), 1.0)
    coat.over(palette.hair, np.ones_like(cover))
    coat.over(palette.hair * 0.6 + 110, np.asarray(gloss * (0.22 + 0.3 * strands), np.float32).clip(0, 1))
    coat.light(np.asarray(factor, np.float32))
    layer.pixels *= (1 - cover)[..., None]
    layer.pixels += coat.pixels * cover[..., None]
