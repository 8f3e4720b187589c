"""The trees beside a network: what they read, how they vote, and what becomes of the votes."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from posegloss.classifiers.base import classifier_family
from posegloss.classifiers.families.batches import pad
from posegloss.classifiers.families.forest import LEAVES, Forest
from posegloss.classifiers.families.forest_features import forest_features
from posegloss.classifiers.families.keras_training import MANY_GLOSSES
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.skeleton import LAYOUTS

from ..made_up import make_sequence
from .conftest import brief, fitted, make_samples

RATE_HZ = 20.0


@pytest.fixture(scope="module", params=["blazepose33", "holistic75"])
def points(request):
    return Preprocessing(layout=request.param).points


def described(inputs, points, right_handed=1.0):
    batch = pad(inputs)
    return np.asarray(forest_features(batch, np.full(len(batch), right_handed, np.float32), points, RATE_HZ))


def a_walk(points, frames=30, seed=0):
    steps = 0.1 * np.random.default_rng(seed).standard_normal((frames, len(points), 2))
    return np.cumsum(steps, axis=0).astype(np.float32)


class TestFeatures:
    def test_positions_at_moments_are_those_of_the_clip(self, points):
        # 12 moments of 34 frames are every third one.
        clip = a_walk(points, frames=34)
        first = described([clip], points)[0, : 12 * len(points) * 2].reshape(12, len(points), 2)
        np.testing.assert_allclose(first, clip[::3], atol=2e-3)

    def test_neither_padding_nor_frames_without_anybody_around_it_matter(self, points):
        clip = a_walk(points)
        blank = np.full((20, *clip.shape[1:]), np.nan, np.float32)
        features = [described([one], points) for one in (clip, np.concatenate([blank, clip, blank]))]
        np.testing.assert_allclose(*features, atol=1e-3, rtol=1e-4)

    def test_a_mirror_image_of_the_other_hand_is_the_same(self, points):
        clip = a_walk(points)
        clip[:, points.index["left_wrist"]] = np.nan
        as_it_is, mirrored = described([clip], points), described([points.mirror(clip)], points, right_handed=0.0)
        np.testing.assert_allclose(as_it_is, mirrored, atol=1e-5)
        assert np.abs(as_it_is - described([points.mirror(clip)], points)).max() > 1

    @pytest.mark.parametrize(
        "missing", [slice(None), slice(3, 25), slice(1, None)], ids=["all", "a gap", "all but one"]
    )
    def test_what_is_missing_leaves_no_nan(self, points, missing):
        clip = a_walk(points)
        clip[missing] = np.nan
        assert np.isfinite(described([clip], points)).all()

    def test_a_gap_is_filled_from_its_edges(self, points):
        clip = np.zeros((31, len(points), 2), np.float32)
        clip[16:] = 1
        clip[10:21] = np.nan
        at = described([clip], points)[0, : 12 * len(points) * 2].reshape(12, len(points), 2)[:, 0, 0]
        np.testing.assert_allclose(at[[0, 3, 8, 11]], [0, 0, 1, 1], atol=0.02)
        assert (np.diff(at) > -1e-3).all()


@pytest.fixture(scope="module", params=[60, 4000], ids=["few clips", "more than there are leaves for"])
def clips(request):
    generator = np.random.default_rng(1)
    features = generator.normal(0, 2, (request.param, 7)).round(2).astype(np.float32)
    return features, (features[:, 0] + features[:, 3] > generator.normal(0, 2, len(features))).astype(np.int64)


class TestForest:
    def test_votes_are_those_of_scikit_learn(self, clips):
        features, labels = clips
        forest = Forest(10, 2)
        forest.grow(features, labels, seed=5)
        # Whole numbers, as the forest has them.
        steps = np.round(features * 4096)
        trees = ExtraTreesClassifier(
            10, class_weight="balanced", min_samples_leaf=2, max_leaf_nodes=LEAVES, max_depth=16, random_state=5
        ).fit(steps, labels)
        np.testing.assert_allclose(forest(features), trees.predict_proba(steps), atol=1e-6)
        assert max(tree.tree_.node_count for tree in trees.estimators_) <= 2 * LEAVES - 1

    def test_joined_is_the_weighted_mean(self, clips):
        forest = Forest(10, 2)
        forest.grow(*clips, seed=0)
        network, votes = np.float32([[0.9, 0.1]]), np.float32([[0.2, 0.8]])
        np.testing.assert_allclose(forest.joined(network, votes, 0.6), [[0.62, 0.38]], atol=1e-6)

    def test_glosses_that_were_taught_later_are_the_networks_alone(self, clips):
        forest, grown = Forest(10, 2), Forest(10, 3)
        forest.grow(*clips, seed=0)
        grown.take_over(forest, [1, None, 0])
        votes = np.asarray(grown(clips[0]))
        np.testing.assert_allclose(votes[:, [2, 0]], forest(clips[0]), atol=1e-6)
        assert not votes[:, 1].any()
        network = np.float32([[0.1, 0.8, 0.1]])
        joined = grown.joined(network, np.float32([[1, 0, 0]]), 0.5)
        np.testing.assert_allclose(joined, [[0.15, 0.8, 0.05]], atol=1e-6)


@pytest.mark.parametrize("family", ["conv-transformer", "bigru"])
def test_any_family_can_have_trees(family, tmp_path):
    samples = make_samples("blazepose33", glosses=("wave", "circle"), signers=("ada", "bo"), takes=2)
    inputs = [sample.inputs for sample in samples]
    classifier = fitted(family, samples, config=brief(family, epochs=1, trees=20))
    answers = classifier.predict_inputs(inputs)
    # After one epoch the network knows nothing yet.
    assert [classifier.glosses[i] for i in answers.argmax(axis=1)] == [sample.gloss for sample in samples]
    classifier.save_weights(tmp_path)
    other = classifier_family(family).from_config(classifier.config(), classifier.preprocessing)
    other.load_weights(tmp_path, classifier.glosses)
    np.testing.assert_allclose(other.predict_inputs(inputs), answers, atol=1e-6)


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_trees_and_network_hold_less_than_two_million_numbers(layout):
    for count in (MANY_GLOSSES, 250):
        classifier = classifier_family("conv-transformer").from_config({}, Preprocessing(layout=layout))
        classifier.glosses = tuple(f"{i:03}" for i in range(count))
        classifier.make_model()
        assert sum(np.prod(variable.shape) for variable in classifier.model.variables) < 2e6


def test_no_trees_for_very_many_glosses():
    classifier = classifier_family("conv-transformer").from_config({})
    for count, has in ((MANY_GLOSSES, True), (MANY_GLOSSES + 1, False)):
        classifier.glosses = tuple(f"{i:03}" for i in range(count))
        classifier.make_model()
        assert (classifier.forest is not None) == has
        answers = classifier.predict_inputs([classifier.preprocessing(make_sequence("wave", "ada"))])
        # Trees that have not grown know no gloss, and leave all to the network.
        np.testing.assert_allclose(answers.sum(), 1, atol=1e-5)


def test_a_model_from_before_there_were_trees_is_read(tmp_path):
    samples = make_samples("blazepose33", glosses=("wave", "circle"), signers=("ada", "bo"), takes=1)
    inputs = [sample.inputs for sample in samples]
    old = fitted("conv-transformer", samples, config=brief("conv-transformer", epochs=1, trees=0))
    old.save_weights(tmp_path)
    config = old.config()
    del config["training"]["trees"]
    read = classifier_family("conv-transformer").from_config(config, old.preprocessing)
    read.load_weights(tmp_path, old.glosses)
    np.testing.assert_allclose(read.predict_inputs(inputs), old.predict_inputs(inputs), atol=1e-6)


def test_trees_stay_when_a_gloss_beyond_the_most_is_taught():
    samples = make_samples("blazepose33", glosses=("wave", "circle"), signers=("ada", "bo"), takes=2)
    classifier = fitted("conv-transformer", samples, config=brief("conv-transformer", epochs=1, trees=20))
    kernel, bias = classifier.last_layer
    many = MANY_GLOSSES
    taught = classifier.with_last_layer(
        [*classifier.glosses, *(f"{i:03}" for i in range(many))],
        np.pad(kernel, [(0, 0), (0, many)]),
        np.append(bias, [-50] * many),
    )
    inputs = [sample.inputs for sample in samples]
    expected = classifier.predict_inputs(inputs)
    np.testing.assert_allclose(taught.predict_inputs(inputs)[:, :2], expected, atol=1e-5)


def test_a_model_without_trees_is_taught_without():
    samples = make_samples("blazepose33", glosses=("wave", "circle"), signers=("ada", "bo"), takes=1)
    old = fitted("conv-transformer", samples, config=brief("conv-transformer", epochs=1, trees=0))
    # As its settings say when they are read today.
    old.training = replace(old.training, trees=20)
    taught = old.with_last_layer(old.glosses, *old.last_layer)
    assert taught.forest is None
