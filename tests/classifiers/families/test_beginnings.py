import numpy as np
import pytest

from posegloss.classifiers.base import classifier_family
from posegloss.classifiers.families.beginnings import begin, beginning
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.pretraining.learn import takes_of

from .conftest import TRAINING, make_samples

LAYOUT = "blazepose33"
"""The one with a beginning."""


def built(layout, **architecture):
    classifier = classifier_family("conv-transformer").from_config(
        {"architecture": architecture}, Preprocessing(layout=layout)
    )
    classifier.model = classifier.build(3)
    return classifier


def test_there_is_a_beginning_for_the_architecture_as_it_is():
    classifier = built(LAYOUT)
    assert begin(classifier.weights_below_glosses, LAYOUT)
    for weight, value in zip(classifier.weights_below_glosses, beginning(LAYOUT), strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
        assert np.isfinite(value).all()


@pytest.mark.parametrize(("layout", "architecture"), [(LAYOUT, {"width": 16}), ("holistic75", {})])
def test_what_has_no_beginning_starts_from_chance(layout, architecture):
    classifier = built(layout, **architecture)
    before = [weight.numpy() for weight in classifier.weights_below_glosses]
    assert not begin(classifier.weights_below_glosses, layout)
    for weight, value in zip(classifier.weights_below_glosses, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_a_training_starts_there_unless_it_is_told_not_to():
    samples = make_samples(LAYOUT, signers=("ada",), takes=1)

    def learnt(**training):
        config = {"training": {**TRAINING, "epochs": 1, "learning_rate": 1e-9, "trees": 0, **training}}
        classifier = classifier_family("conv-transformer").from_config(config)
        classifier.fit(samples)
        return classifier.model.get_layer("stem").kernel.numpy()

    kernel = next(value for value in beginning(LAYOUT) if value.shape == learnt().shape)
    np.testing.assert_allclose(learnt(), kernel, atol=1e-4)
    assert np.abs(learnt(pretrained=False) - kernel).max() > 0.05


def test_signs_and_signers_that_it_never_saw_lie_apart():
    """One take each of twenty signs, by people whom it never saw: the nearest of them is most often the right one."""
    classifier = built(LAYOUT)
    # Signs of another seed are others, and so are the signers of higher numbers.
    takes = [takes_of(number, layout=LAYOUT, takes=5, seed=77) for number in range(5000, 5020)]

    def right():
        first, *rest = zip(*(some[:4] for some in takes), strict=True)
        known = classifier.embeddings([sample.inputs for sample in first])
        asked = classifier.embeddings([sample.inputs for some in rest for sample in some])
        known, asked = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (known, asked))
        return ((asked @ known.T).argmax(axis=1) == np.tile(np.arange(len(takes)), len(rest))).mean()

    by_chance = right()
    assert begin(classifier.weights_below_glosses, LAYOUT)
    assert right() > max(0.6, by_chance + 0.2)


def test_a_layout_without_a_beginning_has_none():
    assert beginning("no-such-layout") == ()


@pytest.mark.parametrize("family", ["bigru", "tcn"])
def test_other_families_start_from_chance(family):
    assert not classifier_family(family).from_config({}).config()["training"]["pretrained"]
