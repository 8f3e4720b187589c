"""The one place that imports TensorFlow and Keras: quiet, and only by who trains or runs a Keras network."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from posegloss.pipeline.quiet import without_greeting

# 3: the C++ side only speaks when it dies; without a GPU it calls the missing driver an error.
# Must be set before the import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

with without_greeting():
    import keras
    import tensorflow as tf
    from keras import ops

__all__ = ["dtype_policy", "keras", "ops", "tf"]


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Layers that are made meanwhile compute in this precision; other people's layers keep theirs."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
