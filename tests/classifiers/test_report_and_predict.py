import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from posegloss.classifiers.base import Sample, preprocess
from posegloss.classifiers.bundle import load_bundle
from posegloss.classifiers.evaluating.answers import Answer
from posegloss.classifiers.evaluating.evaluation import Evaluation
from posegloss.classifiers.evaluating.held_out import evaluate_bundle
from posegloss.classifiers.evaluating.pairs import ConfusedPair, confused_pairs
from posegloss.classifiers.evaluating.report import ModelReport, render_report
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.training import train

from .made_up import make_clips, make_sequence, nobody

HOSTILE = '<script>alert("1")</script>&\'"'


def page(result):
    return (result.path / "report.html").read_text("utf-8")


def test_numbers(trained):
    html = page(trained)
    for measure in (trained.evaluation.top1, trained.evaluation.top5, trained.evaluation.macro_f1):
        assert f"{100 * measure.value:.1f} %" in html
        assert f"between {100 * measure.low:.1f} and {100 * measure.high:.1f} %" in html
    assert str(trained.baseline.top1) in html
    assert re.search(r"Signer-independent: <b[^>]*>yes</b>", html)
    assert "SYNTHETIC" not in html
    for gloss in trained.evaluation.glosses:
        assert gloss in html


def test_self_contained(trained):
    html = page(trained)
    assert "http" not in html
    assert "<img" not in html
    assert "<script" not in html
    assert html.count("<polyline") == 5
    assert html.count("<path") >= 18


def test_well_formed(trained):
    open_tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta",):
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Tags().feed(page(trained))
    assert open_tags == []


def test_hostile_gloss_and_synthetic_banner(tmp_path):
    clips = make_clips(glosses=("wave", HOSTILE), signers=("ada", "<b>bo</b>", "cy"), takes=2)
    clips = [replace(clip, synthetic=True) for clip in clips]
    result = train(clips, tmp_path / "m", family="extra-trees", config={"trees": 10})
    html = page(result)
    assert "SYNTHETIC" in html
    assert "<script" not in html
    assert "<b>bo" not in html
    assert "&lt;script&gt;" in html
    assert HOSTILE in json.loads((result.path / "report.json").read_text())["evaluation"]["glosses"]
    assert GlossRecogniser.load(result.path).synthetic


@pytest.mark.parametrize(
    ("trained_on", "tested_on", "said"),
    [(True, True, "trained and tested on"), (True, False, "trained on"), (False, True, "tested on")],
)
def test_banner_says_what_is_synthetic(trees, trained_on, tested_on, said):
    training = {**json.loads((trees.path / "model.json").read_text())["training"], "synthetic": trained_on}
    evaluation = replace(trees.evaluation, tested_on_synthetic=tested_on)
    samples, _ = preprocess(make_clips(), trees.classifier.preprocessing)
    html = render_report(ModelReport("m", "extra-trees", evaluation, None, training, []), samples)
    assert f"SYNTHETIC: {said} drawn signers" in html
    assert ("Nothing here says" in html) is tested_on


def test_tested_on_synthetic_is_noted(trees):
    strangers = [replace(clip, synthetic=True) for clip in make_clips(signers=("zoe",))]
    result = evaluate_bundle(load_bundle(trees.path), strangers).evaluation
    assert result.tested_on_synthetic
    assert result.notes == ("tested on synthetic clips",)
    old = {name: value for name, value in result.to_dict().items() if name != "tested_on_synthetic"}
    assert not Evaluation.from_dict(old).tested_on_synthetic
    assert Evaluation.from_dict(result.to_dict()) == result


def test_many_glosses_and_no_history(trees):
    names = tuple(f"g{i}" for i in range(45))
    pairs = [*((name, name) for name in names), *[("g2", "g7")] * 4]
    answers = [Answer(f"{i}", "ada", *pair, 0.9, 1 + (pair[0] != pair[1])) for i, pair in enumerate(pairs)]
    samples = [Sample(answer.clip_id, np.zeros((5, 17, 2), np.float32), answer.gloss) for answer in answers]
    evaluation = Evaluation.of_answers(answers, names, signer_independent=True)
    assert confused_pairs(evaluation) == [ConfusedPair("g2", "g7", 4)]
    training = json.loads((trees.path / "model.json").read_text())["training"]
    html = render_report(ModelReport("m", "extra-trees", evaluation, None, training, []), samples)
    assert 'class="matrix"' not in html
    assert "<td>g7</td><td>4</td>" in html


@pytest.fixture(scope="module", params=["trained", "trees"])
def recogniser(request):
    return GlossRecogniser.load(request.getfixturevalue(request.param).path)


def test_prediction(recogniser):
    prediction = recogniser.predict(make_sequence("circle", "zoe", missing=0), top=2)
    assert prediction.gloss == prediction.ranking[0][0]
    assert prediction.confidence == prediction.ranking[0][1]
    assert len(prediction.ranking) == 2
    assert prediction.ranking[0][1] >= prediction.ranking[1][1]
    assert prediction.missing_points == {}
    assert prediction.reason is None
    json.dumps(prediction.to_dict())
    assert len(recogniser.predict(make_sequence(), top=99).ranking) == len(recogniser.glosses)


@pytest.mark.parametrize("sequence", [nobody(), nobody(0), nobody(1)])
def test_nobody_is_no_gloss(recogniser, sequence):
    prediction = recogniser.predict(sequence)
    assert prediction.gloss is None
    assert prediction.ranking == ()
    assert prediction.missing_points["left_wrist"] == 1
    assert "shoulders" in prediction.reason


def test_missing_points_are_named(recogniser):
    sequence = make_sequence(missing=0).without_low_visibility(0)
    keypoints = sequence.keypoints.copy()
    keypoints[: int(0.75 * len(keypoints)), 15] = np.nan
    prediction = recogniser.predict(type(sequence)(keypoints, sequence.timestamps, sequence.size))
    assert prediction.gloss is not None
    assert list(prediction.missing_points) == ["left_wrist"]
    assert prediction.missing_points["left_wrist"] == pytest.approx(0.75, abs=0.05)


def test_one_frame(recogniser):
    assert recogniser.predict(make_sequence(missing=0)[:1]).gloss is not None
