"""What all Keras families share: training with checkpoints, prediction in batches, weights on disk."""

import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import h5py
import numpy as np

from posegloss.classifiers.augmentation import Augmentation
from posegloss.classifiers.base import (
    EpochReport,
    GlossClassifier,
    History,
    InputStream,
    Progress,
    Sample,
    glosses_of,
    label_indices,
    training_identity,
    with_gloss_in,
)
from posegloss.classifiers.families.batches import pad, trim
from posegloss.classifiers.families.checkpoint import Checkpoint
from posegloss.classifiers.families.forest import Forest
from posegloss.classifiers.families.forest_features import forest_features
from posegloss.classifiers.families.handedness import mirror, right_handedness
from posegloss.classifiers.families.incremental import Incremental, IncrementalStream
from posegloss.classifiers.families.past import Past
from posegloss.classifiers.preprocessing import Preprocessing, frames_until
from posegloss.classifiers.warps import lengths
from posegloss.pipeline.ahead import read_ahead
from posegloss.pipeline.keras_backend import dtype_policy, keras, ops, tf
from posegloss.pipeline.sequence import FloatArray

WEIGHTS = "model.weights.h5"
LAST_LAYER: Final = "glosses"
"""The name of every family's last layer: a dense one, a column for each gloss."""
_MOST_GLOSSES: Final = 100
"""With trees beside the network."""
# So many batches are altered at once, which is quicker than one by one.
_ALTERED_TOGETHER = 8


@dataclass(frozen=True)
class KerasTraining:
    """How Keras families are trained.

    Attributes:
        epochs: at most.
        batch_size: clips.
        learning_rate: at its highest, after the warm-up.
        weight_decay: of AdamW (Loshchilov and Hutter 2019).
        warm_up: part of the epochs in which the learning rate rises; after it, it falls as a cosine.
        label_smoothing: probability that goes to the other glosses.
        patience: training ends after so many epochs without a better validation.
        right_handed: see left-handed signing in a mirror, in training and answers; see ``handedness``.
        trees: that grow beside the network and vote with it; see ``forest``. None are grown for more than 100
            glosses, since what a tree holds grows with these.
        network_weight: of the network's answer, against the votes of the trees.
        mixed_precision: learn in half precision with scaled losses (Micikevicius et al. 2018), which GPUs are faster
            at. Weights and answers are in single precision all the same.
    """

    epochs: int = 30
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    label_smoothing: float = 0.1
    patience: int = 20
    right_handed: bool = True
    trees: int = 0
    network_weight: float = 0.6
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        if self.trees < 0:
            raise ValueError("trees must be 0 at least")
        if not 0 < self.network_weight <= 1:
            raise ValueError("network_weight must be above 0 and 1 at most")


@dataclass(frozen=True, eq=False)
class _Learnt:
    """What an epoch learns from: N inputs, their labels (N,), and the weight (N,) of each against its mirror image."""

    inputs: Sequence[FloatArray]
    labels: np.ndarray[Any, np.dtype[np.int64]]
    right_handed: FloatArray | None


