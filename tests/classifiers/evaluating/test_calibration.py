import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from posegloss.classifiers.base import tempered
from posegloss.classifiers.bundle import BundleError, load_bundle
from posegloss.classifiers.evaluating.calibration import (
    Calibration,
    calibrate,
    coverage_curve,
    fit_temperature,
    select,
    threshold_for,
)
from posegloss.classifiers.evaluating.evaluation import evaluate_samples
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.training import NOT_CALIBRATED, train

from ..made_up import make_clips, make_sequence, nobody
from .told import answers, scripted


def drawn(temperature, clips=4000, classes=6):
    """Probabilities, and labels drawn from them after a temperature: the one that calibration should find."""
    generator = np.random.default_rng(1)
    raw = tempered(generator.dirichlet(np.ones(classes), clips), 0.5)
    true = tempered(raw, temperature)
    labels = (true.cumsum(axis=1) < generator.random((clips, 1))).sum(axis=1)
    return raw, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature):
    raw, labels = drawn(temperature)
    assert fit_temperature(raw, labels) == pytest.approx(temperature, rel=0.1)


def test_a_temperature_makes_confidence_match_accuracy():
    raw, labels = drawn(3.0)
    classifier, samples = scripted(raw, labels)
    before = evaluate_samples(classifier, samples, signer_independent=True)
    found = calibrate(classifier, samples)
    after = evaluate_samples(classifier, samples, signer_independent=True)
    assert classifier.temperature == found.temperature
    assert before.ece.value > 0.2
    assert after.ece.value < 0.05
    assert (before.top1, before.mrr) == (after.top1, after.mrr)


def test_a_validation_without_an_error_is_not_certainty():
    """As of 12 answers of which 11 are right (Platt)."""
    classifier, samples = scripted(np.tile([0.6, 0.4], (10, 1)), [0] * 10)
    calibrate(classifier, samples)
    assert classifier.probabilities([samples[0].inputs])[0] == pytest.approx([11 / 12, 1 / 12], abs=1e-3)


def test_rows_sum_to_one_and_keep_their_order():
    rows = np.array([[0.5, 0.5, 0], [1, 0, 0], [0.7, 0.2, 0.1]], np.float32)
    for temperature in (0.2, 1, 7):
        found = tempered(rows, temperature)
        assert found.sum(axis=1) == pytest.approx(1)
        assert (found.argmax(axis=1) == [0, 0, 0]).all()
    assert tempered(rows[2:], 2.0)[0] == pytest.approx(np.sqrt(rows[2]) / np.sqrt(rows[2]).sum())


def test_coverage_by_hand():
    curve = coverage_curve(answers([0.9, 0.5, 0.8, 0.5], [True, False, True, True]))
    assert [(point.threshold, point.coverage, point.accuracy) for point in curve] == [
        (0.9, 0.25, 1.0),
        (0.8, 0.5, 1.0),
        # Both answers of 0.5 come together.
        (0.5, 1.0, 0.75),
    ]


def test_threshold_is_the_lowest_that_keeps_the_promise():
    told = answers([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    assert threshold_for(told, 1.0) == 0.8
    assert threshold_for(told, 0.75) == 0.6
    assert threshold_for(answers([0.9], [False]), 0.95) == 1.0


def test_selection_by_hand():
    told = answers([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    found = select(told, 0.7)
    assert found.coverage.value == 0.75
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert select(told, 0.95).accuracy is None


def test_without_validation_nothing_is_changed():
    classifier, samples = scripted([[0.9, 0.1]], [0])
    classifier.temperature = 3.0
    assert calibrate(classifier, []) == Calibration()
    assert classifier.temperature == 1
    unknown = [type(samples[0])("x", samples[0].inputs, "unheard")]
    assert calibrate(classifier, unknown).threshold is None


def test_a_model_keeps_its_calibration(trees):
    bundle = load_bundle(trees.path)
    assert bundle.calibration.clips == bundle.training["clips"]["validation"]
    assert bundle.calibration.signers == len(bundle.training["signers"]["validation"])
    assert bundle.classifier.temperature == bundle.calibration.temperature == trees.classifier.temperature != 1
    sequence = make_sequence("circle", "zoe")
    raw = bundle.classifier.predict_inputs([bundle.classifier.preprocessing(sequence)])
    expected = tempered(raw, bundle.calibration.temperature)
    np.testing.assert_allclose(bundle.classifier.predict_proba([sequence]), expected, atol=1e-6)
    assert bundle.report["calibration"] == bundle.calibration.to_dict()


def test_the_test_people_are_no_part_of_it(trees, clips, tmp_path):
    """Other labels of the test people change neither temperature nor threshold."""
    tested = load_bundle(trees.path).training["signers"]["test"]
    wrong = [
        replace(clip, sequence=make_sequence("else", clip.signer, 7)) if clip.signer in tested else clip
        for clip in clips
    ]
    again = train(wrong, tmp_path / "m", family="extra-trees", seed=1)
    assert again.evaluation.top1.value < trees.evaluation.top1.value
    assert load_bundle(again.path).calibration == load_bundle(trees.path).calibration


def test_no_validation_is_noted(tmp_path):
    clips = [
        replace(clip, split="train" if clip.signer == "ada" else "test")
        for clip in make_clips(signers=("ada", "bo"), takes=1)
    ]
    result = train(clips, tmp_path / "m", family="extra-trees", config={"trees": 10})
    assert NOT_CALIBRATED in result.evaluation.notes
    assert load_bundle(result.path).calibration == Calibration()
    assert "no validation clips" in (result.path / "report.html").read_text()


def changed(trees, tmp_path, calibration):
    folder = shutil.copytree(trees.path, tmp_path / "model")
    about = json.loads((folder / "model.json").read_text())
    del about["calibration"]
    (folder / "model.json").write_text(json.dumps(about | calibration))
    return folder


def test_a_model_from_before_calibration_is_read(trees, tmp_path):
    folder = changed(trees, tmp_path, {})
    bundle = load_bundle(folder)
    assert bundle.calibration == Calibration()
    assert bundle.classifier.temperature == 1
    assert GlossRecogniser.load(folder).predict(make_sequence("circle", "zoe")).sure


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"nonsense": 1},
        {"temperature": 0},
        {"temperature": "hot"},
        {"temperature": float("nan")},
        {"temperature": 1e9},
        {"threshold": 2},
        {"target": None},
        {"clips": "many"},
    ],
)
def test_calibration_that_cannot_be(trees, tmp_path, wrong):
    with pytest.raises(BundleError, match=r"model\.json.*calibration"):
        load_bundle(changed(trees, tmp_path, {"calibration": wrong}))


def test_answers_below_the_threshold_are_not_sure(trees):
    recogniser = GlossRecogniser.load(trees.path)
    assert recogniser.threshold == load_bundle(trees.path).calibration.threshold
    sequence = make_sequence("circle", "zoe")
    recogniser.threshold = 0.0
    sure = recogniser.predict(sequence)
    recogniser.threshold = 1.0
    unsure = recogniser.predict(sequence)
    assert (sure.sure, unsure.sure) == (True, False)
    assert (unsure.gloss, unsure.ranking) == (sure.gloss, sure.ranking)
    assert unsure.caption == f"not sure: {sure.caption}"
    assert not recogniser.predict(nobody()).sure
