"""A network that trains in seconds, and examples whose points are known."""

from functools import cache
from typing import Any

import numpy as np

from posegloss.pipeline.network.description import NUM_ALIGNED, NUM_POINTS, NetworkDescription
from posegloss.pipeline.network.example import MAPS_SHAPE, SIDE, Example

TINY = NetworkDescription(
    "tiny",
    stem=8,
    encoder=(8, 8, 16, 16),
    encoder_blocks=(1, 1, 1, 1),
    decoder=(16, 8, 16),
    regression=(16, 16, 24, 24, 24),
    regression_blocks=(1, 1, 1, 1, 1),
)


@cache
def smooth_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Slow waves of color, which interpolation does not change."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, 3))
    rows, columns = np.arange(height) / 40, np.arange(width) / 40
    waves = np.sin(rows[:, None, None] + phases[0]) + np.sin(columns[None, :, None] + phases[1])
    picture = np.rint(127 + 60 * waves).astype(np.uint8)
    picture.flags.writeable = False
    return picture


def example(origin: str = "made-up", seed: int = 0, **changed: Any) -> Example:
    """Someone with all points in the view, of whom all is known."""
    rng = np.random.default_rng(seed)
    known: dict[str, Any] = {
        "picture": smooth_picture(SIDE, SIDE, seed),
        "points": rng.uniform(0.1, 0.9, (NUM_ALIGNED, 3)).astype(np.float32),
        "trust": np.ones(NUM_ALIGNED, np.float32),
        "visibility": rng.uniform(0.5, 1, NUM_POINTS).astype(np.float32),
        "presence": np.ones(NUM_POINTS, np.float32),
        "world": rng.uniform(-1, 1, (NUM_POINTS, 3)).astype(np.float32),
        "person": 1.0,
    }
    return Example(origin, **known | changed)


def values_of(*examples: Example) -> dict[str, np.ndarray]:
    """What is known of a batch of examples, as training sees it."""
    names = ("points", "trust", "visibility", "presence", "world", "person")
    values = {name: np.stack([np.asarray(getattr(one, name), np.float32) for one in examples]) for name in names}
    unknown = np.zeros(MAPS_SHAPE, np.uint8)
    return values | {"maps": np.stack([unknown if one.maps is None else one.maps for one in examples])}


def spots_at(points: np.ndarray, height: float = 1.0) -> np.ndarray:
    """Maps (64, 64, 35) of a teacher that sees points (35, 2) with this probability."""
    side = MAPS_SHAPE[0]
    rows, columns = np.mgrid[:side, :side][..., None]
    squared = (columns - points[:, 0] * side) ** 2 + (rows - points[:, 1] * side) ** 2
    return np.round(255 * height * np.exp(-squared / (2 * 1.5**2))).astype(np.uint8)
