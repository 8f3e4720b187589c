"""Streams against whole clips: at every frame, the answer is that for the clip up to there."""

import gc

import numpy as np
import pytest

from posegloss.classifiers.base import FAMILIES, Sample, classifier_family, tempered
from posegloss.classifiers.families.batches import pad
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.streaming.incremental import SignStream
from posegloss.classifiers.streaming.reference import RunningReference
from posegloss.pipeline.errors import InvalidSequenceError, SettingsError
from posegloss.pipeline.normalize import Normalization, normalize
from posegloss.pipeline.sequence import KeypointSequence

from ..made_up import SIZE, TINY, make_sequence, nobody

GLOSSES = ("circle", "point", "wave")
# More blocks than the tiny one, and an attention that the clips below are longer than.
NEAR = {"architecture": {"width": 16, "stages": 2, "convolutions": 1, "heads": 2, "attention_frames": 8}}


def untrained(config, layout="blazepose33", **options):
    """A network with weights as they may be after training: not all zeros and ones, and no answer certain."""
    classifier = classifier_family("conv-transformer").from_config(config, Preprocessing(layout=layout, **options))
    classifier.glosses = GLOSSES
    classifier.make_model()
    generator = np.random.default_rng(0)
    classifier._grow([Sample(f"{i}", troubled_inputs(classifier, 40, i), GLOSSES[i % 3]) for i in range(60)], seed=0)
    for weight in classifier.model.weights:
        if weight.path.startswith("forest"):
            continue
        change = 0.3 * generator.standard_normal(weight.shape)
        weight.assign(weight.numpy() * np.exp(change) if "variance" in weight.path else weight.numpy() + 0.3 * change)
    classifier.temperature = 1.4
    return classifier


