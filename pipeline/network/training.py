"""Training in two stages: heatmaps and offsets first, the regression encoder on top of what that has learned.

Bazarevsky et al. 2020, section 2.5, and Google's announcement of August 2020. The heatmaps are learned on small
pictures first, which is several times as fast, and the network is the same for all sizes.
"""

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.pipeline.errors import PoseglossError, told_as_store_error
from posegloss.pipeline.keras_backend import dtype_policy, keras, tf
from posegloss.pipeline.network.architecture import PoseNetwork, build
from posegloss.pipeline.network.augmentation import Augmentation
from posegloss.pipeline.network.batches import training_batches
from posegloss.pipeline.network.description import INPUT_SIDE, NetworkDescription
from posegloss.pipeline.network.example import Examples
from posegloss.pipeline.network.heatmaps import decode_heatmaps
from posegloss.pipeline.network.losses import compiled, heatmap_loss, regression_loss
from posegloss.pipeline.network.validation import pck

HEATMAPS: Final = "heatmaps"
REGRESSION: Final = "regression"


class PoseTrainingError(PoseglossError):
    """A training of a landmark network cannot go on."""


@dataclass(frozen=True)
class Stage:
    """A part of the training.

    Attributes:
        kind: "heatmaps" or "regression".
        side: pixels of the pictures.
        epochs: times that every example is seen.
        rate: highest learning rate.
    """

    kind: str
    side: int
    epochs: int
    rate: float


@dataclass(frozen=True)
class Plan:
    """How a network is trained.

    Attributes:
        stages: one after the other.
        batch: pictures at once.
        weight_decay: of AdamW.
        augmentation: of the examples.
        seed: decides all that is random.
        mixed_precision: learn in half precision with scaled losses, which GPUs are faster at; None for whether there is
            a GPU. What comes out is in single precision.
    """

    stages: tuple[Stage, ...] = (
        Stage(HEATMAPS, 128, 20, 3e-3),
        Stage(HEATMAPS, INPUT_SIDE, 60, 1.5e-3),
        Stage(REGRESSION, INPUT_SIDE, 40, 2e-3),
    )
    batch: int = 32
    weight_decay: float = 0.02
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0
    mixed_precision: bool | None = None

    @classmethod
    def of_epochs(
        cls,
        small: int | None = None,
        heatmaps: int | None = None,
        regression: int | None = None,
        *,
        batch: int | None = None,
        seed: int = 0,
    ) -> "Plan":
        """A plan of so many epochs a stage; the usual number where None, and no such stage where 0."""
        usual = cls(seed=seed) if batch is None else cls(batch=batch, seed=seed)
        wanted = zip(usual.stages, (small, heatmaps, regression), strict=True)
        stages = (replace(stage, epochs=stage.epochs if epochs is None else epochs) for stage, epochs in wanted)
        return replace(usual, stages=tuple(stage for stage in stages if stage.epochs))


@dataclass(frozen=True)
class EpochReport:
    """What is told after an epoch.

    Attributes:
        stage: its number from 0.
        epoch: epochs of this stage that are done.
        done: epochs of the whole training that are done, of ``total``.
        total: epochs of the whole training.
        loss: mean over the epoch.
        pck: PCK@0.2 on the examples for validation; NaN without them.
    """

    stage: int
    epoch: int
    done: int
    total: int
    loss: float
    pck: float


