import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from posegloss.classifiers.base import GlossClassifier, Sample
from posegloss.classifiers.evaluating.evaluation import (
    Evaluation,
    EvaluationError,
    evaluate,
    evaluate_samples,
)
from posegloss.classifiers.evaluating.intervals import MIN_SIGNERS
from posegloss.pipeline.store import Clip

from ..made_up import make_clips, nobody

GLOSSES = tuple("abcdefg")


class Told(GlossClassifier):
    """Answers the gloss whose number the input is, then the glosses after it in turn."""

    name = "told"
    glosses = GLOSSES

    def __init__(self):
        super().__init__()
        self.glosses = GLOSSES

    def predict_inputs(self, inputs):
        place = (np.arange(len(GLOSSES)) - np.array([[int(one.flat[0])] for one in inputs])) % len(GLOSSES)
        scores = 1 / (1 + place)
        return scores / scores.sum(axis=1, keepdims=True)

    @classmethod
    def from_config(cls, config, preprocessing=None):
        raise NotImplementedError

    def config(self):
        raise NotImplementedError

    fit = save_weights = load_weights = config


def evaluated(signed, answered, signers, **options):
    samples = [
        Sample(f"{i}", np.full((1, 1, 2), GLOSSES.index(answer), np.float32), gloss, signer)
        for i, (gloss, answer, signer) in enumerate(zip(signed, answered, signers, strict=True))
    ]
    return evaluate_samples(Told(), samples, signer_independent=True, **options)


def test_against_numbers_made_by_hand():
    result = evaluated("aaabbc", "aabbad", "ssttuu")
    assert [answer.rank for answer in result.answers] == [1, 1, 7, 1, 2, 7]
    assert result.top1.value == pytest.approx(3 / 6)
    assert result.top5.value == pytest.approx(4 / 6)
    # Wilson's interval of 3 in 6.
    assert (result.top1.low, result.top1.high) == pytest.approx((0.18762, 0.81238), abs=1e-4)
    assert "Wilson" in result.top1.method
    # a: precision 2/3, recall 2/3; b: 1/2 and 1/2; c: never answered.
    assert result.macro_f1.value == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert {row.gloss: (row.clips, row.recall.value) for row in result.per_gloss} == {
        "a": (3, pytest.approx(2 / 3)),
        "b": (2, pytest.approx(1 / 2)),
        "c": (1, 0),
    }
    assert result.confusion[:3, :4].tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]]
    assert result.confusion.sum() == 6
    # Ranks 1, 1, 7, 1, 2, 7.
    assert result.mrr.value == pytest.approx((1 + 1 + 1 / 7 + 1 + 1 / 2 + 1 / 7) / 6)
    assert result.dcg.value == pytest.approx((3 + 1 / np.log2(3) + 2 / np.log2(8)) / 6)
    # All are 0.3857 sure, and half of them are right.
    assert result.ece.value == pytest.approx(0.5 - 1 / sum(1 / k for k in range(1, 8)), abs=1e-6)
    assert result.signers == ("s", "t", "u")
    assert result.answers[2].predicted == "b"
    assert result.answers[2].confidence == pytest.approx(1 / sum(1 / k for k in range(1, 8)), abs=1e-6)


def test_macro_f1_is_that_of_scikit_learn():
    generator = np.random.default_rng(0)
    signed, answered = ("".join(generator.choice(list("abcde"), 50)) for _ in range(2))
    expected = f1_score(list(signed), list(answered), average="macro", labels=sorted(set(signed)))
    assert evaluated(signed, answered, "s" * 50).macro_f1.value == pytest.approx(expected)


def test_people_are_the_unit_where_there_are_enough():
    """Ten clips of each of ten people, half of whom are always right: people vary, and the interval says so."""
    signers = [f"s{i}" for i in range(10) for _ in range(10)]
    answered = "".join("a" if i < 50 else "b" for i in range(100))
    by_signer = evaluated("a" * 100, answered, signers)
    by_clip = evaluated("a" * 100, answered, ["s"] * 100)
    assert by_signer.top1.method == "bootstrap over signers"
    assert by_signer.top1.value == by_clip.top1.value == 0.5
    # Ten people: 0.5 +- 1.96 * 0.5 / sqrt(10). A hundred clips: 0.5 +- 1.96 * 0.5 / sqrt(100).
    assert by_signer.top1.high - by_signer.top1.low == pytest.approx(0.62, abs=0.1)
    assert by_clip.top1.high - by_clip.top1.low == pytest.approx(0.19, abs=0.01)


def test_all_right_is_not_certainty():
    result = evaluated("ab" * 10, "ab" * 10, [f"s{i % MIN_SIGNERS}" for i in range(20)])
    assert result.top1.value == 1
    assert result.top1.low < 0.9
    assert result.macro_f1 == result.top1
    assert "Wilson" in result.top1.method


def test_unknown_signers_are_never_independent():
    assert evaluated("ab", "ab", ["s", "t"]).signer_independent
    assert not evaluated("ab", "ab", ["s", None]).signer_independent


def test_left_out():
    clips = [*make_clips(("a", "unheard"), ("ada",), 1), Clip("empty", nobody(), "a"), Clip("bare", nobody(), None)]
    result = evaluate(Told(), clips, signer_independent=True)
    assert [answer.clip_id for answer in result.answers] == ["a/ada-0.mp4"]
    assert set(result.left_out) == {"unheard/ada-0.mp4", "empty", "bare"}
    assert "unheard" in result.left_out["unheard/ada-0.mp4"]
    assert "shoulders" in result.left_out["empty"]


def test_nothing_to_evaluate():
    with pytest.raises(EvaluationError, match="none of 1 clips"):
        evaluate(Told(), make_clips(("unheard",), ("ada",), 1), signer_independent=True)


def test_json_round_trip():
    result = evaluated("aaabbc", "aabbad", "ssttuu", left_out={"x": "why"}, notes=["note"])
    assert Evaluation.from_dict(json.loads(json.dumps(result.to_dict()))) == result
