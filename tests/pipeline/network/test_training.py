from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from posegloss.pipeline.network.architecture import PoseNetwork
from posegloss.pipeline.network.augmentation import Augmentation
from posegloss.pipeline.network.example import Examples
from posegloss.pipeline.network.training import (
    HEATMAPS,
    REGRESSION,
    EpochReport,
    Plan,
    PoseTrainingError,
    Stage,
    train,
)
from posegloss.pipeline.network.validation import pck

from .made_up import TINY

BOTH = Plan(
    (Stage(HEATMAPS, 128, 3, 1e-2), Stage(HEATMAPS, 256, 1, 3e-3), Stage(REGRESSION, 256, 3, 2e-3)),
    batch=8,
    augmentation=Augmentation(),
    seed=1,
)
ONLY_HEATMAPS = replace(BOTH, stages=BOTH.stages[:2])


@dataclass
class History:
    """Reports of one call, which is stopped after an epoch."""

    stop_after: int = 99
    reports: list[EpochReport] = field(default_factory=list)

    def __call__(self, report: EpochReport) -> None:
        self.reports.append(report)
        if report.done == self.stop_after:
            raise KeyboardInterrupt

    @property
    def losses(self) -> list[float]:
        return [report.loss for report in self.reports]


@dataclass
class Trained:
    """What came of a training that was stopped twice."""

    folder: Path
    stopped: History
    of_heatmaps: History
    stopped_again: History
    whole: History
    heatmaps: PoseNetwork
    network: PoseNetwork


@pytest.fixture(scope="module")
def trained(avatars: Examples, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("training")
    stopped, of_heatmaps, stopped_again, whole = History(2), History(), History(5), History()
    some = avatars.part(lambda origin: origin == "avatar-001")
    with pytest.raises(KeyboardInterrupt):
        train(TINY, avatars, some, folder, ONLY_HEATMAPS, on_epoch=stopped)
    heatmaps = train(TINY, avatars, some, folder, ONLY_HEATMAPS, on_epoch=of_heatmaps)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, avatars, some, folder, BOTH, on_epoch=stopped_again)
    network = train(TINY, avatars, some, folder, BOTH, on_epoch=whole)
    return Trained(folder, stopped, of_heatmaps, stopped_again, whole, heatmaps, network)


def test_the_loss_falls_in_each_stage(trained: Trained) -> None:
    losses = trained.whole.losses
    assert losses[2] < 0.97 * losses[0]
    assert losses[6] < 0.97 * losses[4]
    assert all(0 <= report.pck <= 1 for report in trained.whole.reports)


def test_every_epoch_is_told_once_a_call_in_order(trained: Trained) -> None:
    told = [(report.stage, report.epoch, report.done, report.total) for report in trained.whole.reports]
    assert told == [(0, 1, 1, 7), (0, 2, 2, 7), (0, 3, 3, 7), (1, 1, 4, 7), (2, 1, 5, 7), (2, 2, 6, 7), (2, 3, 7, 7)]


def test_a_stopped_training_goes_on_where_it_was(trained: Trained) -> None:
    losses = trained.whole.losses
    assert trained.stopped.losses == losses[:2]
    assert trained.of_heatmaps.losses == losses[:4]
    assert trained.stopped_again.losses == losses[:5]
    # The optimizer has gone on, too: three steps an epoch, over all calls.
    for place, epochs in (("0-heatmaps-128", 3), ("1-heatmaps-256", 1), ("2-regression-256", 3)):
        state = tf.train.load_checkpoint(str(trained.folder / place / "checkpoints"))
        (iterations,) = (name for name in state.get_variable_to_shape_map() if "optimizer/_iterations" in name)
        assert state.get_tensor(iterations) == 3 * epochs


def test_a_finished_training_is_only_read(trained: Trained, avatars: Examples) -> None:
    again = History()
    network = train(TINY, avatars, None, trained.folder, BOTH, on_epoch=again)
    assert again.reports == trained.whole.reports
    for one, other in zip(network.inference.get_weights(), trained.network.inference.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_regression_leaves_the_features_and_heatmaps_as_they_were(trained: Trained) -> None:
    for part, changed in (("features", False), ("heatmaps", False), ("regression", True)):
        before, after = (getattr(network, part).get_weights() for network in (trained.heatmaps, trained.network))
        same = [np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
        assert not any(same) if changed else all(same)


def test_the_network_that_is_returned_is_the_one_that_was_measured(trained: Trained, avatars: Examples) -> None:
    some = avatars.part(lambda origin: origin == "avatar-001")
    found = pck(some, 256, 8, lambda pictures: trained.network.inference(tf.cast(pictures, tf.float32) / 255)["points"])
    assert found == pytest.approx(trained.whole.reports[-1].pck, abs=0.01)


def test_tensorboard_has_something_to_show(trained: Trained) -> None:
    for place in ("0-heatmaps-128", "1-heatmaps-256", "2-regression-256"):
        assert list((trained.folder / place).rglob("events.out.tfevents.*"))


def test_a_loss_that_is_no_number_is_not_kept(avatars: Examples, tmp_path: Path) -> None:
    broken = replace(avatars, values=avatars.values | {"trust": np.full_like(avatars.values["trust"], np.nan)})
    # Fewer examples than a batch are a smaller batch.
    plan = Plan((Stage(HEATMAPS, 128, 2, 1e-3),), batch=64)
    with pytest.raises(PoseTrainingError, match="epoch 1 is no number"):
        train(TINY, broken, None, tmp_path, plan)
    assert not list(tmp_path.rglob("*.index"))


def test_in_mixed_precision_losses_are_scaled_and_the_network_is_not(avatars: Examples, tmp_path: Path) -> None:
    plan = Plan((Stage(HEATMAPS, 128, 1, 1e-3), Stage(REGRESSION, 256, 1, 1e-3)), batch=24, mixed_precision=True)
    history = History()
    network = train(TINY, avatars, None, tmp_path, plan, on_epoch=history)
    assert np.isfinite(history.losses).all()
    for place in ("0-heatmaps-128", "1-regression-256"):
        state = tf.train.load_checkpoint(str(tmp_path / place / "checkpoints"))
        assert any("dynamic_scale" in name for name in state.get_variable_to_shape_map())
    assert {weight.dtype for weight in network.inference.weights} == {"float32"}
    assert network.inference.layers[-1].compute_dtype == "float32"
