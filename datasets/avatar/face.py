"""The head with its ears and the features of the face, painted once a clip.

Units are head heights, from the middle between the ears: the crown is at y = -0.59, the chin at 0.41, the eyes at
-0.10, as in `rig.FACE`. The features are a picture of their own, pinned to the eyes and the mouth in front of the
skull, so that they shift when the head turns.
"""

from typing import Final

import numpy as np

from posegloss.datasets.avatar.hair import paint_hair, paint_hair_behind
from posegloss.datasets.avatar.layers import Floats, Layer, Sprite, curve, ellipse, mirrored
from posegloss.datasets.avatar.palette import Palette
from posegloss.datasets.avatar.signer import Signer

_FINE: Final = 1.6  # pixels painted for a pixel shown
_MOUSTACHE: Final = ((-0.27, 0.08), (-0.13, 0.155), (0.0, 0.14), (0.13, 0.155), (0.27, 0.08))


def paint_head(signer: Signer, palette: Palette, pixels: float, rng: np.random.Generator) -> Sprite:
    """Skull, ears and hair, without features.

    Args:
        signer: whose head.
        palette: its colours under the light of the clip.
        pixels: height of the head as shown.
        rng: of the signer's hair.
    """
    look = signer.look
    layer = Layer((-0.62, -0.86, 0.62, 0.95), pixels * _FINE)
    paint_hair_behind(layer, look, palette, rng)
    for side in (-1, 1):
        layer.fill(ellipse(side * 0.335, 0.03, 0.045, 0.105), palette.skin * 0.86)
        layer.fill(ellipse(side * 0.338, 0.03, 0.022, 0.07), palette.skin * 0.66, 0.8, soft=0.008)
    skin = layer.mask(_outline(look.jaw))
    x, y = layer.grid()
    light = _light(x, y, look.light)
    face = Layer((-0.62, -0.86, 0.62, 0.95), pixels * _FINE)
    face.over(palette.skin, np.ones_like(skin))
    blush = palette.skin * (1.0, 0.80, 0.78)
    for side in (-1, 1):
        face.fill(ellipse(side * 0.19, 0.11, 0.075, 0.055), blush, 0.5, soft=0.03)
    face.light(light)
    layer.pixels *= (1 - skin)[..., None]
    layer.pixels += face.pixels * skin[..., None]
    if look.beard:
        beard = curve([*mirrored([(0.315, 0.02), (0.30, 0.2), (0.22, 0.36), (0.10, 0.44)]), *_MOUSTACHE])
        layer.fill(beard, palette.hair, 0.82, soft=0.016, clip=skin)
    paint_hair(layer, look, palette, rng)
    return layer.sprite()


def paint_features(signer: Signer, palette: Palette, pixels: float, closed: bool, mouth: float) -> Sprite:
    """Brows, eyes, nose, mouth and glasses.

    Args:
        signer: whose face.
        palette: its colours under the light of the clip.
        pixels: height of the head as shown.
        closed: whether the eyes are closed.
        mouth: how far the mouth is open, 0 to 1.
    """
    look = signer.look
    layer = Layer((-0.40, -0.32, 0.40, 0.38), pixels * _FINE)
    skin = palette.skin
    for side in (-1.0, 1.0):
        _eye(layer, palette, side, closed)
        brow = [(0.062, -0.185), (0.10, -0.212), (0.16, -0.222), (0.225, -0.186), (0.16, -0.200), (0.10, -0.192)]
        layer.fill(curve([(side * x, y) for x, y in brow], rounds=2), palette.hair * 0.8, 0.92, soft=0.004)
    _nose(layer, palette, look.light)
    _mouth(layer, palette, mouth)
    if look.glasses:
        for side in (-1.0, 1.0):
            rim, lens = ellipse(side * 0.145, -0.09, 0.118, 0.088), ellipse(side * 0.145, -0.09, 0.103, 0.073)
            ring = np.concatenate([rim, rim[:1], lens[:1], lens[::-1]])
            layer.fill(ring, (42, 38, 40), 0.9)
            layer.fill(
                [(side * 0.25, -0.115), (side * 0.37, -0.10), (side * 0.37, -0.085), (side * 0.25, -0.095)],
                (42, 38, 40),
                0.9,
            )
        layer.fill([(-0.04, -0.105), (0.04, -0.105), (0.03, -0.09), (-0.03, -0.09)], (42, 38, 40), 0.9)
    layer.fill(ellipse(0, 0.325, 0.07, 0.02), skin * 1.06, 0.25, soft=0.02)
    return layer.sprite()


