import numpy as np
import pytest

from posegloss.classifiers.base import classifier_family, label_indices
from posegloss.classifiers.families.beginnings import begin, beginning
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.pretraining.learn import takes_of
from posegloss.pipeline.skeleton import LAYOUTS

from .conftest import TRAINING, fitted, make_samples

LAYOUT = "blazepose33"
with_each_layout = pytest.mark.parametrize("layout", list(LAYOUTS))


# With few glosses the network is narrower than with many.
with_few_and_many = pytest.mark.parametrize("glosses", [3, 61])


def built(layout, glosses=3, **architecture):
    classifier = classifier_family("conv-transformer").from_config(
        {"architecture": architecture}, Preprocessing(layout=layout)
    )
    classifier.model = classifier.build(glosses)
    return classifier


def beginning_of(weights, layout):
    return beginning(layout, tuple(tuple(weight.shape) for weight in weights))


@with_each_layout
@with_few_and_many
def test_there_is_a_beginning_for_the_architecture_as_it_is(layout, glosses):
    weights = built(layout, glosses).weights_below_glosses
    assert begin(weights, layout)
    for weight, value in zip(weights, beginning_of(weights, layout), strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
        assert np.isfinite(value).all()


def test_many_glosses_make_it_wider_and_those_taught_later_do_not():
    few, many = built(LAYOUT, 60), built(LAYOUT, 61)
    assert (few.architecture.width, many.architecture.width) == (64, 128)
    few.model = few.build(61)
    assert few.architecture.width == 64
    assert built(LAYOUT, 61, width=24).architecture.width == 24


def test_a_width_that_is_left_open_is_that_of_the_classifier_that_it_starts_from():
    other, classifier = built(LAYOUT, width=24), classifier_family("conv-transformer").from_config({})
    classifier.start_from(other)
    classifier.model = classifier.build(61)
    assert classifier.config()["architecture"] == other.config()["architecture"]


def test_another_architecture_starts_from_chance():
    classifier = built(LAYOUT, width=16)
    before = [weight.numpy() for weight in classifier.weights_below_glosses]
    assert not begin(classifier.weights_below_glosses, LAYOUT)
    for weight, value in zip(classifier.weights_below_glosses, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def hardly_learnt(samples, **training):
    """Trained from where it starts, at next to no rate."""
    config = {"training": {**TRAINING, "epochs": 1, "learning_rate": 1e-9, "trees": 0, **training}}
    classifier = classifier_family("conv-transformer").from_config(config)
    classifier.fit(samples)
    return classifier


def test_a_training_starts_there_unless_it_is_told_not_to():
    samples = make_samples(LAYOUT, signers=("ada",), takes=1)

    def stem(**training):
        return hardly_learnt(samples, **training).model.get_layer("stem").kernel.numpy()

    values = beginning_of(built(LAYOUT).weights_below_glosses, LAYOUT)
    kernel = next(value for value in values if value.shape == stem().shape)
    np.testing.assert_allclose(stem(), kernel, atol=1e-4)
    assert np.abs(stem(pretrained=False) - kernel).max() > 0.05


@pytest.mark.parametrize("mixed", [False, True])
def test_it_tells_the_glosses_apart_before_the_network_learns(mixed):
    samples = make_samples(LAYOUT, signers=("ada", "ben", "cem"), takes=2)
    classifier = hardly_learnt(samples, mixed_precision=mixed)
    found = classifier.predict_inputs([sample.inputs for sample in samples]).argmax(axis=1)
    assert (found == label_indices(samples, classifier.glosses)).all()
    by_chance = hardly_learnt(samples, pretrained=False).last_layer[1]
    np.testing.assert_allclose(by_chance, 0, atol=1e-6)


@pytest.mark.parametrize(("layout", "usual"), [("blazepose33", 0.0), ("holistic75", 0.4)])
def test_a_part_of_what_it_started_from_stays(layout, usual):
    samples = make_samples(layout, signers=("ada", "ben"), takes=2)

    def learnt(**training):
        config = {"training": {**TRAINING, "epochs": 1, "learning_rate": 1e-3, "trees": 4, **training}}
        return fitted("conv-transformer", samples, layout, config=config)

    def values(classifier):
        return [weight.numpy() for weight in classifier.network_weights]

    ends = [values(learnt(kept=0)), values(learnt(learning_rate=1e-12, weight_decay=0))]
    moved = 0.0
    for weight, end, start in zip(values(learnt()), *ends, strict=True):
        # Means and variances of a normalization move without any learning.
        if end.ndim > 1:
            np.testing.assert_allclose(weight, (1 - usual) * end + usual * start, atol=1e-5)
            moved = max(moved, float(np.abs(end - start).max()))
    assert moved > 1e-3


@pytest.mark.parametrize(("against", "stays"), [(0.2, 0.8), (1, 0.4), (30, 0)])
def test_no_more_stays_than_lets_it_know_what_it_learned(against, stays):
    samples = make_samples(LAYOUT, signers=("ada", "ben", "cem"), takes=2)

    # Its last layer is fitted, so that it recognises all, and would recognise nothing with the opposite one.
    classifier = hardly_learnt(samples, kept=0)
    kernel, bias = classifier.last_layer
    below = [weight.numpy() for weight in classifier.weights_below_glosses]
    classifier._keep([*below, -against * kernel, -against * bias], 0.8, samples)
    np.testing.assert_allclose(classifier.last_layer[0], (1 - stays - stays * against) * kernel, rtol=1e-4, atol=1e-6)


@with_each_layout
@with_few_and_many
def test_signs_and_signers_that_it_never_saw_lie_apart(layout, glosses):
    """One take each of twenty signs, by people whom it never saw: the nearest of them is most often the right one."""
    classifier = built(layout, glosses)
    # Signs of another seed are others, and so are the signers of higher numbers.
    takes = [takes_of(number, layout=layout, takes=5, seed=77) for number in range(5000, 5020)]

    def right():
        first, *rest = zip(*(some[:4] for some in takes), strict=True)
        known = classifier.embeddings([sample.inputs for sample in first])
        asked = classifier.embeddings([sample.inputs for some in rest for sample in some])
        known, asked = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (known, asked))
        return ((asked @ known.T).argmax(axis=1) == np.tile(np.arange(len(takes)), len(rest))).mean()

    by_chance = right()
    assert begin(classifier.weights_below_glosses, layout)
    assert right() > max(0.6, by_chance + 0.2)


def test_a_layout_without_a_beginning_has_none():
    assert beginning_of(built(LAYOUT).weights_below_glosses, "no-such-layout") == ()


@pytest.mark.parametrize("family", ["bigru", "tcn"])
def test_other_families_start_from_chance(family):
    assert not classifier_family(family).from_config({}).config()["training"]["pretrained"]
