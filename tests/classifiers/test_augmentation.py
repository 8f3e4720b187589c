import numpy as np
import pytest

from posegloss.classifiers.augmentation import Augmentation
from posegloss.classifiers.families.batches import pad, trim
from posegloss.classifiers.input_points import INPUT_POINTS
from posegloss.classifiers.preprocessing import Preprocessing

from .made_up import make_sequence

POINTS = INPUT_POINTS["blazepose33"]
OFF = dict.fromkeys(Augmentation().to_dict(), 0) | {"tempo": 1}


@pytest.fixture
def batch():
    sequences = [make_sequence("circle", "ada", seconds=1), make_sequence("wave", "bo", seconds=1.6)]
    return pad([Preprocessing()(sequence) for sequence in sequences])


def lengths(batch):
    seen = ~np.isnan(batch[..., 0]).all(axis=2)
    return seen.shape[1] - seen[:, ::-1].argmax(axis=1)


def test_switched_off_changes_nothing(batch):
    np.testing.assert_array_equal(trim(Augmentation(**OFF)(batch, POINTS, np.random.default_rng(0))), batch)


def test_generator_decides_and_input_stays(batch):
    before = batch.copy()
    one, same, other = (Augmentation()(batch, POINTS, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(batch, before)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other, equal_nan=True)


def test_mirror_twice_is_nothing(batch):
    np.testing.assert_array_equal(POINTS.mirror(POINTS.mirror(batch)), batch)


def test_mirrored_signer_is_a_mirrored_sequence():
    plain, left_handed = (
        Preprocessing()(make_sequence("wave", "ada", noise=0, missing=0, mirror=mirror)) for mirror in (False, True)
    )
    np.testing.assert_allclose(POINTS.mirror(plain), left_handed, atol=1e-4)


def test_mirror_always(batch):
    result = Augmentation(**OFF | {"mirror": 1})(batch, POINTS, np.random.default_rng(0))
    np.testing.assert_array_equal(trim(result), POINTS.mirror(batch))


def test_tempo_changes_the_length_by_at_most_its_factor(batch):
    clips = np.repeat(batch[:1], 200, axis=0)
    result = lengths(Augmentation(**OFF | {"tempo": 1.5})(clips, POINTS, np.random.default_rng(0)))
    own = lengths(batch)[0]
    assert own / 1.5 - 1 <= result.min() < 0.75 * own
    assert 1.3 * own < result.max() <= 1.5 * own + 1


def test_turning_keeps_distances(batch):
    result = trim(Augmentation(**OFF | {"turn": 0.5})(batch, POINTS, np.random.default_rng(0)))
    assert not np.allclose(result, batch, equal_nan=True)
    np.testing.assert_allclose(
        np.linalg.norm(result - result[:, :, :1], axis=-1), np.linalg.norm(batch - batch[:, :, :1], axis=-1), atol=1e-4
    )


def test_missing_stays_missing_and_some_is_always_left():
    clip = Preprocessing()(make_sequence(missing=0))[:2]
    clip[1:] = np.nan
    everything = Augmentation(drop_frames=0.99, drop_hand=1, drop_points=0.9)
    result = everything(pad([clip] * 50), POINTS, np.random.default_rng(0))
    assert (~np.isnan(result[..., 0])).any(axis=(1, 2)).all()
    assert np.isnan(result[:, 2:]).all()