class KerasFamily(GlossClassifier):
    """A family whose model is a Keras model from (B, T, K, 2) with NaN to (B, C) logits.

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
        self._incremental: Incremental | None = None

    @abstractmethod
    def build(self, classes: int) -> Any:
        """The Keras model."""

    def config(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {"training": asdict(self.training), "augmentation": asdict(self.augmentation)}

    def fit(
        self,
        samples: Sequence[Sample],
        validation: Sequence[Sample] = (),
        *,
        seed: int = 0,
        checkpoint: Path | None = None,
        progress: Progress | None = None,
    ) -> History:
        """Train, going on from the checkpoint if there is one.

        Raises:
            TrainingError: the checkpoint is of another training, or it cannot be read or written.
        """
        settings = self.training
        self.glosses = glosses_of(samples)
        keras.utils.set_random_seed(seed)
        self._make_model(mixed=settings.mixed_precision)
        self._grow(samples, seed)
        steps = -(-len(samples) // settings.batch_size)
        optimizer = self._optimizer(steps)
        step = self._train_step(optimizer)
        identity = training_identity(self, (samples, validation), seed)
        history: History = []
        best = _values(self.model.weights)
        saved = Checkpoint.load(checkpoint, identity) if checkpoint else None
        if saved:
            history, best = saved.history, saved.best
            _assign([*self.model.variables, *optimizer.variables], saved.state)
        learnt = _Learnt(
            [sample.inputs for sample in samples], label_indices(samples, self.glosses), self._right_handed(samples)
        )
        while len(history) < settings.epochs and not self._stalled(history):
            started, epoch = time.perf_counter(), len(history)
            row = self._train_epoch(step, learnt, np.random.default_rng((seed, epoch)))
            row["learning_rate"] = float(optimizer.learning_rate.numpy())
            if validation:
                row |= self._validate(validation)
            row["seconds"] = time.perf_counter() - started
            history.append(row)
            if _best_epoch(history) == epoch:
                best = _values(self.model.weights)
            if checkpoint:
                state = _values([*self.model.variables, *optimizer.variables])
                Checkpoint(identity, history, state, best).save(checkpoint)
            if progress:
                progress(EpochReport(epoch + 1, settings.epochs, row))
        if settings.mixed_precision:
            self._make_model()
        _assign(self.model.weights, best)
        return history

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
        weight = self._weight_as_it_is(batch, past)
        answer = self._network_answer(batch, weight, past)
        if self.forest is None:
            return answer
        clip = batch if past is None else past.follow("clip", self._clip_so_far, batch)
        features = forest_features(clip, weight, self.preprocessing.points, self.preprocessing.rate_hz)
        return self.forest.joined(answer, self.forest(features), self.training.network_weight)

    def _weight_as_it_is(self, batch: Any, past: Past | None = None) -> Any:
        """(B,) of each clip, against its mirror image."""
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

    def with_last_layer(self, glosses: Sequence[str], kernel: FloatArray, bias: FloatArray) -> Self:
        """A classifier that differs in its glosses, and in the kernel (D, C) and bias (C,) that tell them apart."""
        # An architecture is made anew by its settings, so its weights come in the same order.
        other = type(self).from_config(self.config(), self.preprocessing)
        assert isinstance(other, type(self))
        other.glosses, other.temperature = tuple(glosses), self.temperature
        # Glosses are taught beside the trees that there are, however many they become.
        other._make_model(trees=self.forest is not None)
        if self.forest is not None and other.forest is not None:
            known = {gloss: place for place, gloss in enumerate(self.glosses)}
            other.forest.take_over(self.forest, [known.get(gloss) for gloss in other.glosses])
        for mine, theirs in zip(self._weights_below_glosses(), other._weights_below_glosses(), strict=True):
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
            self._make_model(trees="forest" in file)
        self.model.load_weights(folder / WEIGHTS)

    def _weights_below_glosses(self) -> list[Any]:
        by_gloss = [*self.model.get_layer(LAST_LAYER).weights, *(self.forest.weights if self.forest else [])]
        left_out = {id(weight) for weight in by_gloss}
        return [weight for weight in self.model.weights if id(weight) not in left_out]

    def _make_model(self, *, mixed: bool = False, trees: bool | None = None) -> None:
        if trees is None:
            trees = self.training.trees > 0 and len(self.glosses) <= _MOST_GLOSSES
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

    def _optimizer(self, steps: int) -> Any:
        settings = self.training
        total = steps * settings.epochs
        warm_up = max(1, round(settings.warm_up * total))
        schedule = keras.optimizers.schedules.CosineDecay(
            settings.learning_rate / 100,
            max(1, total - warm_up),
            alpha=0.01,
            warmup_target=settings.learning_rate,
            warmup_steps=warm_up,
        )
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=settings.weight_decay, clipnorm=1.0)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        if settings.mixed_precision:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(self.model.trainable_variables)
        return optimizer

    def _train_step(self, optimizer: Any) -> Any:
        """A function of a batch and its one-hot labels that learns from them and gives loss and accuracy."""
        model = self.model
        loss_of = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.training.label_smoothing)

        def step(batch: Any, targets: Any) -> Any:
            with tf.GradientTape() as tape:
                logits = ops.cast(model(batch, training=True), "float32")
                loss = loss_of(targets, logits)
                scaled = optimizer.scale_loss(loss)
            optimizer.apply(tape.gradient(scaled, model.trainable_variables), model.trainable_variables)
            right = ops.equal(ops.argmax(logits, axis=1), ops.argmax(targets, axis=1))
            return loss, ops.mean(ops.cast(right, "float32"))

        specs = [tf.TensorSpec((None, *shape[1:]), tf.float32) for shape in (model.input_shape, model.output_shape)]
        return tf.function(step, input_signature=specs)

    def _right_handed(self, samples: Sequence[Sample]) -> FloatArray | None:
        """(N,) the weight of each sample as it is, against its mirror image."""
        if not self.training.right_handed:
            return None
        return np.concatenate([np.asarray(self._weight_as_it_is(batch)) for batch in _in_batches(samples)])

    def _grow(self, samples: Sequence[Sample], seed: int) -> None:
        if self.forest is None:
            return
        points, rate = self.preprocessing.points, self.preprocessing.rate_hz
        features = np.concatenate(
            [
                np.asarray(forest_features(batch, self._weight_as_it_is(batch), points, rate))
                for batch in _in_batches(samples)
            ]
        )
        self.forest.grow(features, label_indices(samples, self.glosses), seed)

    def _train_epoch(self, step: Any, learnt: _Learnt, generator: np.random.Generator) -> dict[str, float]:
        sums = np.zeros(2)
        eye = np.eye(len(self.glosses), dtype=np.float32)
        # Other takes are made on another thread while the network learns from these.
        with closing(read_ahead(self._batches(learnt, generator))) as batches:
            for batch, labels in batches:
                sums += len(labels) * np.array([float(value) for value in step(batch, eye[labels])])
        loss, accuracy = (sums / len(learnt.labels)).tolist()
        return {"loss": loss, "accuracy": accuracy}

    def _batches(
        self, learnt: _Learnt, generator: np.random.Generator
    ) -> Iterator[tuple[FloatArray, np.ndarray[Any, np.dtype[np.int64]]]]:
        """Altered copies of all clips with their labels, in random batches of nearly equal size."""
        count, size = len(learnt.labels), self.training.batch_size
        points = self.preprocessing.points
        for some in np.array_split(generator.permutation(count), -(-count // (size * _ALTERED_TOGETHER))):
            clips = pad([learnt.inputs[i] for i in some])
            if learnt.right_handed is not None:
                flipped = generator.random(len(some)) >= learnt.right_handed[some]
                clips[flipped] = points.mirror(clips[flipped])
            clips = self.augmentation(clips, points, generator, learnt.labels[some])
            # Clips of like length share a batch, so that little of it is empty.
            by_length = np.argsort(lengths(clips), kind="stable")
            for chosen in generator.permutation(len(parts := np.array_split(by_length, -(-len(some) // size)))):
                yield trim(clips[parts[chosen]]), learnt.labels[some][parts[chosen]]

    def _validate(self, validation: Sequence[Sample]) -> dict[str, float]:
        known = with_gloss_in(validation, self.glosses)
        labels = label_indices(known, self.glosses)
        probabilities = self.predict_inputs([sample.inputs for sample in known])
        true = probabilities[np.arange(len(known)), labels]
        return {
            "validation_loss": float(-np.log(true + 1e-7).mean()),
            "validation_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        }

    def _stalled(self, history: History) -> bool:
        return bool(history) and len(history) - 1 - _best_epoch(history) >= self.training.patience


def _in_batches(samples: Sequence[Sample]) -> Iterator[FloatArray]:
    """All samples in their order, padded, in batches (B, T, K, 2)."""
    for part in np.array_split(np.arange(len(samples)), -(-len(samples) // 256)):
        yield pad([samples[i].inputs for i in part])


def _best_epoch(history: History) -> int:
    """The epoch with the lowest validation loss, or the last one without a validation.

    The accuracy on a few validation clips moves in large steps and picks lucky epochs; the loss does not.
    """
    return min(range(len(history)), key=lambda epoch: (history[epoch].get("validation_loss", 0.0), -epoch))


def _values(variables: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    return [variable.value.numpy().copy() for variable in variables]


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray[Any, Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
