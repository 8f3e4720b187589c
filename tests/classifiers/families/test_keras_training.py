import numpy as np
import pytest

from posegloss.classifiers.families.keras_training import KerasTraining, best_epoch
from posegloss.classifiers.input_points import INPUT_POINTS
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75


@pytest.mark.parametrize(
    "wrong",
    [
        *({"epochs": 0}, {"trees": -1}, {"network_weight": 0.0}, {"network_weight": 1.1}, {"batch_size": 0}),
        *({"balance": -0.1}, {"balance": 1.1}),
    ],
)
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        KerasTraining(**wrong)


def test_few_clips_are_learnt_from_as_often_as_makes_up_the_steps():
    settings = KerasTraining(least_steps=300, batch_size=10)
    assert settings.epochs_for(1000, 2) == settings.epochs_for(100, 2) == 30
    assert settings.epochs_for(95, 2) == 30
    assert settings.epochs_for(90, 2) == 34
    assert settings.epochs_for(1, 2) == settings.epochs_for(1, 15) == 300
    assert settings.epochs_for(1, 20) == 400
    assert settings.epochs_for(10, 30) == settings.epochs_for(2, 1000) == 500
    assert settings.epochs_for(90, 30) == settings.epochs_for(90, 1000) == 67
    assert KerasTraining(least_steps=10**6).epochs_for(1, 2) == 500


def test_trees_count_less_where_there_are_hands():
    usual = KerasTraining()
    weights = [usual.network_weight_for(INPUT_POINTS[layout]) for layout in (BLAZEPOSE33, HOLISTIC75)]
    assert weights == [0.6, 0.8]
    assert KerasTraining(network_weight=0.7).network_weight_for(INPUT_POINTS[HOLISTIC75]) == 0.7


def test_epochs_that_are_asked_for_are_what_one_gets():
    assert KerasTraining(epochs=2, least_steps=10_000).epochs_for(1, 2) == 2


def test_the_rate_of_learning_falls_to_the_last_of_all_steps():
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    settings = KerasTraining(least_steps=600, batch_size=10, learning_rate=1.0)
    optimizer = settings.optimizer(model, clips=50)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 60, 330, 600)]
    assert rates == pytest.approx([0.01, 1.0, 0.505, 0.01], abs=1e-3)
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


def history(*losses):
    return [{"validation_loss": loss} for loss in losses]


def test_a_training_ends_when_it_has_not_got_better_for_two_thirds_of_it():
    settings = KerasTraining()
    assert not settings.is_over([], 6)
    assert not settings.is_over(history(3, 1, 2, 2, 2), 6)
    assert settings.is_over(history(3, 1, 2, 2, 2, 2), 6)
    assert settings.is_over(history(1, 2, 2, 2, 2), 6)
    assert KerasTraining(patience=2).is_over(history(1, 2, 2), 6)


def test_without_a_validation_the_last_epoch_is_the_best():
    assert best_epoch([{"loss": 1.0}, {"loss": 2.0}]) == 1
    assert not KerasTraining(patience=1).is_over([{"loss": 1.0}] * 5, 6)


def test_weights_that_know_something_learn_more_slowly_unless_glosses_are_many():
    import keras

    def highest(go_on, glosses=3, **settings):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(glosses)])
        optimizer = KerasTraining(least_steps=100, batch_size=10, **settings).optimizer(model, clips=50, go_on=go_on)
        return max(float(optimizer._learning_rate(step)) for step in range(150))

    assert highest(False) == pytest.approx(2e-3)
    assert highest(True) == highest(True, glosses=15) == pytest.approx(5e-4)
    assert highest(True, glosses=30) == pytest.approx(1e-3)
    assert highest(True, glosses=60) == highest(True, glosses=1000) == pytest.approx(2e-3)
    assert highest(True, glosses=30, learning_rate=0.1) == pytest.approx(0.1)


def test_of_what_it_started_from_less_stays_the_more_glosses_there_are():
    def kept(layout, glosses, **settings):
        return KerasTraining(**settings).kept_for(INPUT_POINTS[layout], glosses)

    few, more = [kept("holistic75", glosses) for glosses in (2, 15)], [kept("holistic75", n) for n in (30, 60, 1000)]
    assert few + more == pytest.approx([0.4, 0.4, 0.2, 0.1, 0.1])
    assert kept("holistic75", 1000, kept=0.3) == 0.3
    assert kept("blazepose33", 2) == 0


def test_glosses_of_few_clips_count_more_by_the_balance():
    labels = np.array([0] * 16 + [1] * 4)

    def of_glosses(balance):
        weights = KerasTraining(balance=balance).weights_of(labels)
        assert weights.mean() == pytest.approx(1)
        return np.bincount(labels, weights)

    assert of_glosses(0).tolist() == [16, 4]
    assert of_glosses(0.5) == pytest.approx([20 * 2 / 3, 20 / 3])
    assert of_glosses(1) == pytest.approx([10, 10])


def test_a_step_learns_from_each_clip_as_much_as_it_counts():
    import keras

    def learnt(weights):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="zeros")])
        settings = KerasTraining(label_smoothing=0.0, learning_rate=0.01, weight_decay=0.0, epochs=1)
        step = settings.step(model, settings.optimizer(model, clips=2))
        loss, _ = step(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), np.array(weights, np.float32))
        return float(loss), model.layers[0].kernel.numpy()

    loss, kernel = learnt([2, 0])
    assert loss == pytest.approx(np.log(2))
    assert (kernel[0] != 0).all()
    assert (kernel[1] == 0).all()
    assert learnt([1, 3])[0] == pytest.approx(2 * np.log(2))
