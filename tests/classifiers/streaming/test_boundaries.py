import numpy as np
import pytest

from posegloss.classifiers.streaming.boundaries import LearnedBoundaries, RaisedHands
from posegloss.classifiers.streaming.boundary_features import COUNT, NOTHING, Moments
from posegloss.classifiers.streaming.boundary_network import AHEAD, WEIGHTS, BoundaryNetwork
from posegloss.classifiers.streaming.learning.data import example
from posegloss.datasets.avatar import Signer, perform
from posegloss.pipeline.extract import extract
from posegloss.pipeline.skeleton import INDEX

# Learned from signers 2000 and up, and chosen by others; these are nobody's but the tests'.
SENTENCES = [
    (30, ("CHIN-OUT", "TWO-HANDS-RISE", "SIDE-ZIGZAG", "CHEST-TAP")),
    (31, ("BASE-TAP", "FOREHEAD-OUT", "TWO-CHEST-CIRCLE")),
    (32, ("SIDE-RAINBOW", "CHEST-CIRCLE", "TWO-HANDS-PART", "CHIN-TAP")),
    (33, ("TWO-HANDS-SEESAW", "SHOULDER-TAP", "ONE-HAND-RISE")),
    (34, ("CHEST-DOWN", "BASE-SWEEP-OUT", "TWO-HANDS-PEDAL", "CHIN-ARC-OUT")),
]
ON, OFF, SHORTEST_S, PAUSE_S = 0.4, 0.35, 0.2, 0.1
SIZE = (640, 480)


@pytest.fixture(scope="module")
def sentences():
    return [perform(Signer.random(signer), glosses, take=0, seed=3, frame_rate=60) for signer, glosses in SENTENCES]


def stream(sequence, keep=slice(None), noise=0.0015):
    """Frames as (keypoints, time, size), with a tracker's noise."""
    keypoints = sequence.keypoints[keep].copy()
    keypoints[..., :2] += noise * np.random.default_rng(0).standard_normal(keypoints[..., :2].shape)
    return list(zip(keypoints, sequence.timestamps[keep].tolist(), [sequence.size] * len(keypoints), strict=True))


def probabilities(frames, boundaries=None):
    boundaries = boundaries or LearnedBoundaries()
    return [moment for frame in frames for moment in boundaries.push(*frame)]


def spans(moments):
    """As the recogniser decides."""
    found, start, turned = [], None, None
    for time_s, probability in moments:
        turns = probability >= ON if start is None else probability < OFF
        turned = (time_s if turned is None else turned) if turns else None
        if turned is None:
            continue
        if start is None and time_s - turned >= SHORTEST_S - 1e-6:
            start, turned = turned, None
        elif start is not None and time_s - turned >= PAUSE_S - 1e-6:
            found.append((start, turned))
            start = turned = None
    return found


def overlap(one, other):
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0) / (max(one[1], other[1]) - min(one[0], other[0]))


def f1(pairs):
    """Of (found, true) spans: at least half of both together is shared by the two."""
    right = sum(any(overlap(a, b) >= 0.5 for b in found) for found, true in pairs for a in true)
    return 2 * right / sum(len(found) + len(true) for found, true in pairs)


def truth(performance):
    return [(span.start_s, span.end_s) for span in performance.spans]


def test_signs_of_sentences_are_told_apart(sentences):
    every_other = slice(None, None, 2)
    learned, raised = (
        f1([(spans(probabilities(stream(s.truth, every_other), kind())), truth(s)) for s in sentences])
        for kind in (LearnedBoundaries, RaisedHands)
    )
    assert learned > 0.75
    assert learned > raised + 0.3


def test_frame_rate_and_dropped_frames_make_no_difference(sentences):
    frames = len(sentences[0].truth)
    kept = np.flatnonzero(np.random.default_rng(1).random(frames) > 0.4)
    full = spans(probabilities(stream(sentences[0].truth, noise=0)))
    for keep in (slice(None, None, 4), kept):
        other = spans(probabilities(stream(sentences[0].truth, keep, noise=0)))
        assert len(other) == len(full) == len(sentences[0].spans)
        np.testing.assert_allclose(other, full, atol=0.15)


def test_moments_are_in_order_and_known_within_the_delay(sentences):
    boundaries = LearnedBoundaries()
    told = [(time_s, frame[1]) for frame in stream(sentences[1].truth) for time_s, _ in boundaries.push(*frame)]
    times, known = np.array(told).T
    np.testing.assert_allclose(np.diff(times), 0.05, atol=1e-9)
    assert (known - times <= boundaries.delay_s + 1e-6).all()


