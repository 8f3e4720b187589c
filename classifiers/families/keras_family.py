"""What all Keras families share: training that can be interrupted and may start from another model."""

import hashlib
import math
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.classifiers.base import (
    EpochReport,
    GlossClassifier,
    History,
    Progress,
    Sample,
    TrainingError,
    glosses_of,
    label_indices,
    training_identity,
    with_gloss_in,
)
from posegloss.classifiers.families.altered import LabelledInputs
from posegloss.classifiers.families.batches import in_batches
from posegloss.classifiers.families.beginnings import begin
from posegloss.classifiers.families.checkpoint import Checkpoint
from posegloss.classifiers.families.forest_features import forest_features
from posegloss.classifiers.families.keras_answers import LAST_LAYER, KerasAnswers
from posegloss.classifiers.families.keras_training import best_epoch
from posegloss.classifiers.families.last_layer import fitted_last_layer
from posegloss.pipeline.ahead import read_ahead
from posegloss.pipeline.keras_backend import keras

SAVED_EVERY_S: Final = 2.0
"""Between checkpoints: the epochs of few clips take little longer than to write one."""
_ASKED: Final = 2000
"""Clips of the training, at most, that must still be recognised when a part of the start stays."""
_FORGOTTEN: Final = 0.005
"""Part of these clips that may be lost by it."""
_LEAST_KEPT: Final = 0.1
"""Half of this, or of less, is nothing."""


