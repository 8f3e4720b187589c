"""Batches of inputs of different lengths: padded with missing frames, which no model looks at."""

from collections.abc import Iterator, Sequence

import numpy as np

from posegloss.pipeline.sequence import FloatArray


def pad(inputs: Sequence[FloatArray], multiple: int = 8) -> FloatArray:
    """(B, T, K, 2) the inputs with NaN frames after their end; T is a multiple, so that few shapes occur."""
    longest = max(map(len, inputs))
    frames = -(-longest // multiple) * multiple
    batch = np.full((len(inputs), frames, *inputs[0].shape[1:]), np.nan, np.float32)
    for row, one in zip(batch, inputs, strict=True):
        row[: len(one)] = one
    return batch


def trim(batch: FloatArray, multiple: int = 8) -> FloatArray:
    """The batch without the frames at its end that are missing in every clip."""
    seen = np.flatnonzero(~np.isnan(batch[..., 0]).all(axis=(0, 2)))
    frames = -(-(int(seen[-1]) + 1) // multiple) * multiple if len(seen) else multiple
    return batch[:, :frames]


def in_batches(inputs: Sequence[FloatArray], size: int = 256) -> Iterator[FloatArray]:
    """All inputs in their order, padded, in batches (B, T, K, 2) of so many at most."""
    for part in np.array_split(np.arange(len(inputs)), -(-len(inputs) // size)):
        yield pad([inputs[i] for i in part])
