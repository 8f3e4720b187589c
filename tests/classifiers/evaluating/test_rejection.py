import json
import shutil

import numpy as np
import pytest

from posegloss.classifiers.base import Sample, preprocess
from posegloss.classifiers.bundle import BundleError, load_bundle
from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.evaluating.rejection import choose_rejection, unknown_signs
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.preprocessing import Preprocessing

from ..made_up import make_clips
from .told import Scripted


def numbered(count, signers=("ada",), glosses=("g0", "g1")):
    """Samples of two frames that both hold the sample's number."""
    return [
        Sample(f"{i}", np.full((2, 1, 2), i, np.float32), glosses[i % len(glosses)], signers[i % len(signers)])
        for i in range(count)
    ]


def test_the_stated_part_of_the_made_up_signs_is_accepted():
    confidence = np.linspace(0.5, 0.99, 100)
    classifier = Scripted(np.stack([confidence, 1 - confidence], axis=1), ["g0", "g1"])
    samples = numbered(100)
    for false_alarms in (0.05, 0.1, 0.5):
        found = choose_rejection(classifier, samples, Calibration(threshold=0.7), false_alarms)
        accepted = (confidence >= found.reject_below).mean()
        assert false_alarms - 0.011 <= accepted <= false_alarms
        assert (found.threshold, found.negatives, found.false_alarms) == (0.7, 100, false_alarms)


def test_equally_sure_signs_are_rejected_together():
    classifier = Scripted(np.tile([0.9, 0.1], (40, 1)), ["g0", "g1"])
    found = choose_rejection(classifier, numbered(40), Calibration())
    assert 0.9 < found.reject_below < 0.9001
    certain = Scripted(np.tile([1.0, 0.0], (40, 1)), ["g0", "g1"])
    assert choose_rejection(certain, numbered(40), Calibration()).reject_below == 1


def test_too_few_to_choose_on():
    classifier = Scripted(np.tile([0.9, 0.1], (40, 1)), ["g0", "g1"])
    assert choose_rejection(classifier, numbered(10), Calibration()) == Calibration()
    assert choose_rejection(classifier, [], Calibration()) == Calibration()
    assert choose_rejection(classifier, numbered(40, glosses=("g0",)), Calibration()) == Calibration()


def test_halves_of_two_glosses_by_one_person():
    samples = numbered(40, signers=("ada", "ada", "bo", "bo"))
    about = {index: (sample.signer, sample.gloss) for index, sample in enumerate(samples)}
    found = unknown_signs(samples)
    assert len(found) == 40
    for sign in found:
        assert sign.shape == (2, 1, 2)
        (one, first), (other, second) = (about[int(frame[0, 0])] for frame in sign)
        assert one == other
        assert first != second
    np.testing.assert_array_equal(found, unknown_signs(samples))


def test_a_model_keeps_it_and_its_report_tells(trained):
    bundle = load_bundle(trained.path)
    # Nine clips by one person were too few to choose on.
    assert bundle.training["clips"]["validation"] == 9
    assert bundle.calibration.reject_below is None
    assert GlossRecogniser.load(trained.path).reject_below is None


def test_trained_with_enough_people(tmp_path):
    from posegloss.classifiers.training import train

    clips = make_clips(signers=("ada", "bo", "cy", "di", "ed", "fi"), takes=4)
    result = train(clips, tmp_path / "m", family="extra-trees", config={"trees": 30}, validation=0.4, seed=1)
    recogniser = GlossRecogniser.load(result.path)
    chosen = recogniser.calibration
    assert chosen.negatives >= 20
    assert recogniser.reject_below == chosen.reject_below
    assert "is taken for no sign of these glosses" in (result.path / "report.html").read_text()
    people = load_bundle(result.path).training["signers"]["validation"]
    validation = preprocess([clip for clip in clips if clip.signer in people], Preprocessing())[0]
    validation.sort(key=lambda sample: sample.clip_id)
    surest = result.classifier.probabilities(unknown_signs(validation)).max(axis=1)
    assert (surest >= chosen.reject_below).mean() <= chosen.false_alarms == 0.1


@pytest.mark.parametrize(
    "wrong", [{"reject_below": 2}, {"reject_below": "low"}, {"false_alarms": None}, {"negatives": 0.5}]
)
def test_rejection_that_cannot_be(trees, tmp_path, wrong):
    folder = shutil.copytree(trees.path, tmp_path / "model")
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**about, "calibration": wrong}))
    with pytest.raises(BundleError, match=r"model\.json.*calibration"):
        load_bundle(folder)