class KerasFamily(KerasAnswers):
    """A family of models that learn with Keras."""

    _start: list[np.ndarray[Any, Any]] | None = None

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
            TrainingError: the checkpoint is of another training, or it cannot be read or written; or the settings of
                the architecture do not go together.
        """
        settings, self.glosses = self.training, glosses_of(samples)
        epochs = settings.epochs_for(len(samples), len(self.glosses))
        keras.utils.set_random_seed(seed)
        try:
            self.make_model(mixed=settings.mixed_precision)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise TrainingError(f"no network can be made of these settings of its architecture: {error}") from error
        start = self._begin(samples)
        self._grow(samples, seed)
        optimizer = settings.optimizer(self.model, len(samples), go_on=start is not None)
        step = settings.step(self.model, optimizer)
        identity = training_identity(self, (samples, validation), seed)
        history: History = []
        best = _values(self.model.weights)
        saved = Checkpoint.load(checkpoint, identity) if checkpoint else None
        if saved:
            history, best = saved.history, saved.best
            _assign([*self.model.variables, *optimizer.variables], saved.state)
        learnt, saved_at = self._learnt_from(samples), -math.inf
        while not settings.is_over(history, epochs):
            started, epoch = time.perf_counter(), len(history)
            row = self._train_epoch(step, learnt, np.random.default_rng((seed, epoch)))
            row["learning_rate"] = float(optimizer.learning_rate.numpy())
            if validation:
                row |= self._validate(validation)
            row["seconds"] = time.perf_counter() - started
            history.append(row)
            if best_epoch(history) == epoch:
                best = _values(self.model.weights)
            if checkpoint and time.monotonic() - saved_at >= SAVED_EVERY_S:
                state = _values([*self.model.variables, *optimizer.variables])
                Checkpoint(identity, history, state, best).save(checkpoint)
                saved_at = time.monotonic()
            if progress:
                progress(EpochReport(epoch + 1, epochs, row))
        if settings.mixed_precision:
            self.make_model()
        _assign(self.model.weights, best)
        if start is not None:
            self._keep(start, settings.kept_for(self.preprocessing.points, len(self.glosses)), samples)
        return history

    def start_from(self, other: GlossClassifier) -> None:
        """Have ``fit`` start from what another classifier knows of signing, its glosses left out.

        Raises:
            TrainingError: the other one is of another family, architecture or preprocessing.
        """
        if not isinstance(other, type(self)):
            raise TrainingError(f"a model of {self.name} cannot start from one of {other.name}")
        if other.preprocessing.fingerprint != self.preprocessing.fingerprint:
            raise TrainingError(
                f"a model of {self.preprocessing.layout} cannot start from one of {other.preprocessing.layout}, nor "
                "from one that prepares keypoints in another way"
            )
        if other.config().get("architecture") != self.config().get("architecture"):
            raise TrainingError("a model cannot start from one of another architecture")
        self._start = _values(other.weights_below_glosses)
        self.origin = hashlib.sha256(b"".join(value.tobytes() for value in self._start)).hexdigest()

    def _begin(self, samples: Sequence[Sample]) -> list[np.ndarray[Any, Any]] | None:
        """Set the weights to those that the training starts from, and give them; None where it starts from chance."""
        if self._start is not None:
            _assign(self.weights_below_glosses, self._start)
        elif not (self.training.pretrained and begin(self.weights_below_glosses, self.preprocessing.layout)):
            return None
        embeddings = self.embeddings([sample.inputs for sample in samples])
        labels = label_indices(samples, self.glosses)
        layer = fitted_last_layer(embeddings, labels, self.training.weights_of(labels), len(self.glosses))
        self.model.get_layer(LAST_LAYER).set_weights(layer)
        return _values(self.network_weights)

    def _keep(self, start: Sequence[np.ndarray[Any, Any]], part: float, samples: Sequence[Sample]) -> None:
        """Move the weights a part of the way back to where they started, or less where that forgets what was learned.

        Halfway between two networks there need not be one that is as good (Wortsman et al. 2022): many glosses lead
        far away from the start.
        """
        if not part:
            return
        end, some = _values(self.network_weights), samples[:: -(-len(samples) // _ASKED)]
        learned = self._recognised(some)
        while part:
            for weight, first, last in zip(self.network_weights, start, end, strict=True):
                weight.assign(part * first + (1 - part) * last)
            if self._recognised(some) >= learned - _FORGOTTEN:
                return
            part = part / 2 if part > _LEAST_KEPT else 0.0
        _assign(self.network_weights, end)

    def _recognised(self, samples: Sequence[Sample]) -> float:
        """The part of clips that the network alone recognises."""
        kernel, bias = self.last_layer
        answers = (self.embeddings([sample.inputs for sample in samples]) @ kernel + bias).argmax(axis=1)
        return float(np.mean(answers == label_indices(samples, self.glosses)))

    def _learnt_from(self, samples: Sequence[Sample]) -> LabelledInputs:
        inputs, labels = [sample.inputs for sample in samples], label_indices(samples, self.glosses)
        right_handed = None
        if self.training.right_handed:
            right_handed = np.concatenate([np.asarray(self.weight_as_it_is(batch)) for batch in in_batches(inputs)])
        weights = self.training.weights_of(labels)
        return LabelledInputs(inputs, labels, weights, right_handed, self.preprocessing.points)

    def _grow(self, samples: Sequence[Sample], seed: int) -> None:
        if self.forest is None:
            return
        points, rate = self.preprocessing.points, self.preprocessing.rate_hz
        features = [
            np.asarray(forest_features(batch, self.weight_as_it_is(batch), points, rate))
            for batch in in_batches([sample.inputs for sample in samples])
        ]
        self.forest.grow(np.concatenate(features), label_indices(samples, self.glosses), seed)

    def _train_epoch(self, step: Any, learnt: LabelledInputs, generator: np.random.Generator) -> dict[str, float]:
        sums = np.zeros(2)
        eye = np.eye(len(self.glosses), dtype=np.float32)
        # Other takes are made on another thread while the network learns from these.
        altered = learnt.batches(self.augmentation, self.training.batch_size, generator)
        with closing(read_ahead(altered)) as batches:
            for batch, labels, weights in batches:
                sums += len(labels) * np.array([float(value) for value in step(batch, eye[labels], weights)])
        loss, accuracy = (sums / len(learnt.labels)).tolist()
        return {"loss": loss, "accuracy": accuracy}

    def _validate(self, validation: Sequence[Sample]) -> dict[str, float]:
        known = with_gloss_in(validation, self.glosses)
        labels = label_indices(known, self.glosses)
        probabilities = self.predict_inputs([sample.inputs for sample in known])
        true = probabilities[np.arange(len(known)), labels]
        return {
            "validation_loss": float(-np.log(true + 1e-7).mean()),
            "validation_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        }


def _values(variables: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    return [variable.value.numpy().copy() for variable in variables]


def _assign(variables: Sequence[Any], values: Sequence[np.ndarray[Any, Any]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
