import numpy as np
import pytest

from posegloss.classifiers.base import Sample
from posegloss.classifiers.evaluating.answers import Answer
from posegloss.classifiers.evaluating.charts import SQUARE, coverage_path, reliability_bars
from posegloss.classifiers.evaluating.evaluation import Evaluation
from posegloss.classifiers.evaluating.filmstrip import filmstrip
from posegloss.classifiers.evaluating.pairs import ConfusedPair, confused_pairs, side_by_side

from .told import answers

ANSWERS = [
    Answer("right a", None, "a", "a", 0.6, 1),
    Answer("surer a", None, "a", "a", 0.8, 1),
    Answer("unsure", None, "a", "b", 0.5, 2),
    Answer("surest", None, "a", "b", 0.9, 2),
    Answer("other", None, "b", "c", 0.9, 2),
]
EVALUATION = Evaluation.of_answers(ANSWERS, ("a", "b", "c"), signer_independent=False)
SAMPLES = [Sample(answer.clip_id, np.zeros((9, 17, 2), np.float32), answer.gloss) for answer in ANSWERS]


def test_pairs_most_frequent_first():
    assert confused_pairs(EVALUATION) == [ConfusedPair("a", "b", 2), ConfusedPair("b", "c", 1)]
    assert len(confused_pairs(EVALUATION, most=1)) == 1


def test_clips_stand_side_by_side():
    """Where no clip of a gloss was recognised, there is none to show."""
    (first, shown), (second, alone) = side_by_side(confused_pairs(EVALUATION), EVALUATION, SAMPLES)
    assert (first.signed, second.signed) == ("a", "b")
    assert [one.answer.clip_id for one in shown] == ["surer a", "surest"]
    assert [one.title for one in shown] == ["a, recognised", "a, taken for b"]
    assert [one.answer.clip_id for one in alone] == ["other"]


def test_a_trimmed_strip_shows_the_middle():
    inputs = np.full((101, 17, 2), np.nan, np.float32)
    inputs[25:76] = np.linspace(0, 1, 51)[:, None, None]
    strip = filmstrip(inputs, poses=3, trim=0.25)
    assert all(pose.body for pose in strip.poses)
    assert not filmstrip(inputs, poses=3).poses[0].body


def test_coverage_is_drawn_to_scale():
    path = coverage_path(answers([0.9, 0.8], [True, False]))
    points = [tuple(map(float, point.split(","))) for point in path.split()]
    assert points == [(0, 0), (SQUARE / 2, 0), (SQUARE, SQUARE / 2)]
    many = coverage_path(answers(np.linspace(0.1, 1, 5000), [True] * 5000))
    assert len(many.split()) <= 201


def test_bars_are_drawn_to_scale():
    (bar,) = reliability_bars(answers([0.99, 0.99], [True, False]))
    assert (bar.y, bar.height) == (SQUARE / 2, SQUARE / 2)
    assert bar.x + bar.width == pytest.approx(SQUARE)
    assert bar.confidence == pytest.approx(0.01 * SQUARE)
    assert bar.told == "2 answers, 99% sure on average, 50% right"