def train(
    description: NetworkDescription,
    examples: Examples,
    validation: Examples | None,
    folder: Path,
    plan: Plan,
    *,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
) -> PoseNetwork:
    """Train a network; killed and called again with the same folder, it goes on after the last whole epoch.

    Args:
        description: what to build.
        examples: what to learn from.
        validation: what PCK is measured on after each epoch; nothing is chosen by it.
        folder: keeps checkpoints and TensorBoard's files.
        plan: how.
        on_epoch: is told of each epoch, also of those before a resumption.

    Raises:
        PoseTrainingError: the loss is no number any more.
        StoreError: a checkpoint cannot be written.
    """
    keras.utils.set_random_seed(plan.seed)
    mixed = plan.mixed_precision
    if mixed is None:
        mixed = bool(tf.config.list_physical_devices("GPU"))
    policy = "mixed_float16" if mixed else "float32"
    with dtype_policy(policy):
        network = build(description)
    epochs = _Epochs(sum(stage.epochs for stage in plan.stages), on_epoch)
    for number, stage in enumerate(plan.stages):
        with dtype_policy(policy):
            # By its own policy the model decides whether losses are scaled.
            model = _stage_model(network, stage)
        steps = max(len(examples) // plan.batch, 1)
        model.compile(_optimizer(stage, plan, steps))
        place = folder / f"{number}-{stage.kind}-{stage.side}"
        checkpoints = _Checkpoints(model, place / "checkpoints", number)
        done = checkpoints.restore()
        for report in checkpoints.history:
            epochs.tell(report)
        if done >= stage.epochs:
            continue
        batches = training_batches(
            examples,
            stage.side,
            min(plan.batch, len(examples)),
            augmentation=plan.augmentation,
            # Another order and other views than before the resumption.
            seed=plan.seed + 1000 * number + done,
        ).map(_scaled)
        model.fit(
            batches,
            epochs=stage.epochs,
            initial_epoch=done,
            steps_per_epoch=steps,
            verbose=0,
            shuffle=False,  # the batches are already
            callbacks=[
                _Validation(validation, stage, plan.batch),
                checkpoints,
                keras.callbacks.LambdaCallback(on_epoch_end=lambda *_, kept=checkpoints: epochs.tell(kept.history[-1])),
                keras.callbacks.TensorBoard(place, write_graph=False),
            ],
        )
    trained = build(description)
    for whole, part in ((trained.heatmaps, network.heatmaps), (trained.regression, network.regression)):
        whole.set_weights(part.get_weights())
    return trained


class _StageModel(keras.Model):  # type: ignore[misc]
    """A model with a loss over all its outputs at once."""

    def __init__(self, inputs: Any, outputs: Any, loss: Callable[[Any, Any], Any]) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name="stage")
        self._stage_loss = compiled(loss)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The loss of a batch."""
        return self._stage_loss(y_pred, y)


def _stage_model(network: PoseNetwork, stage: Stage) -> Any:
    network.features.trainable = stage.kind == HEATMAPS
    picture = keras.Input((stage.side, stage.side, 3))
    if stage.kind == HEATMAPS:
        return _StageModel(picture, network.heatmaps(picture), heatmap_loss)
    return _StageModel(picture, network.inference(picture), regression_loss)


def _optimizer(stage: Stage, plan: Plan, steps: int) -> Any:
    warm_up = min(steps, 500)
    rate = keras.optimizers.schedules.CosineDecay(
        stage.rate / 20,
        decay_steps=max(stage.epochs * steps - warm_up, 1),
        warmup_target=stage.rate,
        warmup_steps=warm_up,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=plan.weight_decay, clipnorm=1.0)
    # Scales and shifts of the normalization, and biases, have no reason to be small.
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _scaled(pictures: Any, values: Any) -> tuple[Any, Any]:
    return tf.cast(pictures, tf.float32) / 255, values


class _Epochs:
    """Counts the epochs of all stages."""

    def __init__(self, total: int, on_epoch: Callable[[EpochReport], None]) -> None:
        self._total, self._on_epoch, self._done = total, on_epoch, 0

    def tell(self, history: dict[str, float]) -> None:
        """Of the next epoch."""
        self._done += 1
        self._on_epoch(
            EpochReport(
                int(history["stage"]),
                int(history["epoch"]),
                self._done,
                self._total,
                history["loss"],
                history.get("pck", np.nan),
            )
        )


class _Validation(keras.callbacks.Callback):  # type: ignore[misc]
    """Adds PCK@0.2 to what is logged of an epoch."""

    def __init__(self, examples: Examples | None, stage: Stage, batch: int) -> None:
        super().__init__()
        self._examples, self._stage, self._batch = examples, stage, batch
        self._traced = tf.function(self._find)  # once, not each epoch anew

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Measure."""
        if self._examples is None or logs is None:
            return
        logs["pck"] = pck(self._examples, self._stage.side, self._batch, self._traced)

    def _find(self, pictures: Any) -> Any:
        said = self.model(_scaled(pictures, None)[0], training=False)
        return decode_heatmaps(said) if self._stage.kind == HEATMAPS else said["points"]


class _Checkpoints(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the state after each epoch, and what was logged of it."""

    def __init__(self, model: Any, folder: Path, stage: int) -> None:
        super().__init__()
        self._stage, self._folder = stage, folder
        self._log = tf.Variable("[]", dtype=tf.string)
        state = tf.train.Checkpoint(model=model, optimizer=model.optimizer, log=self._log)
        self._manager = tf.train.CheckpointManager(state, str(folder), max_to_keep=1)
        model.optimizer.build(model.trainable_variables)

    @property
    def history(self) -> list[dict[str, float]]:
        """What was logged of each epoch that is done."""
        logged: list[dict[str, float]] = json.loads(self._log.numpy())
        return logged

    def restore(self) -> int:
        """How many epochs are done; the state is that after the last of them."""
        self._manager.restore_or_initialize()
        return len(self.history)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the state; TensorFlow makes it appear when it is whole."""
        if not np.isfinite((logs or {}).get("loss", 0.0)):
            raise PoseTrainingError(
                f"the loss of epoch {epoch + 1} is no number; run the same command again, or train with another seed"
            )
        logged = {"stage": self._stage, "epoch": epoch + 1, **(logs or {})}
        self._log.assign(json.dumps([*self.history, logged]))
        with told_as_store_error(self._folder):
            try:
                self._manager.save()
            except tf.errors.ResourceExhaustedError as error:
                raise OSError(errno.ENOSPC, str(error)) from error
