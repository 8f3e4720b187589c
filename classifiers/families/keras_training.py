"""How Keras families are trained: the settings, and what comes of them for an optimizer and its steps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.input_points import InputPoints
from posegloss.pipeline.keras_backend import keras, ops, tf
from posegloss.pipeline.sequence import FloatArray

_USUAL_EPOCHS: Final = 30
_MOST_EPOCHS: Final = 500
"""Of a handful of clips, which nothing more can be learnt from."""
_MOST_TIMES_THE_STEPS: Final = 2
_PATIENCE: Final = 2 / 3
"""Part of the epochs."""
_RATE: Final = 2e-3
_RATE_TO_GO_ON: Final = 5e-4
_NETWORK_WEIGHT: Final = 0.6
_NETWORK_WEIGHT_WITH_HANDS: Final = 0.8
_KEPT_WITH_HANDS: Final = 0.4
_FEW_GLOSSES: Final = 15
"""All of these by docs/accuracy.md."""
MANY_GLOSSES: Final = 60
"""More than these are learned by a network alone, and by a wider one.

What trees hold grows with them: with 60 they and the network have 1.8 million numbers.
"""


@dataclass(frozen=True)
class KerasTraining:
    """The settings.

    Attributes:
        epochs: at most; None for 30, or where clips are few for as many as make up ``least_steps``, or 500.
        least_steps: batches to learn from, unless ``epochs`` are given: a set of a tenth of the clips needs its ten
            times as many epochs (docs/accuracy.md). With more than 15 glosses as many times more, up to twice.
        batch_size: clips.
        learning_rate: at its highest, after the warm-up; None for 0.002, or for weights that know something for 0.0005
            with up to 15 glosses, and with more of them for as many times more, up to 0.002 with 60.
        weight_decay: of AdamW (Loshchilov and Hutter 2019).
        warm_up: part of the epochs in which the learning rate rises; after it, it falls as a cosine.
        label_smoothing: probability that goes to the other glosses.
        balance: how far glosses of few clips count as much as those of many: a clip counts by the number of clips of
            its gloss to the power of minus this, from 0 (each clip alike) to 1 (each gloss alike).
        patience: training ends after so many epochs without a better validation; None for two thirds of the epochs.
        right_handed: see left-handed signing in a mirror, in training and answers; see ``handedness``.
        trees: that grow beside the network and vote with it; see ``forest``. None are grown for more than 60
            glosses (``MANY_GLOSSES``).
        network_weight: of the network's answer, against the votes of the trees; None for 0.6, or 0.8 where there are
            whole hands, whose shapes networks read better than trees.
        pretrained: start from what the architecture learned from an avatar's invented signs, where there is that; see
            ``beginnings``, and ``last_layer`` for the last one.
        kept: part of the weights that a training started from, if they knew something, in those that it ends with: it
            is what holds on people unlike those of the training (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
            models"). None for nothing, or where there are whole hands for 0.4 with up to 15 glosses, and with more of
            them for as many times less, down to 0.1 with 60. Less stays where it would undo what was learned.
        mixed_precision: learn in half precision with scaled losses (Micikevicius et al. 2018), which GPUs are faster
            at. Weights and answers are in single precision all the same.
    """

    epochs: int | None = None
    least_steps: int = 3000
    batch_size: int = 16
    learning_rate: float | None = None
    weight_decay: float = 0.05
    warm_up: float = 0.1
    label_smoothing: float = 0.1
    balance: float = 0.0
    patience: int | None = None
    right_handed: bool = True
    trees: int = 0
    network_weight: float | None = None
    pretrained: bool = False
    kept: float | None = None
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        if self.epochs is not None and self.epochs < 1:
            raise ValueError("epochs must be 1 at least")
        if self.batch_size < 1:
            raise ValueError("batch_size must be 1 at least")
        if not 0 <= self.balance <= 1:
            raise ValueError("balance must be 0 at least and 1 at most")
        if self.trees < 0:
            raise ValueError("trees must be 0 at least")
        if self.network_weight is not None and not 0 < self.network_weight <= 1:
            raise ValueError("network_weight must be above 0 and 1 at most")
        if self.kept is not None and not 0 <= self.kept < 1:
            raise ValueError("kept must be 0 at least and below 1")

    def weights_of(self, labels: npt.NDArray[np.integer]) -> FloatArray:
        """(N,) how much each clip counts, by its label (N,); 1 on average."""
        clips = np.bincount(labels)[labels].astype(np.float32)
        weights = clips**-self.balance
        return np.asarray(weights / weights.mean(), np.float32)

    def steps_an_epoch(self, clips: int) -> int:
        """Batches that so many clips make."""
        return -(-clips // self.batch_size)

    def epochs_for(self, clips: int, glosses: int) -> int:
        """Epochs at most, for a set of so many clips and glosses."""
        if self.epochs is not None:
            return self.epochs
        steps = self.least_steps * min(_further(glosses), _MOST_TIMES_THE_STEPS)
        return min(max(_USUAL_EPOCHS, math.ceil(steps / self.steps_an_epoch(clips))), _MOST_EPOCHS)

    def network_weight_for(self, points: InputPoints) -> float:
        """The network's part of the answer from these points."""
        if self.network_weight is not None:
            return self.network_weight
        return _NETWORK_WEIGHT_WITH_HANDS if points.whole_hand("left") else _NETWORK_WEIGHT

    def kept_for(self, points: InputPoints, glosses: int) -> float:
        """The part that stays of what a training with these points, for so many glosses, started from."""
        if self.kept is not None:
            return self.kept
        return _KEPT_WITH_HANDS / _further(glosses) if points.whole_hand("left") else 0.0

    def is_over(self, history: Sequence[Mapping[str, float]], epochs: int) -> bool:
        """Whether a training of so many epochs at most has run through, or got no better for too long."""
        if not history:
            return False
        patience = round(_PATIENCE * epochs) if self.patience is None else self.patience
        return len(history) >= epochs or len(history) - 1 - best_epoch(history) >= patience

    def optimizer(self, model: Any, clips: int, *, go_on: bool = False) -> Any:
        """AdamW for a model that learns from so many clips; ``go_on`` where its weights are not those of chance."""
        glosses = model.output_shape[-1]
        rate = self.learning_rate or (_RATE_TO_GO_ON * _further(glosses) if go_on else _RATE)
        total = self.steps_an_epoch(clips) * self.epochs_for(clips, glosses)
        warm_up = max(1, round(self.warm_up * total))
        schedule = keras.optimizers.schedules.CosineDecay(
            rate / 100,
            max(1, total - warm_up),
            alpha=0.01,
            warmup_target=rate,
            warmup_steps=warm_up,
        )
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=self.weight_decay, clipnorm=1.0)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        if self.mixed_precision:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(model.trainable_variables)
        return optimizer

    def step(self, model: Any, optimizer: Any) -> Any:
        """A function that learns from a batch, and gives loss and accuracy.

        Its arguments are the inputs, one-hot labels, and (B,) how much each clip counts.
        """
        loss_of = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=self.label_smoothing)

        def step(batch: Any, targets: Any, weights: Any) -> Any:
            with tf.GradientTape() as tape:
                logits = ops.cast(model(batch, training=True), "float32")
                loss = loss_of(targets, logits, sample_weight=weights)
                scaled = optimizer.scale_loss(loss)
            optimizer.apply(tape.gradient(scaled, model.trainable_variables), model.trainable_variables)
            right = ops.equal(ops.argmax(logits, axis=1), ops.argmax(targets, axis=1))
            return loss, ops.mean(ops.cast(right, "float32"))

        shapes = (model.input_shape, model.output_shape, (None,))
        specs = [tf.TensorSpec((None, *shape[1:]), tf.float32) for shape in shapes]
        return tf.function(step, input_signature=specs)


def _further(glosses: int) -> float:
    """How much further from its start a training has to go that is to tell so many glosses apart, from 1 to 4."""
    return min(max(1.0, glosses / _FEW_GLOSSES), _RATE / _RATE_TO_GO_ON)


def best_epoch(history: Sequence[Mapping[str, float]]) -> int:
    """The epoch with the lowest validation loss, or the last one without a validation.

    The accuracy on a few validation clips moves in large steps and picks lucky epochs; the loss does not.
    """
    return min(range(len(history)), key=lambda epoch: (history[epoch].get("validation_loss", 0.0), -epoch))
