"""What every family promises, on both layouts."""

import json

import numpy as np
import pytest

from posegloss.classifiers.base import FamilyError, classifier_family
from posegloss.classifiers.bundle import load_bundle
from posegloss.pipeline.errors import NoSignerError

from ..made_up import make_sequence, nobody
from ..test_bundle import saved
from .conftest import CONFIGS, KERAS, brief, fitted, make_samples, with_hands


@pytest.fixture
def inputs(samples):
    return [sample.inputs for sample in samples]


def test_probabilities(classifier, inputs):
    probabilities = classifier.predict_inputs(inputs)
    assert classifier.glosses == ("circle", "point", "wave")
    assert probabilities.shape == (len(inputs), 3)
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_people_who_were_never_seen_are_recognised(family, classifier):
    if classifier.preprocessing.layout != "blazepose33":
        pytest.skip("learns the smaller layout only")
    strangers = make_samples("blazepose33", signers=("zoe", "yu", "xan"), takes=2)
    probabilities = classifier.predict_inputs([sample.inputs for sample in strangers])
    right = [classifier.glosses.index(sample.gloss) for sample in strangers]
    assert (probabilities.argmax(axis=1) == right).mean() > 0.85
    assert probabilities[range(len(right)), right].mean() > 0.5


def test_sequences_and_inputs_give_the_same(classifier, layout):
    sequence = make_sequence("circle", "zoe")
    sequence = with_hands(sequence) if layout == "holistic75" else sequence
    np.testing.assert_allclose(
        classifier.predict_proba([sequence]), classifier.predict_inputs([classifier.preprocessing(sequence)]), atol=1e-6
    )


def test_company_makes_no_difference(classifier, inputs):
    """A clip that is padded to the length of another one is the same clip."""
    long = np.concatenate([inputs[1]] * 3)
    for frames in (8, 9):
        alone = classifier.predict_inputs([inputs[0][:frames]])[0]
        np.testing.assert_allclose(classifier.predict_inputs([inputs[0][:frames], long])[0], alone, atol=1e-5)


def test_lengths(classifier, inputs):
    clips = [inputs[0][:frames] for frames in (1, 2, 5, 20)] + [np.concatenate([inputs[0]] * 6)]
    assert np.isfinite(classifier.predict_inputs(clips)).all()


def test_missing_points(classifier, inputs):
    points = classifier.preprocessing.points
    clips = [inputs[0].copy() for _ in range(4)]
    clips[0][3:6] = np.nan
    clips[1][:, [points.index["right_wrist"], *points.hand("right")]] = np.nan
    clips[2][np.random.default_rng(0).random(clips[2].shape[:2]) < 0.5] = np.nan
    clips[3][:] = np.nan
    probabilities = classifier.predict_inputs(clips)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_no_signer(classifier, layout):
    sequence = nobody()
    with pytest.raises(NoSignerError):
        classifier.predict_proba([with_hands(sequence) if layout == "holistic75" else sequence])


def test_layout_that_it_was_not_trained_on(classifier, layout):
    sequence = make_sequence()
    other = sequence if layout == "holistic75" else with_hands(sequence)
    with pytest.raises(ValueError, match=rf"'{other.layout}', this classifier reads '{layout}'"):
        classifier.predict_proba([other])


def test_save_and_load(classifier, inputs, tmp_path):
    loaded = load_bundle(saved(classifier, tmp_path / "model")).classifier
    assert type(loaded) is type(classifier)
    assert loaded.config() == classifier.config()
    np.testing.assert_allclose(loaded.predict_inputs(inputs), classifier.predict_inputs(inputs), atol=1e-6)


def test_weights_of_another_number_of_glosses(classifier, family, tmp_path):
    classifier.save_weights(tmp_path)
    other = classifier_family(family).from_config(classifier.config(), classifier.preprocessing)
    with pytest.raises(ValueError):  # noqa: PT011 - the wording is Keras' or ours
        other.load_weights(tmp_path, ("a", "b", "c", "d"))


def test_config_round_trip(classifier, family):
    config = classifier.config()
    again = json.loads(json.dumps(config))
    assert classifier_family(family).from_config(again).config() == config
    with pytest.raises(TypeError):
        classifier_family(family).from_config({**config, "training": {"nonsense": 1}})


def test_seed_decides(family):
    samples = make_samples("blazepose33", glosses=("wave", "circle"), signers=("ada", "bo"), takes=2)
    inputs = [sample.inputs for sample in samples]
    one, same, other = (
        fitted(family, samples, seed=seed, config=brief(family)).predict_inputs(inputs) for seed in (3, 3, 4)
    )
    np.testing.assert_allclose(same, one, atol=1e-4)
    # Nothing about the nearest neighbour is random.
    assert np.allclose(other, one, atol=1e-4) == (family == "dtw-1nn")


def test_unknown_family():
    with pytest.raises(FamilyError, match="conv-transformer"):
        classifier_family("lstm")


def test_every_family_is_tested(family):
    assert family in CONFIGS


@pytest.mark.parametrize("family", KERAS)
def test_size(family):
    classifier = classifier_family(family).from_config({})
    assert classifier.build(250).count_params() < 2e6