def troubled_inputs(classifier, frames, seed=0):
    """A signer whose one hand, then the other, leads; points and whole frames are missing, at both ends, too."""
    generator = np.random.default_rng(seed)
    points = classifier.preprocessing.points
    inputs = np.cumsum(0.1 * generator.standard_normal((frames, len(points), 2)), axis=0).astype(np.float32)
    for side, still in (("left", slice(0, frames // 2)), ("right", slice(frames // 2, frames))):
        inputs[still, points.index[f"{side}_wrist"]] = (0.5, 1.7)
    inputs[generator.random(inputs.shape[:2]) < 0.15] = np.nan
    inputs[frames // 3 : frames // 3 + 5] = inputs[:2] = inputs[-3:] = np.nan
    return inputs


def whole_answers(classifier, inputs):
    """The answer to each beginning of a clip; they are padded alike, which keeps TensorFlow's part short."""
    beginnings = pad([inputs[: frames + 1] for frames in range(len(inputs))])
    parts = np.array_split(beginnings, -(-len(inputs) // 64))
    return tempered(np.concatenate([classifier._answer(part).numpy() for part in parts]), classifier.temperature)


@pytest.fixture(scope="module", params=["blazepose33", "holistic75"])
def near(request):
    return untrained(NEAR, request.param)


@pytest.fixture(scope="module")
def recogniser(trained):
    return GlossRecogniser.load(trained.path)


def test_every_answer_is_that_of_the_whole_network(near):
    inputs, stream = troubled_inputs(near, 60), near.stream()
    answers = np.array([stream.push(one) for one in inputs])
    assert answers.dtype == np.float32
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(answers, whole_answers(near, inputs), atol=1e-4)
    np.testing.assert_allclose(answers[-1], near.probabilities([inputs])[0], atol=1e-4)
    # There is something to get wrong.
    assert np.ptp(answers, axis=0).max() > 0.2


@pytest.mark.parametrize(
    "config",
    [
        {"architecture": {**NEAR["architecture"], "heads": 0}},
        {**NEAR, "training": {"right_handed": False}},
        {"architecture": {**NEAR["architecture"], "attention_frames": 128}},
    ],
    ids=["no attention", "one view", "the usual reach"],
)
def test_other_networks(config):
    classifier = untrained(config)
    inputs, stream = troubled_inputs(classifier, 150 if "training" not in config else 30, seed=1), classifier.stream()
    answers = np.array([stream.push(one) for one in inputs])
    np.testing.assert_allclose(answers, whole_answers(classifier, inputs), atol=1e-4)


def test_a_trained_model(recogniser):
    classifier = recogniser.classifier
    for gloss in recogniser.glosses:
        inputs, stream = classifier.preprocessing(make_sequence(gloss, "new")), classifier.stream()
        answers = np.array([stream.push(one) for one in inputs])
        np.testing.assert_allclose(answers, whole_answers(classifier, inputs), atol=1e-4)
        assert recogniser.glosses[answers[-1].argmax()] == gloss


def test_the_attention_looks_back_as_far_as_told():
    near, far = (untrained({"architecture": {**NEAR["architecture"], "attention_frames": n}}) for n in (8, 64))
    far.model.set_weights(near.model.get_weights())
    inputs = troubled_inputs(near, 40)
    np.testing.assert_allclose(near.probabilities([inputs[:8]]), far.probabilities([inputs[:8]]), atol=1e-6)
    assert np.abs(near.probabilities([inputs]) - far.probabilities([inputs])).max() > 1e-3


def test_what_is_kept_does_not_grow(near):
    inputs, stream = troubled_inputs(near, 300), near.stream()
    shapes = []
    for one in inputs:
        stream.push(one)
        shapes.append({name: (value.shape, value.dtype) for name, value in stream._state.items()})
    assert shapes[19] == shapes[299]
    # Beside the clip of 20 s that the trees look at.
    clip = 401 * len(near.preprocessing.points) * 2
    assert sum(np.prod(shape) for shape, _ in shapes[299].values()) < 2e4 + clip


def test_streams_do_not_disturb_each_other(near):
    clips = [troubled_inputs(near, 20, seed) for seed in (1, 2)]
    alone = []
    for clip in clips:
        stream = near.stream()
        alone.append([stream.push(one) for one in clip])
    streams = [near.stream(), near.stream()]
    together = [
        [stream.push(one) for stream, one in zip(streams, both, strict=True)] for both in zip(*clips, strict=True)
    ]
    np.testing.assert_array_equal(np.swapaxes(together, 0, 1), alone)


def test_a_model_that_learns_anew_is_streamed_anew():
    classifier = untrained(NEAR)
    inputs = troubled_inputs(classifier, 5)
    answers = []
    for _ in range(2):
        stream = classifier.stream()
        answers.append([stream.push(one) for one in inputs][-1])
        np.testing.assert_allclose(answers[-1], classifier.probabilities([inputs])[0], atol=1e-4)
        classifier.make_model()
    assert np.abs(answers[1] - answers[0]).max() > 1e-3


def test_families_that_look_ahead_have_no_stream():
    for family in FAMILIES:
        classifier = classifier_family(family).from_config({})
        assert family == "conv-transformer" or classifier.stream() is None
    with pytest.raises(SettingsError, match="dtw-1nn looks ahead"):
        SignStream(classifier, (0, 0), 1.0)


# From raw frames.


def followed(classifier, sequence, reference=None, offset_s=0.0):
    """The probabilities after each frame of a sequence, which the stream gets in the clip's own frame of reference."""
    known = normalize(sequence, classifier.preprocessing.normalization)
    stream = SignStream(classifier, *(reference or (known.origin[:2], known.unit)))
    return [
        stream.push(keypoints, time_s + offset_s, sequence.size)
        for keypoints, time_s in zip(sequence.keypoints, sequence.timestamps, strict=True)
    ]


@pytest.mark.parametrize("rate", [10, 15, 24, 25, 29.97, 30, 50, 60])
def test_raw_frames_are_answered_as_the_clip(recogniser, rate):
    for gloss in recogniser.glosses:
        sequence = make_sequence(gloss, "new", rate=rate, seconds=1.5, missing=0)
        answers = followed(recogniser.classifier, sequence, offset_s=1234.5)
        np.testing.assert_allclose(answers[-1], recogniser.classifier.predict_proba([sequence])[0], atol=1e-4)


def test_each_frame_is_answered_as_the_clip_up_to_it(recogniser):
    """A clip up to there has medians of its own, so the shoulders keep still; nothing is filled in either."""
    full = make_sequence("circle", "new", rate=30, noise=0, missing=0)
    keypoints = full.keypoints.copy()
    keypoints[4:6, 15:23] = keypoints[20:24] = np.nan
    keypoints[25:30, 16, 3] = 0.05
    sequence = KeypointSequence(keypoints, full.timestamps, full.size)
    classifier = untrained(TINY, normalization=Normalization())
    answers = followed(classifier, sequence)
    for frames in (1, 2, 5, 6, 7, 21, 25, 28, 36):
        expected = classifier.predict_proba([sequence[slice(frames)]])[0]
        np.testing.assert_allclose(answers[frames - 1], expected, atol=1e-4)


def test_nobody_at_first_and_gaps(recogniser):
    classifier = recogniser.classifier
    full = make_sequence("circle", "new", rate=25, seconds=3, missing=0)
    keypoints, kept = full.keypoints.copy(), np.r_[0:30, 50:75]
    keypoints[:5] = np.nan
    sequence = KeypointSequence(keypoints[kept], full.timestamps[kept], full.size)
    answers = followed(classifier, sequence)
    assert answers[:5] == [None] * 5
    np.testing.assert_allclose(answers[-1], classifier.predict_proba([sequence])[0], atol=1e-4)


def test_none_is_a_frame_in_which_nobody_is_seen(recogniser):
    sequence, missing = make_sequence("wave", "new"), nobody(1).keypoints[0]
    known = normalize(sequence)
    streams = [SignStream(recogniser.classifier, known.origin[:2], known.unit) for _ in range(2)]
    for i, (keypoints, time_s) in enumerate(zip(sequence.keypoints, sequence.timestamps, strict=True)):
        lost = i % 7 in (0, 3)
        answers = [
            stream.push(absent if lost else keypoints, time_s, SIZE)
            for stream, absent in zip(streams, (None, missing), strict=True)
        ]
        assert (answers[0] is None) == (i == 0)
        assert i == 0 or np.array_equal(*answers)


def test_after_the_longest_clip_nothing_is_added():
    classifier = untrained(NEAR, longest_s=1.0)
    sequence = make_sequence("circle", "new", rate=25, seconds=2.5, missing=0)
    answers = followed(classifier, sequence)
    np.testing.assert_allclose(answers[-1], classifier.predict_proba([sequence])[0], atol=1e-4)
    assert np.array_equal(answers[-1], answers[25])
    assert not np.array_equal(answers[25], answers[20])


def test_a_frame_that_is_not_later_is_passed_over(recogniser):
    sequence = make_sequence("circle", "new", seconds=0.4)
    known = normalize(sequence)
    stream = SignStream(recogniser.classifier, known.origin[:2], known.unit)
    for keypoints, time_s in zip(sequence.keypoints, sequence.timestamps, strict=True):
        answer = stream.push(keypoints, time_s, SIZE)
        np.testing.assert_array_equal(stream.push(keypoints[::-1], time_s - 0.1 * (time_s > 0.1), SIZE), answer)
    np.testing.assert_array_equal(answer, followed(recogniser.classifier, sequence)[-1])


def test_the_running_reference_will_do(recogniser):
    sequence = make_sequence("circle", "new", missing=0)
    reference = RunningReference(0.1)
    for pixels, visibility, time_s in zip(sequence.pixels(), sequence.visibility, sequence.timestamps, strict=True):
        reference.push(pixels[:, :2], visibility, time_s)
        break
    answers = followed(recogniser.classifier, sequence, reference.now)
    np.testing.assert_allclose(answers[-1], recogniser.classifier.predict_proba([sequence])[0], atol=0.2)


def test_what_cannot_be_followed(recogniser):
    levelled = untrained(NEAR, normalization=Normalization(level_shoulders=True))
    with pytest.raises(SettingsError, match="levels the shoulders"):
        SignStream(levelled, (0, 0), 1.0)
    with pytest.raises(InvalidSequenceError, match=r"shape \(75, 4\), not \(33, 4\)"):
        SignStream(recogniser.classifier, (0, 0), 1.0).push(np.zeros((75, 4), np.float32), 0.0, SIZE)


def test_a_conversion_leaves_nothing_behind():
    classifier = untrained(NEAR)
    left = []
    for _ in range(2):
        classifier.stream()
        # As when another model is taught, which has steps of its own.
        classifier._incremental = None
        gc.collect()
        left.append(sum(type(one).__name__ == "FuncGraph" for one in gc.get_objects()))
    assert left[1] == left[0]
