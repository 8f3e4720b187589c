"""Neck, shirt and trousers, painted once a clip."""

import cv2
import numpy as np

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.layers import Floats, Layer, Sprite, curve, mirrored
from posegloss.datasets.avatar.palette import Palette
from posegloss.datasets.avatar.signer import Signer


def paint_torso(signer: Signer, palette: Palette, pixels_per_metre: float, rng: np.random.Generator) -> Sprite:
    """The trunk seen from the front, in metres of the body frame.

    Args:
        signer: whose trunk.
        palette: its colours under the light of the clip.
        pixels_per_metre: how large it will be shown.
        rng: of the signer's clothes.
    """
    body, look = signer.body, signer.look
    h, sx, sy = body.stature, body.shoulder_x, body.shoulder_y
    g = body.girth
    wide = max(sx + 0.024 * h, 0.104 * h * g)
    box = (-wide, -0.37 * h, wide, 0.16 * h)
    layer = Layer(box, pixels_per_metre)

    # Skin reaches under the shirt, so that the neckline never shows the room.
    half = [(0.030 * h, -0.38 * h), (0.029 * h, -0.335 * h), (0.045 * h, -0.322 * h), (0.07 * h, -0.30 * h)]
    neck = curve(mirrored([*half, (0.05 * h, -0.25 * h)]))
    layer.fill(neck, palette.skin)
    neck_x = 0.030 * h
    x, y = layer.grid()
    layer.light(_cylinder(x / neck_x * 0.8, look.light))
    # The chin's shadow.
    layer.fill(
        curve(mirrored([(0.04 * h, -0.37 * h), (0.04 * h, -0.335 * h), (0.0, -0.318 * h)])),
        palette.skin * 0.45,
        0.6,
        soft=0.006 * h,
        clip=layer.pixels[..., 3].copy(),
    )

    legs = curve(mirrored([(0.080 * h * g, -0.04 * h), (0.098 * h * g, 0.03 * h), (0.1 * h * g, 0.24 * h)]))
    trousers = layer.mask(legs)
    layer.over(palette.trousers, trousers)

    sleeve = 0.030 * h * g
    half = [(0.028 * h, -0.342 * h), (0.042 * h, -0.332 * h), (0.068 * h, sy - sleeve - 0.014 * h)]
    half += [(sx - 0.012 * h, sy - sleeve - 0.003 * h), (sx + 0.014 * h, sy - 0.028 * h), (sx + 0.020 * h, sy)]
    half += [(sx + 0.004 * h, sy + 0.05 * h), (0.096 * h * g, -0.18 * h), (0.086 * h * g, -0.11 * h)]
    half += [(0.095 * h * g, -0.02 * h), (0.1 * h * g, 0.035 * h), (0.06 * h, 0.042 * h)]
    shirt = layer.mask(curve(mirrored(half)))
    depth = -0.262 * h if look.neckline == "v" else -0.289 * h
    sag = 0.7 if look.neckline == "v" else 1.0
    # Both start above the shirt, which they only cut below.
    opening = [(0.038 * h, -0.42 * h), (0.041 * h, -0.325 * h), (0.030 * h * sag, -0.305 * h), (0.006 * h, depth)]
    collar = [(x + 0.006 * h, y + 0.007 * h) for x, y in opening]
    hole, rim = layer.mask(curve(mirrored(opening))), layer.mask(curve(mirrored(collar)))
    cloth = shirt * (1 - hole)
    # The shirt throws a thin shadow on the skin at its neckline.
    blur = np.asarray(cv2.GaussianBlur(shirt * (1 - hole), (0, 0), 0.004 * h * layer.scale), np.float32)
    layer.light(1 - 0.55 * blur)
    fabric = Layer(box, pixels_per_metre)
    fabric.over(palette.shirt, np.ones_like(cloth))
    if look.pattern == "stripes":
        fabric.over(
            palette.accent, np.broadcast_to((np.sin(y * 2 * np.pi / 0.05) > 0.35) * np.float32(0.9), cloth.shape)
        )
    elif look.pattern == "yoke":
        fabric.over(palette.accent, np.broadcast_to((y < -0.215 * h).astype(np.float32), cloth.shape))
    fabric.over(palette.shirt * 0.72, np.asarray(rim * (1 - hole), np.float32))
    half = np.maximum(0.108 * h, 1e-3)
    fabric.light(_cylinder(x / half * 0.86, look.light) * _folds(layer, rng) * _chest(x, y, h))
    layer.pixels *= (1 - cloth)[..., None]
    layer.pixels += fabric.pixels * cloth[..., None]
    return layer.sprite()


def _cylinder(u: Floats, light: float) -> Floats:
    """Brightness over a round body, for u from -1 at its left edge to 1."""
    u = np.clip(u, -1, 1)
    normal = u * light * 0.55 + np.sqrt(np.maximum(1 - u**2, 0)) * 0.75
    return np.asarray(0.45 + 0.62 * normal, np.float32)


def _chest(x: Floats, y: Floats, h: float) -> Floats:
    """Brightness from above: shoulders and chest catch light, the belly less."""
    down = np.clip((y + 0.31 * h) / (0.30 * h), 0, 1)
    pecs = np.exp(-(((np.abs(x) - 0.045 * h) / (0.035 * h)) ** 2) - ((y + 0.225 * h) / (0.03 * h)) ** 2)
    return np.asarray(1.10 - 0.24 * down + 0.05 * pecs, np.float32)


def _folds(layer: Layer, rng: np.random.Generator) -> Floats:
    """Soft creases of cloth."""
    height, width = layer.pixels.shape[:2]
    coarse = rng.normal(0, 1, (9, 5)).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    slanted = cv2.warpAffine(
        field, np.array([[1, 0.35, -0.15 * width], [0, 1, 0]]), (width, height), borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(1 + 0.045 * slanted, np.float32)


def torso_anchors(signer: Signer) -> Array:
    """(3, 2) metres: left shoulder, right shoulder and middle of the hips, where `Sprite.draw` pins the trunk."""
    body = signer.body
    return np.array([[body.shoulder_x, body.shoulder_y], [-body.shoulder_x, body.shoulder_y], [0.0, 0.0]])
