"""The weights that a family starts from: what it learned from an avatar's thousands of invented signs.

``posegloss.classifiers.pretraining`` made them. There is nobody's data in them, so they are part of the package.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from posegloss.pipeline.sequence import FloatArray


@cache
def beginning(layout: str) -> tuple[FloatArray, ...]:
    """The weights of the default architecture below its last layer, in Keras' order; none of a layout without any."""
    path = Path(__file__).with_name(f"begin-{layout}.npz")
    if not path.is_file():
        return ()
    with np.load(path) as file:
        return tuple(file[name].astype(np.float32) for name in sorted(file))


def begin(weights: list[Any], layout: str) -> bool:
    """Set weights to those of the beginning; False, and they stay, where they are of another architecture."""
    values = beginning(layout)
    if [tuple(weight.shape) for weight in weights] != [value.shape for value in values]:
        return False
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)
    return True
