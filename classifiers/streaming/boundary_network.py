"""A small causal convolutional network over time, one moment at a time and without TensorFlow.

The layers of Bai, Kolter, Koltun 2018, "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for
Sequence Modeling": dilated causal convolutions with a way around each. Unlike a recurrent network it forgets what is
older than its reach, so a stream of any length is to it what it was trained on.
"""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import numpy as np

from posegloss.pipeline.sequence import FloatArray

WEIGHTS: Final = Path(__file__).with_name("boundaries.npz")
AHEAD: Final = 4
"""The answer is about the moment so many before the newest: 0.2 s, in which a hand shows whether it goes on."""

KERNEL: Final = 3
DILATIONS: Final = (1, 2, 4, 8, 16)
"""Of the layers; together they reach (``KERNEL`` - 1) x 31 = 62 moments back, about three seconds."""


class BoundaryNetwork:
    """One moment's features in, one logit out; it remembers what its convolutions reach back to.

    Args:
        weights: ``in_kernel`` (F, C), ``in_bias`` (C,), for each layer n ``kernel_n`` (KERNEL, C, C), oldest moment
            first, and ``bias_n`` (C,), and ``out_kernel`` (C, 1), ``out_bias`` (1,).
    """

    def __init__(self, weights: Mapping[str, FloatArray]) -> None:
        read = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self._in = read["in_kernel"], read["in_bias"]
        self._out = read["out_kernel"], read["out_bias"]
        self._layers = [(read[f"kernel_{n}"], read[f"bias_{n}"]) for n in range(len(DILATIONS))]
        silence = np.zeros(self._in[1].shape, np.float32)
        # As Keras pads: before the first moment, each layer's input is nothing.
        self._past = [
            deque([silence] * ((KERNEL - 1) * dilation + 1), (KERNEL - 1) * dilation + 1) for dilation in DILATIONS
        ]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """The network of a file that ``learning.learn`` wrote; the one that comes with posegloss unless given."""
        with np.load(path) as weights:
            return cls(weights)

    def __call__(self, features: FloatArray) -> float:
        """The logit of the newest moment from its (F,) features and those before."""
        value = np.maximum(features @ self._in[0] + self._in[1], 0)
        for (kernel, bias), past, dilation in zip(self._layers, self._past, DILATIONS, strict=True):
            past.append(value)
            taps = np.concatenate([past[tap * dilation] for tap in range(KERNEL)])
            value = value + np.maximum(taps @ kernel.reshape(-1, len(bias)) + bias, 0)
        kernel, bias = self._out
        return float((value @ kernel + bias)[0])
