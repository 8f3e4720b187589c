import pytest

from posegloss.classifiers.evaluating.answers import Answer
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.evaluating.groups import (
    UNKNOWN,
    GroupAccuracy,
    accuracy_by,
    group_answers,
    groups_of,
    mean_over_groups,
)
from posegloss.classifiers.evaluating.intervals import wilson
from posegloss.pipeline.store import Clip, KeypointStore

from ..made_up import make_clips, make_sequence

ANSWERS = [
    Answer("1", "ada", "wave", "wave", 0.9, 1),
    Answer("2", "ada", "circle", "wave", 0.9, 2),
    Answer("3", "bo", "wave", "wave", 0.9, 1),
    Answer("4", None, "wave", "wave", 0.9, 1),
]


def test_by_signer_worst_first():
    rows = group_answers(ANSWERS, "signer", [])
    assert [(row.group, row.clips, row.glosses, row.top1.value) for row in rows] == [
        ("ada", 2, 2, 0.5),
        ("bo", 1, 1, 1.0),
        (UNKNOWN, 1, 1, 1.0),
    ]
    assert rows[0].top1 == wilson(0.5, 2)
    assert [row.group for row in group_answers(ANSWERS, "gloss", [])] == ["circle", "wave"]


def test_several_answers_of_a_clip_are_one_clip():
    (row,) = accuracy_by([ANSWERS[0], Answer("1", "ada", "wave", "circle", 0.9, 2)], {"1": "ada"})
    assert (row.clips, row.top1) == (1, wilson(0.5, 1))


def row(name, value, clips=10):
    return GroupAccuracy(name, clips, 3, wilson(value, clips))


def test_mean_over_groups_counts_each_once():
    rows = [row("a", 1.0, 100), row("b", 0.5, 2), *(row(f"c{i}", 0.75) for i in range(3))]
    found = mean_over_groups(rows)
    assert found.value == pytest.approx(0.75)
    assert found.method == "bootstrap over signers"
    assert 0.5 < found.low < 0.7 < 0.8 < found.high < 1
    assert mean_over_groups(rows[:2]) == wilson(0.75, 102)


def test_columns_of_a_store(tmp_path):
    store = KeypointStore.create(tmp_path / "store", {})
    slow = Clip("slow", make_sequence(rate=10.0), "wave", None)
    store.append([*make_clips(takes=1), slow])
    assert groups_of(store, "frame_rate")["slow"] == "10"
    assert set(groups_of(store, "frame_rate").values()) == {"10", "25"}
    assert groups_of(store, "signer")["slow"] is None
    for column in ("keypoints", "session"):
        with pytest.raises(EvaluationError, match=r"grouped by .*frame_rate"):
            groups_of(store, column)
    with pytest.raises(EvaluationError, match="in a store only"):
        group_answers(ANSWERS, "frame_rate", make_clips(takes=1))