def test_rest_is_no_sign(sentences):
    generator = np.random.default_rng(0)
    for performance in sentences[:2]:
        still = performance.truth.keypoints[0]
        shaky = [
            still + generator.normal(0, 0.0015, still.shape).astype(np.float32) * [1, 1, 1, 0] for _ in range(1500)
        ]
        moments = probabilities([(frame, n / 25, SIZE) for n, frame in enumerate(shaky)])
        assert not spans(moments)


def test_nobody():
    moments = probabilities([(None, n / 25, SIZE) for n in range(50)])
    assert moments
    assert all(probability == 0 for _, probability in moments)


def test_a_sign_ends_where_the_signer_is_gone(sentences):
    performance = sentences[2]
    middle = (performance.spans[0].start_s + performance.spans[0].end_s) / 2
    frames = [(keypoints if t < middle else None, t, size) for keypoints, t, size in stream(performance.truth)]
    found = spans(probabilities(frames))
    assert len(found) == 1
    # A tracker loses people for a moment, too, so it is not at once.
    assert abs(found[0][1] - middle) < 0.6


def test_a_hand_out_of_the_picture(sentences):
    performance = sentences[0]
    other = "right" if performance.signer.left_handed else "left"
    gone = [INDEX[f"{other}_{part}"] for part in ("elbow", "wrist", "pinky", "index", "thumb")]
    frames = stream(performance.truth)
    for keypoints, _, _ in frames:
        keypoints[gone] = (np.nan, np.nan, np.nan, 0)
    assert f1([(spans(probabilities(frames)), truth(performance))]) >= 0.75


def test_hands_of_the_larger_layout_make_no_difference(sentences):
    frames = stream(sentences[0].truth)[:120]
    larger = [(np.concatenate([keypoints, keypoints, keypoints[:9]]), t, size) for keypoints, t, size in frames]
    assert probabilities(larger) == probabilities(frames)


def test_two_detectors_do_not_disturb_each_other(sentences):
    one, other = stream(sentences[0].truth)[:150], stream(sentences[1].truth)[:150]
    detectors = LearnedBoundaries(), LearnedBoundaries()
    together = [[], []]
    for pair in zip(one, other, strict=True):
        for told, detector, frame in zip(together, detectors, pair, strict=True):
            told += detector.push(*frame)
    assert together == [probabilities(one), probabilities(other)]


def test_features_are_numbers_whatever_is_missing(sentences):
    generator = np.random.default_rng(2)
    moments = Moments()
    for keypoints, time_s, size in stream(sentences[3].truth):
        keypoints[generator.random(33) < 0.3] = (np.nan, np.nan, np.nan, 0)
        for _, features in moments.push(keypoints, time_s, size):
            assert features is None or (features.shape == (COUNT,) and np.isfinite(features).all())


def test_examples_are_the_same_every_time():
    features, signing, weight = example(2000, 0, AHEAD)
    assert features.shape == (len(signing), COUNT)
    assert 0 < signing.mean() < 1
    assert (features[weight == 0] == NOTHING).all()
    for again, array in zip(example(2000, 0, AHEAD), (features, signing, weight), strict=True):
        np.testing.assert_array_equal(again, array)


def test_numpy_answers_as_keras_does():
    from posegloss.classifiers.streaming.learning.learn import build, weights_of

    generator = np.random.default_rng(0)
    model = build()
    model.set_weights([0.15 * generator.standard_normal(weight.shape) for weight in model.get_weights()])
    features = generator.standard_normal((150, COUNT)).astype(np.float32)
    network = BoundaryNetwork(weights_of(model))
    expected = np.asarray(model(features[None]))[0, :, 0]
    np.testing.assert_allclose([network(moment) for moment in features], expected, atol=1e-4)


def test_weights_are_small():
    assert WEIGHTS.stat().st_size < 200_000


@pytest.mark.parametrize("clip", ["14882", "19109"])
def test_a_real_sign_from_rest_to_rest_is_one(shared_data, clip):
    sequence = extract(shared_data / "wlasl" / f"{clip}.mp4")
    ((start_s, end_s),) = spans(probabilities(stream(sequence, noise=0)))
    # There is rest before and after it.
    assert 0.2 < start_s < end_s < sequence.timestamps[-1] - 0.2