def _outline(jaw: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    half = [(0.10, -0.585), (0.24, -0.53), (0.325, -0.36), (0.345, -0.12), (0.325, 0.08)]
    half += [(0.275 * jaw, 0.25), (0.18 * jaw, 0.375), (0.07 * jaw, 0.425)]
    return curve(mirrored(half))


def _light(x: Floats, y: Floats, side: float) -> Floats:
    """Brightness over a head-shaped ellipsoid lit from above and from one side."""
    nx, ny = np.clip(x / 0.36, -1, 1), np.clip((y + 0.08) / 0.54, -1, 1)
    nz = np.sqrt(np.maximum(1 - nx**2 - 0.7 * ny**2, 0.02))
    return np.asarray(np.clip(0.52 + 0.54 * nz + 0.17 * side * nx - 0.14 * ny, 0.3, 1.13), np.float32)


def _eye(layer: Layer, palette: Palette, side: float, closed: bool) -> None:
    def at(points: list[tuple[float, float]], rounds: int = 2) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return curve([(side * (0.143 + x), y - 0.10) for x, y in points], rounds=rounds)

    lash = palette.hair * 0.35
    layer.fill(ellipse(side * 0.143, -0.105, 0.085, 0.05), palette.skin * (0.74, 0.64, 0.62), 0.5, soft=0.016)
    if closed:
        layer.fill(
            at([(-0.072, 0.0), (-0.03, 0.016), (0.03, 0.018), (0.074, -0.004), (0.03, 0.030), (-0.03, 0.028)]), lash
        )
        return
    almond = at([(-0.078, 0.014), (-0.045, -0.026), (0.02, -0.042), (0.082, -0.006), (0.03, 0.032), (-0.035, 0.034)])
    layer.fill(almond, palette.white)
    inside = layer.mask(almond)
    centre = (side * 0.143, -0.104)
    layer.fill(ellipse(*centre, 0.036, 0.037), palette.iris * 0.55, clip=inside)
    layer.fill(ellipse(*centre, 0.030, 0.031), palette.iris * 1.15, clip=inside)
    layer.fill(ellipse(*centre, 0.015, 0.016), (18, 14, 14), clip=inside)
    layer.fill(
        at([(-0.09, -0.03), (0.0, -0.07), (0.09, -0.03), (0.05, -0.018), (-0.03, -0.014)]),
        (40, 25, 25),
        0.4,
        soft=0.008,
        clip=inside,
    )
    layer.fill(ellipse(centre[0] + 0.012, centre[1] - 0.013, 0.009, 0.009), (255, 255, 255), 0.95)
    layer.fill(
        at([(-0.078, 0.008), (-0.04, -0.029), (0.02, -0.042), (0.094, -0.012), (0.02, -0.026), (-0.04, -0.017)]),
        lash,
        0.95,
    )
    layer.fill(
        at([(-0.03, 0.030), (0.03, 0.030), (0.07, 0.008), (0.03, 0.038), (-0.03, 0.037)]), palette.skin * 0.55, 0.6
    )
    layer.fill(
        at([(-0.06, -0.034), (0.0, -0.060), (0.07, -0.036), (0.0, -0.052)]), palette.skin * 0.58, 0.75, soft=0.003
    )


def _nose(layer: Layer, palette: Palette, light: float) -> None:
    skin = palette.skin
    dark = -1.0 if light > 0 else 1.0
    shadow = [(0.018, -0.10), (0.036, 0.0), (0.078, 0.085), (0.068, 0.125), (0.03, 0.11), (0.016, 0.0)]
    layer.fill(curve([(dark * x, y) for x, y in shadow]), skin * (0.70, 0.58, 0.56), 0.55, soft=0.012)
    layer.fill(
        curve(mirrored([(0.012, -0.10), (0.016, 0.05), (0.010, 0.09)])),
        np.minimum(skin * 1.14 + 8, 255),
        0.5,
        soft=0.010,
    )
    layer.fill(
        curve(mirrored([(0.055, 0.125), (0.03, 0.155), (0.01, 0.148)])), skin * (0.62, 0.50, 0.48), 0.65, soft=0.010
    )
    for side in (-1, 1):
        layer.fill(ellipse(side * 0.034, 0.128, 0.017, 0.010), skin * 0.32, 0.85, soft=0.004)
        wing = [(0.055, 0.075), (0.078, 0.10), (0.074, 0.13), (0.062, 0.138), (0.068, 0.11)]
        layer.fill(curve([(side * x, y) for x, y in wing], rounds=2), skin * 0.6, 0.5, soft=0.004)
    layer.fill(ellipse(0.012 * np.sign(light), 0.092, 0.018, 0.014), (255, 250, 244), 0.28, soft=0.008)


def _mouth(layer: Layer, palette: Palette, opened: float) -> None:
    lips, gap = palette.lips, 0.042 * opened
    width = 0.112 - 0.022 * opened
    y = 0.21
    if gap:
        inner = curve(
            mirrored([(0.0, y - gap * 0.5), (0.05, y - gap * 0.4), (width, y), (0.05, y + gap), (0.0, y + gap * 1.1)])
        )
        layer.fill(inner, (70, 26, 30))
        layer.fill(
            [(-0.05, y - gap * 0.4), (0.05, y - gap * 0.4), (0.045, y + gap * 0.15), (-0.045, y + gap * 0.15)],
            palette.white,
            0.9,
            soft=0.004,
        )
    top, low = y - gap * 0.5, y + gap
    corner = (width + 0.010, y - 0.012)
    upper = mirrored([(0.0, top - 0.026), (0.028, top - 0.034), (width * 0.8, y - 0.012), corner, (0.05, top + 0.006)])
    lower = mirrored([(0.05, low - 0.004), (width + 0.006, y - 0.008), (width * 0.66, low + 0.034), (0.0, low + 0.044)])
    layer.fill(curve(lower), np.minimum(lips * 1.08 + 6, 255))
    layer.fill(curve(upper), lips * 0.86)
    layer.fill(ellipse(0, low + 0.018, 0.045, 0.010), np.minimum(lips * 1.3 + 20, 255), 0.5, soft=0.008)
    if not gap:
        line = curve(
            mirrored(
                [(0.0, y - 0.004), (0.06, y - 0.001), (width + 0.018, y - 0.020), (0.06, y + 0.007), (0.0, y + 0.005)]
            )
        )
        layer.fill(line, lips * 0.42, 0.85)
    layer.fill(ellipse(0, low + 0.062, 0.06, 0.014), palette.skin * 0.62, 0.45, soft=0.012)
