import numpy as np
import pytest

from posegloss.classifiers import warps
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


def arms(batch, side="right"):
    return batch[:, :, [POINTS.index[f"{side}_{part}"] for part in ("elbow", "wrist", "index")]]


@pytest.mark.parametrize("kind", ["place", "apart", "amplitude", "arms", "proportions"])
def test_arms_move_and_shoulders_stay(batch, kind):
    result = trim(Augmentation(**OFF | {kind: 0.3})(batch, POINTS, np.random.default_rng(0)))
    shoulders = [POINTS.index["left_shoulder"], POINTS.index["right_shoulder"]]
    np.testing.assert_allclose(result[:, :, shoulders], batch[:, :, shoulders], atol=1e-6)
    moved = np.nanmax(np.abs(arms(result) - arms(batch)), axis=(1, 2, 3))
    assert (moved > 0.02).all()
    np.testing.assert_array_equal(np.isnan(result), np.isnan(batch))


def test_both_hands_sign_elsewhere_together(batch):
    change = trim(Augmentation(**OFF | {"place": 0.3})(batch, POINTS, np.random.default_rng(0))) - batch
    left, right = (change[:, :, POINTS.index[f"{side}_wrist"]] for side in ("left", "right"))
    np.testing.assert_allclose(np.nanmean(left, axis=1), np.nanmean(right, axis=1), atol=1e-5)


def test_wider_movements_keep_their_middle_and_the_shape_of_the_hand(batch):
    result = trim(Augmentation(**OFF | {"amplitude": 0.5})(batch, POINTS, np.random.default_rng(1)))
    wrist, tip = POINTS.index["right_wrist"], POINTS.index["right_index"]
    np.testing.assert_allclose(np.nanmean(result[:, :, wrist], 1), np.nanmean(batch[:, :, wrist], 1), atol=1e-4)
    np.testing.assert_allclose(
        result[:, :, tip] - result[:, :, wrist], batch[:, :, tip] - batch[:, :, wrist], atol=1e-5, equal_nan=True
    )
    ratio = np.nanstd(result[:, :, wrist], axis=1) / np.nanstd(batch[:, :, wrist], axis=1)
    assert (np.abs(np.log(ratio)) > 0.05).any()


def test_turned_arms_keep_their_length(batch):
    result = trim(Augmentation(**OFF | {"arms": 0.4})(batch, POINTS, np.random.default_rng(0)))
    for a, b in (("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("left_wrist", "left_thumb")):
        before, after = (
            np.linalg.norm(one[:, :, POINTS.index[a]] - one[:, :, POINTS.index[b]], axis=-1) for one in (batch, result)
        )
        np.testing.assert_allclose(after, before, atol=1e-4, equal_nan=True)


def test_mixed_takes_lie_between_takes_of_the_same_gloss(batch):
    clips = np.concatenate([batch[:1], batch[:1] + 1, batch[:1] - 100])
    mixed = warps.mix_takes(clips, [0, 0, 1], 1.0, np.random.default_rng(0))
    seen = ~np.isnan(batch[0])
    assert (mixed[:2, seen] >= batch[0][seen] - 1e-4).all()
    assert (mixed[:2, seen] <= batch[0][seen] + 1 + 1e-4).all()
    assert not np.allclose(mixed[0], clips[0], equal_nan=True)
    np.testing.assert_allclose(mixed[2], clips[2], atol=1e-4)


@pytest.mark.parametrize("kind", ["shear", "perspective"])
def test_camera_changes_angles_but_not_what_is_missing(batch, kind):
    result = trim(Augmentation(**OFF | {kind: 0.3})(batch, POINTS, np.random.default_rng(0)))
    assert np.nanmax(np.abs(result - batch)) > 0.02
    np.testing.assert_array_equal(np.isnan(result), np.isnan(batch))


def test_hands_of_the_larger_layout_follow_their_wrist():
    points = INPUT_POINTS["holistic75"]
    generator = np.random.default_rng(0)
    clips = generator.normal(size=(4, 8, len(points), 2)).astype(np.float32)
    result = Augmentation(**OFF | {"apart": 0.5})(clips, points, generator)
    wrist, hand = points.index["left_wrist"], list(points.hand("left"))
    np.testing.assert_allclose(
        result[:, :, hand] - result[:, :, [wrist]], clips[:, :, hand] - clips[:, :, [wrist]], atol=1e-5
    )
