"""Activations of which a graph may be made again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from posegloss.pipeline.keras_backend import keras, ops

_NEVER_LEARNS: Final = ContextVar("_NEVER_LEARNS", default=False)


def swish(x: Any) -> Any:
    """X times its sigmoid (Ramachandran et al. 2017).

    TensorFlow's own brings its gradient along, which saves memory in training, and which TensorFlow keeps for ever
    together with the graph that it is of: a program that converts a network each time it is taught would grow.
    """
    return x * ops.sigmoid(x) if _NEVER_LEARNS.get() else keras.activations.silu(x)


@contextmanager
def never_learning() -> Iterator[None]:
    """Graphs made herein have no gradients, and are let go when nobody has them any more."""
    token = _NEVER_LEARNS.set(True)
    try:
        yield
    finally:
        _NEVER_LEARNS.reset(token)
