"""The one place that imports TensorFlow and Keras: quiet, and only when a Keras family is used."""

import os

from posegloss.pipeline.quiet import without_greeting

# 3: the C++ side only speaks when it dies; without a GPU it calls the missing driver an error.
# Must be set before the import.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

with without_greeting():
    import keras
    import tensorflow as tf
    from keras import ops

__all__ = ["keras", "ops", "tf"]
