import numpy as np
import pytest

from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.pretraining.invented import invent
from posegloss.classifiers.pretraining.learn import takes_of
from posegloss.classifiers.pretraining.takes import take, with_hands
from posegloss.datasets.avatar.lexicon import Hands
from posegloss.datasets.avatar.motion import choreograph
from posegloss.datasets.avatar.rig import articulate
from posegloss.datasets.avatar.signer import Signer
from posegloss.pipeline.skeleton import HAND_NAMES, INDEX, LAYOUTS, hand_points


def drawn(number):
    return invent(np.random.default_rng([9, number]))


def test_signs_of_all_kinds_are_drawn():
    signs = [drawn(number) for number in range(300)]
    assert {sign.hands for sign in signs} == set(Hands)
    assert len({(sign.location, sign.strokes[0].movement, sign.bends.tobytes()) for sign in signs}) > 280
    assert all(np.isfinite(sign.bends).all() and sign.bends.shape == (2, 16) for sign in signs)
    changing = [(sign.bends[0] != sign.bends[1]).any() for sign in signs]
    assert 0.15 < np.mean(changing) < 0.45


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_take_is_the_same_each_time_and_each_signer_has_another(layout):
    sign = drawn(3)
    first, again, other = (take(sign, who, np.random.default_rng([1, who]), layout) for who in (5000, 5000, 5001))
    assert first.layout == layout
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    assert first.keypoints.shape[1:] == (len(LAYOUTS[layout]), 4)
    assert first.keypoints.shape != other.keypoints.shape or not np.allclose(first.keypoints, other.keypoints)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_classifier_can_read_takes_and_sees_the_hands_in_most_of_them(layout):
    samples = [sample for number in range(8) for sample in takes_of(number, layout=layout, takes=4, seed=1)]
    assert len(samples) >= 24
    points = Preprocessing(layout=layout).points
    seen = np.mean([~np.isnan(sample.inputs[..., 0]).all(axis=0) for sample in samples], axis=0)
    assert (seen[[*points.hand("left"), *points.hand("right")]] > 0.6).all()
    assert {sample.gloss for sample in samples} == {f"{number:05}" for number in range(8)}


def test_two_takes_of_a_sign_are_more_alike_than_takes_of_two_signs():
    def means(number):
        samples = takes_of(number, layout="blazepose33", takes=6, seed=1)
        points = Preprocessing().points
        # Either hand may lead, so both are looked at: how high one comes, and how far to its side.
        wrists = [sample.inputs[:, [points.index["left_wrist"], points.index["right_wrist"]]] for sample in samples]
        return np.array([[np.nanmin(x[..., 1]), np.nanmax(np.abs(x[..., 0]))] for x in wrists])

    signs = np.stack([means(number) for number in range(12)])
    within = np.nanstd(signs, axis=1).mean(axis=0)
    assert (within < np.nanstd(np.nanmean(signs, axis=1), axis=0) * 1.5).all()


def test_whole_hands_begin_at_their_wrist_and_have_the_thumb_first():
    signer = Signer.random(4)
    rng = np.random.default_rng(0)
    joints = articulate(signer, choreograph(signer, ["SIDE-RAINBOW"], 25.0, rng), 25.0, rng)
    points = with_hands(joints)
    assert points.shape[1] == len(LAYOUTS["holistic75"])
    for side in ("left", "right"):
        hand = points[:, hand_points(side)]
        np.testing.assert_array_equal(hand[:, 0], points[:, INDEX[f"{side}_wrist"]])
        # The body has three of a hand's points, too.
        for of_body, of_hand in (("index", "index_finger_mcp"), ("pinky", "pinky_mcp"), ("thumb", "thumb_mcp")):
            np.testing.assert_allclose(hand[:, HAND_NAMES.index(of_hand)], points[:, INDEX[f"{side}_{of_body}"]])
