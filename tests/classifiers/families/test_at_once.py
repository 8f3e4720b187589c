"""What the families compute that know no epochs, checked against slower ways."""

import numpy as np
import pytest

from posegloss.classifiers.base import Sample, classifier_family
from posegloss.classifiers.families.confidence import people, steepness
from posegloss.classifiers.families.dtw_1nn import DTWConfig, DTWNearest
from posegloss.classifiers.families.moments import at_moments, nearest_in_time
from posegloss.classifiers.families.rocket_ridge import Convolutions, RocketConfig
from posegloss.classifiers.preprocessing import Preprocessing

from .conftest import make_samples


def clips_with_holes(count, frames=20, seed=0):
    generator = np.random.default_rng(seed)
    clips = [generator.normal(size=(frames, len(Preprocessing().points), 2)).astype(np.float32) for _ in range(count)]
    for clip in clips:
        clip[:, generator.random(clip.shape[1]) < 0.2] = np.nan
    return clips


def slow_dtw(one, other, band):
    cost = np.full((len(one) + 1, len(other) + 1), np.inf)
    cost[0, 0] = 0
    for i in range(len(one)):
        for j in range(max(0, i - band), min(len(other), i + band + 1)):
            apart = np.nanmean(((one[i] - other[j]) ** 2).sum(axis=-1))
            cost[i + 1, j + 1] = apart + min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
    return np.sqrt(cost[-1, -1] / len(one))


@pytest.mark.parametrize("band", [0, 3])
def test_warping_by_hand(band):
    clips = clips_with_holes(5)
    warping = DTWNearest(DTWConfig(band=band, mirror=False))
    warping.glosses = ("a", "b")
    warping.learn([Sample(str(i), clip, signer=str(i)) for i, clip in enumerate(clips)], np.array([0, 0, 1, 1, 1]), 0)
    found = warping._distances(clips[:2])
    expected = [[slow_dtw(one, other, band) for other in clips] for one in clips[:2]]
    # Training clips are kept in half precision.
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_tempo_makes_little_difference_to_warping():
    def run(pace):
        times = np.linspace(0, 1, 20) ** pace
        return np.stack([np.cos(6 * times), np.sin(6 * times)], axis=-1)[:, None].repeat(17, axis=1).astype(np.float32)

    warping = DTWNearest()
    samples = [Sample("slow", run(1.0), "a", "ada"), Sample("back", run(1.0)[::-1], "b", "bo")]
    warping.fit(samples)
    assert warping.predict_inputs([run(1.3)]).argmax() == 0


def test_convolutions_by_hand():
    clips = np.stack(clips_with_holes(4, frames=32)).reshape(4, 32, -1)
    made = Convolutions.random(clips, RocketConfig(features=200), np.random.default_rng(0))
    assert set(made.dilations) <= {1, 2, 3}
    assert 0.1 < (made.taps.sum(axis=1) == 1).mean() < 0.6
    assert (made.channels.sum(axis=0) >= 1).all()
    clip = np.where(np.isnan(clips[1]), made.usual, clips[1])
    for place in (0, 7, 49):
        series = clip @ made.channels[:, place]
        padded = np.pad(series, 12, mode="edge")
        reach = (np.arange(9) - 4) * made.dilations[place]
        expected = [made.taps[place] @ padded[12 + t + reach] for t in range(32)]
        np.testing.assert_allclose(made._convolved(clips[1])[:, place], expected, atol=1e-4)
        np.testing.assert_allclose(
            made(clips[1:2]).reshape(-1, 4)[place], [(expected > bias).mean() for bias in made.biases[place]], atol=0.04
        )


def test_moments():
    clip = np.array([0.0, np.nan, np.nan, np.nan, 8.0], np.float32)[:, None, None].repeat(2, axis=2)
    np.testing.assert_array_equal(nearest_in_time(clip)[:, 0, 0], [0, 0, 0, 8, 8])
    np.testing.assert_array_equal(at_moments([clip], 3)[0, :, 0, 0], [0, 0, 8])
    assert at_moments([clip[:1]], 3).shape == (1, 3, 1, 2)
    assert np.isnan(at_moments([np.full((4, 1, 2), np.nan, np.float32)], 3)).all()


def test_steepness():
    generator = np.random.default_rng(0)
    labels = generator.integers(3, size=3000)
    scores = 0.01 * (np.eye(3)[labels] + generator.gumbel(size=(3000, 3)) / 3)
    # The noise of a softmax of 3 times the sign, in hundredths.
    assert 100 < steepness(scores, labels) < 900
    assert steepness(np.zeros((4, 2)), np.array([0, 1, 0, 1])) == 1
    assert steepness(np.empty((0, 2)), np.empty(0, int)) == 1


def test_people():
    clip = np.zeros((1, 17, 2), np.float32)
    assert people([Sample("1", clip, signer=name) for name in ("a", "b", "a", None, None)]).tolist() == [0, 1, 0, 2, 3]
    assert people([Sample("1", clip, signer="a")] * 2).tolist() == [0, 1]


@pytest.mark.parametrize("family", ["rocket-ridge", "dtw-1nn"])
def test_few_clips(family):
    """One signer, a gloss that one person signs only, a gloss with one clip."""
    for signers in (("ada",), ("ada", "bo")):
        samples = [
            *make_samples("blazepose33", signers=signers, takes=2),
            *make_samples("blazepose33", ("x",), takes=1),
        ]
        classifier = classifier_family(family).from_config({"features": 200} if family == "rocket-ridge" else {})
        history = classifier.fit(samples[:7], samples[7:])
        assert "validation_accuracy" in history[0]
        assert np.isfinite(classifier.predict_inputs([sample.inputs for sample in samples])).all()


@pytest.mark.parametrize(
    ("family", "config"),
    [
        ("rocket-ridge", {"frames": 1}),
        ("rocket-ridge", {"places": 2.0}),
        ("dtw-1nn", {"moments": 0}),
        ("dtw-1nn", {"band": -1}),
        ("st-gcn", {"architecture": {"kernel_size": 4}}),
        ("st-gcn", {"architecture": {"widths": []}}),
    ],
)
def test_settings_that_cannot_be(family, config):
    with pytest.raises(ValueError, match="must be"):
        classifier_family(family).from_config(config)
