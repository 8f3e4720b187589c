"""The weights that a family starts from: what it learned from an avatar's thousands of invented signs.

``posegloss.classifiers.pretraining`` made them. There is nobody's data in them, so they are part of the package.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from posegloss.pipeline.sequence import FloatArray


@cache
def beginning(layout: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[FloatArray, ...]:
    """Weights of these shapes, of an architecture below its last layer in Keras' order; none where there are none."""
    for path in sorted(Path(__file__).parent.glob(f"begin-{layout}*.npz")):
        with np.load(path) as file:
            values = tuple(file[name].astype(np.float32) for name in sorted(file))
        if tuple(value.shape for value in values) == shapes:
            return values
    return ()


def begin(weights: Sequence[Any], layout: str) -> bool:
    """Set weights to those of the beginning; False, and they stay, where they are of another architecture."""
    values = beginning(layout, tuple(tuple(weight.shape) for weight in weights))
    if not values:
        return False
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)
    return True
