"""Answers of a network that looks back only, input by input at the same cost for each.

The step from one input to the next is run by LiteRT: TensorFlow takes many times longer to go from one of its hundreds
of small operations to the next than to do it.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from posegloss.classifiers.base import tempered
from posegloss.classifiers.families.activations import never_learning
from posegloss.classifiers.families.past import Past
from posegloss.pipeline.keras_backend import keras, tf
from posegloss.pipeline.quiet import without_greeting
from posegloss.pipeline.sequence import FloatArray

State = Mapping[str, np.ndarray[Any, Any]]


class Incremental:
    """A network's answer as a step from one input to the next, which all streams of a classifier share.

    Making it takes some seconds.

    Args:
        answer: from inputs (B, T, K, 2) and their past to probabilities (B, C).
        variables: the network's. The steps are taken with the values that they have now.
        reach: frames that the network looks back over, itself among them.
        points: K.

    Attributes:
        beginning: the state before the first input.
    """

    def __init__(self, answer: Callable[[Any, Past], Any], variables: Sequence[Any], reach: int, points: int) -> None:
        past = Past({})
        # At the beginning, all is as after so many frames as matter in which nothing was seen.
        answer(np.full((1, reach - 1, points, 2), np.nan, np.float32), past)
        self.beginning: State = {name: value.numpy() for name, value in _named(past.now).items()}
        inputs = tf.TensorSpec((1, 1, points, 2), tf.float32)
        specs = {name: tf.TensorSpec(value.shape, value.dtype) for name, value in self.beginning.items()}
        # Constants, which the converter works into the operations around them.
        values = [(variable, tf.constant(variable.value.numpy())) for variable in variables]

        def step(inputs: Any, **state: Any) -> dict[str, Any]:
            before = Past(tf.nest.pack_sequence_as(past.now, [state[name] for name in self.beginning]))
            with keras.StatelessScope(state_mapping=values):
                probabilities = answer(inputs, before)
            return {"probabilities": probabilities, **_named(before.now)}

        with without_greeting(), never_learning():
            graph = tf.function(step, autograph=False).get_concrete_function(inputs=inputs, **specs)
            content = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module()).convert()
            interpreter: Any = Interpreter(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
            self._network = interpreter.get_signature_runner()
        self._lock = Lock()

    def step(self, inputs: FloatArray, state: State) -> tuple[FloatArray, State]:
        """(C,) probabilities after the inputs (K, 2), and the state then."""
        # The interpreter has one set of tensors for all streams.
        with self._lock:
            results = self._network(inputs=inputs[None, None], **state)
        return results.pop("probabilities")[0], results


def _named(state: Any) -> dict[str, Any]:
    return {f"state_{i}": value for i, value in enumerate(tf.nest.flatten(state))}


class IncrementalStream:
    """An ``InputStream``.

    Args:
        incremental: the steps.
        temperature: see ``GlossClassifier``.
    """

    def __init__(self, incremental: Incremental, temperature: float) -> None:
        self._incremental, self._temperature = incremental, temperature
        self._state = incremental.beginning

    def push(self, inputs: FloatArray) -> FloatArray:
        """See ``InputStream``."""
        probabilities, self._state = self._incremental.step(np.asarray(inputs, np.float32), self._state)
        return np.asarray(tempered(probabilities[None], self._temperature)[0], np.float32)
