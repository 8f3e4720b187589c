"""What a Keras model and the trees beside it answer: of clips, of streams, and with other glosses; weights on disk."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self

import h5py
import numpy as np

from posegloss.classifiers.augmentation import Augmentation
from posegloss.classifiers.base import GlossClassifier, InputStream
from posegloss.classifiers.families.batches import pad
from posegloss.classifiers.families.forest import Forest
from posegloss.classifiers.families.forest_features import forest_features
from posegloss.classifiers.families.handedness import mirror, right_handedness
from posegloss.classifiers.families.incremental import Incremental, IncrementalStream
from posegloss.classifiers.families.keras_training import MANY_GLOSSES, KerasTraining
from posegloss.classifiers.families.past import Past
from posegloss.classifiers.preprocessing import Preprocessing, frames_until
from posegloss.pipeline.keras_backend import dtype_policy, keras, ops, tf
from posegloss.pipeline.sequence import FloatArray

WEIGHTS = "model.weights.h5"
LAST_LAYER: Final = "glosses"
"""The name of every family's last layer: a dense one, a column for each gloss."""


class KerasAnswers(GlossClassifier):
    """A classifier whose model is a Keras model from (B, T, K, 2) with NaN to (B, C) logits.

    Attributes:
        training: how it is trained.
        augmentation: how its clips are altered in training.
        model: the Keras model.
        forest: the trees beside it, part of the model on disk, or None.
        network: what a family sets in ``build`` that looks back only: the model's layers as a function of inputs and a
            ``Past``, with its ``reach``, the frames that it looks back over, itself among them.
    """

    weights_file = WEIGHTS

    def __init__(
        self,
        training: KerasTraining | None = None,
        augmentation: Augmentation | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        super().__init__(preprocessing)
        self.training = training or KerasTraining()
        self.augmentation = augmentation or Augmentation()
        self.model: Any = None
        self.forest: Forest | None = None
        self.network: Any = None
        self._answer: Any = None
        self._network_weight = self.training.network_weight_for(self.preprocessing.points)
        self._incremental: Incremental | None = None

    @abstractmethod
    def build(self, classes: int) -> Any:
        """The Keras model."""

    def config(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {"training": asdict(self.training), "augmentation": asdict(self.augmentation)}

    def predict_inputs(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, C) probabilities of the glosses; each row sums to one."""
        probabilities = np.empty((len(inputs), len(self.glosses)))
        if not inputs:
            return probabilities.astype(np.float32)
        order = np.argsort([len(one) for one in inputs], kind="stable")
        for chosen in np.array_split(order, -(-len(order) // 64)):
            probabilities[chosen] = self._answer(pad([inputs[i] for i in chosen])).numpy()
        return np.asarray(probabilities, np.float32)

    def answer(self, batch: Any, past: Past | None = None) -> Any:
        """(B, C) probabilities for a batch (B, T, K, 2) with NaN, before the temperature; within a graph, too.

        With a past, for the frames of that and of the batch together; of families that have a ``network``.
        """
        weight = self.weight_as_it_is(batch, past)
        answer = self._network_answer(batch, weight, past)
        if self.forest is None:
            return answer
        clip = batch if past is None else past.follow("clip", self._clip_so_far, batch)
        points = self.preprocessing.points
        votes = self.forest(forest_features(clip, weight, points, self.preprocessing.rate_hz))
        return self.forest.joined(answer, votes, self._network_weight)

    def weight_as_it_is(self, batch: Any, past: Past | None = None) -> Any:
        """(B,) what each clip of a batch counts for as it is, against its mirror image."""
        if not self.training.right_handed:
            return ops.ones_like(batch[:, 0, 0, 0])
        return right_handedness(batch, self.preprocessing.points, self.preprocessing.rate_hz, past)

    def _network_answer(self, batch: Any, weight: Any, past: Past | None) -> Any:
        if not self.training.right_handed:
            return self._softmax(batch, past)
        views = ops.concatenate([batch, mirror(batch, self.preprocessing.points)], axis=0)
        as_is, mirrored = ops.split(self._softmax(views, past), 2)
        return weight[:, None] * as_is + (1 - weight[:, None]) * mirrored

    def _softmax(self, views: Any, past: Past | None) -> Any:
        logits = self.model(views, training=False) if past is None else self.network(views, past)
        return ops.softmax(ops.cast(logits, "float32"))

    def _clip_so_far(self, batch: Any, before: Any) -> tuple[Any, Any]:
        """All frames of a stream, as many as a clip may have."""
        longest = frames_until(self.preprocessing.longest_s, self.preprocessing.rate_hz)
        if before is None:
            before = ops.full((1, longest, *batch.shape[2:]), np.nan)
        now = ops.concatenate([before, batch], axis=1)[:, -longest:]
        return now, now

    def stream(self) -> InputStream | None:
        """Answers input by input, of families that have a ``network``; the first takes some seconds to begin."""
        if self.network is None:
            return None
        if self._incremental is None:
            points = len(self.preprocessing.points)
            self._incremental = Incremental(self.answer, self.model.variables, self.network.reach, points)
        return IncrementalStream(self._incremental, self.temperature)

    def embeddings(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, D) what the last layer reads; of the clip or its mirror image, whichever counts for more."""
        kernel, _ = self.last_layer
        found = np.empty((len(inputs), len(kernel)), np.float32)
        network = keras.Model(self.model.input, self.model.get_layer(LAST_LAYER).input)
        points, rate = self.preprocessing.points, self.preprocessing.rate_hz
        order = np.argsort([len(one) for one in inputs], kind="stable")
        for chosen in np.array_split(order, -(-len(order) // 64)) if inputs else []:
            batch = pad([inputs[i] for i in chosen])
            if self.training.right_handed:
                left = np.asarray(right_handedness(batch, points, rate)) < 0.5
                batch[left] = points.mirror(batch[left])
            found[chosen] = network(batch, training=False).numpy()
        return found

    @property
    def last_layer(self) -> tuple[FloatArray, FloatArray]:
        """The kernel (D, C) and the bias (C,) of the layer that tells the glosses apart."""
        kernel, bias = self.model.get_layer(LAST_LAYER).get_weights()
        return kernel, bias

    @property
    def weights_below_glosses(self) -> list[Any]:
        """The model's weights but for those that tell the glosses apart: its last layer's, and the trees."""
        by_gloss = [*self.model.get_layer(LAST_LAYER).weights, *(self.forest.weights if self.forest else [])]
        left_out = {id(weight) for weight in by_gloss}
        return [weight for weight in self.model.weights if id(weight) not in left_out]

    @property
    def network_weights(self) -> list[Any]:
        """The model's weights but for the trees."""
        return [*self.weights_below_glosses, *self.model.get_layer(LAST_LAYER).weights]

    def with_last_layer(self, glosses: Sequence[str], kernel: FloatArray, bias: FloatArray) -> Self:
        """A classifier that differs in its glosses, and in the kernel (D, C) and bias (C,) that tell them apart."""
        # An architecture is made anew by its settings, so its weights come in the same order.
        other = type(self).from_config(self.config(), self.preprocessing)
        assert isinstance(other, type(self))
        other.glosses, other.temperature = tuple(glosses), self.temperature
        # Glosses are taught beside the trees that there are, however many they become.
        other.make_model(trees=self.forest is not None)
        if self.forest is not None and other.forest is not None:
            known = {gloss: place for place, gloss in enumerate(self.glosses)}
            other.forest.take_over(self.forest, [known.get(gloss) for gloss in other.glosses])
        for mine, theirs in zip(self.weights_below_glosses, other.weights_below_glosses, strict=True):
            theirs.assign(mine)
        other.model.get_layer(LAST_LAYER).set_weights([kernel, bias])
        return other

    def save_weights(self, folder: Path) -> Path:
        """Write the weights in Keras' HDF5 format."""
        self.model.save_weights(folder / WEIGHTS)
        return folder / WEIGHTS

    def load_weights(self, folder: Path, glosses: Sequence[str]) -> None:
        """Read the weights of a model of the same architecture and number of glosses."""
        self.glosses = tuple(glosses)
        with h5py.File(folder / WEIGHTS) as file:
            # Models from before there were trees have none.
            self.make_model(trees="forest" in file)
        self.model.load_weights(folder / WEIGHTS)

    def make_model(self, *, mixed: bool = False, trees: bool | None = None) -> None:
        """Make model and trees for the glosses anew; trees by the settings where None."""
        if trees is None:
            trees = self.training.trees > 0 and len(self.glosses) <= MANY_GLOSSES
        with dtype_policy("mixed_float16" if mixed else "float32"):
            self.model = self.build(len(self.glosses))
        self.forest = Forest(self.training.trees, len(self.glosses), name="forest") if trees else None
        if self.forest is not None:
            # What the model has, it saves and loads, and checkpoints hold.
            self.model.forest = self.forest
        # Any number of clips of any length, traced once.
        batch = tf.TensorSpec((None, *self.model.input_shape[1:]), tf.float32)
        self._answer = tf.function(self.answer, input_signature=[batch])
        self._incremental = None
