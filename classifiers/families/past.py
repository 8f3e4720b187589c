"""Past: how a network that looks back only goes on with a stream where it left off, at the same cost for every frame.

A layer that looks at other frames than the one it is at has a method ``step(*inputs, state)`` beside ``call(*inputs)``.
It takes the frames that come next, one or several, and what the layer keeps of those before (None at the beginning),
and gives the result for these frames and what is to be kept now. ``call`` is the step over a whole clip, so that there
is one way to compute either. A step's frames keep their axis: (B, 1, ...) for one frame.
"""

from collections.abc import Callable, Mapping
from typing import Any

from posegloss.pipeline.keras_backend import keras, ops


class Past:
    """Runs layers on frames, with what each keeps of the frames before.

    Args:
        before: what was kept, by the layers' names; empty at the beginning of a stream. With None, the frames are a
            whole clip, of which nothing has to be kept.

    Attributes:
        now: what is kept after these frames.
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        self._before = before
        self.now: dict[str, Any] = {}

    def __call__(self, layer: Any, *inputs: Any) -> Any:
        """The layer's result for these frames."""
        return layer(*inputs) if self._before is None else self.follow(layer.name, layer.step, *inputs)

    def follow(self, name: str, step: Callable[..., tuple[Any, Any]], *inputs: Any) -> Any:
        """The result of a step that is no layer's."""
        result, self.now[name] = step(*inputs, (self._before or {}).get(name))
        return result


class CausalLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that looks at frames up to the one it is at.

    Args:
        **options: of every Keras layer.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def call(self, inputs: Any, frames: Any) -> Any:
        """The result for whole clips (B, T, C), of which the frames (B, T) are there."""
        return self.step(inputs, frames, None)[0]

    def step(self, inputs: Any, frames: Any, state: Any) -> tuple[Any, Any]:
        """The result for the next frames (B, T, C), of which (B, T) are there, and what is kept now."""
        raise NotImplementedError


def preceded(inputs: Any, before: Any, count: int) -> Any:
    """(B, count + T, ...) frames (B, T, ...) after the ``count`` frames before; at the beginning, those are zero."""
    if before is None:
        return ops.pad(inputs, ((0, 0), (count, 0), *((0, 0),) * (len(inputs.shape) - 2)))
    return ops.concatenate([before, inputs], axis=1)


def weighed_sums(inputs: Any, frames: Any) -> Any:
    """(B, T, C + 1) what a masked mean is made of: inputs (B, T, C), zero in frames that are not there, and those."""
    there = ops.cast(frames, inputs.dtype)[..., None]
    return ops.concatenate([inputs * there, there], axis=-1)


def mean_of_sums(sums: Any) -> Any:
    """(..., C) the mean of what was added up of ``weighed_sums`` (..., C + 1); zero where nothing was."""
    return sums[..., :-1] / ops.maximum(sums[..., -1:], 1.0)
