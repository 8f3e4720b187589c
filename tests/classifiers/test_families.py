"""What every family promises."""

import numpy as np
import pytest

from posegloss.classifiers.base import FAMILIES, FamilyError, classifier_family, preprocess
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.sequence import KeypointSequence

from .made_up import TINY, make_clips, make_sequence, nobody

CONFIGS = {"conv-transformer": {**TINY, "training": {"epochs": 2, "batch_size": 8}}, "extra-trees": {"trees": 20}}


@pytest.fixture(scope="module")
def samples():
    clips = make_clips(glosses=("wave", "circle"), signers=("ada", "bo", "cy"), takes=2)
    return preprocess(clips, Preprocessing())[0]


@pytest.fixture(autouse=True, scope="module")
def eager():
    """Tiny models train faster than they compile; the compiled way is that of test_training."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def family(request):
    return request.param


def fitted(family, samples, seed=3):
    classifier = classifier_family(family).from_config(CONFIGS[family])
    classifier.fit(samples[:8], samples[8:], seed=seed)
    return classifier


@pytest.fixture(scope="module")
def classifier(family, samples):
    return fitted(family, samples)


@pytest.fixture
def inputs(samples):
    return [sample.inputs for sample in samples]


def test_probabilities(classifier, inputs):
    probabilities = classifier.predict_inputs(inputs)
    assert classifier.glosses == ("circle", "wave")
    assert probabilities.shape == (len(inputs), 2)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_sequences_and_inputs_give_the_same(classifier):
    sequence = make_sequence("circle", "zoe")
    np.testing.assert_allclose(
        classifier.predict_proba([sequence]), classifier.predict_inputs([classifier.preprocessing(sequence)]), atol=1e-6
    )


def test_company_makes_no_difference(classifier, samples):
    """A clip that is padded to the length of another one is the same clip."""
    short = samples[0].inputs[:9]
    long = np.concatenate([samples[1].inputs] * 3)
    alone = classifier.predict_inputs([short])[0]
    np.testing.assert_allclose(classifier.predict_inputs([short, long])[0], alone, atol=1e-5)


def test_lengths(classifier, samples):
    clips = [samples[0].inputs[:frames] for frames in (1, 2, 5, 20)] + [np.concatenate([samples[0].inputs] * 15)]
    assert np.isfinite(classifier.predict_inputs(clips)).all()


def test_missing_points(classifier, samples):
    clip = samples[0].inputs.copy()
    clip[3:6] = np.nan
    clip[:, 5] = np.nan
    assert np.isfinite(classifier.predict_inputs([clip])).all()
    np.testing.assert_allclose(classifier.predict_inputs([clip]).sum(), 1, atol=1e-5)


def test_no_signer(classifier):
    with pytest.raises(NoSignerError):
        classifier.predict_proba([nobody()])


def test_save_and_load(classifier, family, inputs, tmp_path):
    classifier.save_weights(tmp_path)
    other = classifier_family(family).from_config(classifier.config(), classifier.preprocessing)
    other.load_weights(tmp_path, classifier.glosses)
    np.testing.assert_allclose(other.predict_inputs(inputs), classifier.predict_inputs(inputs), atol=1e-6)


def test_weights_of_another_number_of_glosses(classifier, family, tmp_path):
    classifier.save_weights(tmp_path)
    with pytest.raises(ValueError):  # noqa: PT011 - the wording is Keras' or ours
        classifier_family(family).from_config(classifier.config()).load_weights(tmp_path, ("a", "b", "c"))


def test_config_round_trip(classifier, family):
    config = classifier.config()
    assert classifier_family(family).from_config(config).config() == config
    with pytest.raises(TypeError):
        classifier_family(family).from_config({**config, "training": {"nonsense": 1}})


def test_seed_decides(classifier, family, samples, inputs):
    same = fitted(family, samples).predict_inputs(inputs)
    np.testing.assert_allclose(same, classifier.predict_inputs(inputs), atol=1e-4)
    assert not np.allclose(fitted(family, samples, seed=4).predict_inputs(inputs), same, atol=1e-4)


def test_layout_that_it_was_not_trained_on(classifier):
    sequence = make_sequence()
    hands = np.full((len(sequence), 42, 4), np.nan)
    keypoints = np.concatenate([sequence.keypoints, hands], axis=1)
    other = KeypointSequence(keypoints, sequence.timestamps, sequence.size, layout="holistic75")
    with pytest.raises(ValueError, match="holistic75"):
        classifier.predict_proba([other])


def test_unknown_family():
    with pytest.raises(FamilyError, match="conv-transformer"):
        classifier_family("lstm")
