"""Families side by side, accuracy for each person, and behaviour: what a person is told of each."""

import json

import pytest

from posegloss.classifiers.base import FAMILIES
from posegloss.classifiers.evaluating.answers import Answer
from posegloss.classifiers.evaluating.comparison import Comparison
from posegloss.classifiers.evaluating.cross_validation import CrossValidation
from posegloss.classifiers.evaluating.evaluation import Evaluation
from posegloss.classifiers.evaluating.groups import accuracy_by, mean_over_groups
from posegloss.cli.compare import print_comparison

GLOSSES, SIGNERS = ("wave", "circle", "point"), ("ada", "bo", "cy", "di")


@pytest.fixture
def store(made_up_store):
    return made_up_store(GLOSSES, SIGNERS)


@pytest.fixture
def model(posegloss, store):
    named = ["--test-signer", "ada", "--test-signer", "bo"]
    ran = posegloss("train", store, "--out", store.parent / "m", "--model", "extra-trees", *named)
    assert ran.code == 0
    return store.parent / "m"


def test_the_longest_figures_fit_a_terminal(capsys):
    answers = [Answer(f"{i}", f"s{i}", "a", "a", 0.123, 1) for i in range(40)]
    evaluation = Evaluation.of_answers(answers, ("a", "b"), signer_independent=True)
    rows = accuracy_by(answers, {answer.clip_id: answer.signer for answer in answers})
    result = CrossValidation(evaluation, rows, mean_over_groups(rows), 40, (0,), 1234.5, 0.1)
    print_comparison(Comparison("store", "signer", None, dict.fromkeys(FAMILIES, result)))
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines[1 : len(FAMILIES) + 1]} == set(FAMILIES)
    assert all("100.0 % (91.2 to 100.0)" in line for line in lines[1 : len(FAMILIES) + 1])
    assert all(len(line) <= 80 for line in lines[: len(FAMILIES) + 1])


def test_compare_prints_a_table_and_writes_all(posegloss, store, tmp_path):
    places = ["--json", tmp_path / "all.json", "--out", tmp_path / "page"]
    ran = posegloss("models", "compare", store, "--model", "extra-trees", *places)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].split()[:2] == ["family", "top-1"]
    assert lines[1].split()[0] == "extra-trees"
    assert all(len(line) <= 80 for line in lines[:2])
    assert "mean over 4 signers, held out one signer at a time" in ran.out
    assert "measured on 24 clips of 4 signers (never seen in training)" in ran.out
    assert "95 % intervals" in ran.out
    written = json.loads((tmp_path / "all.json").read_text())["families"]["extra-trees"]
    assert f"{100 * written['top1_mean']['value']:.1f} %" in lines[1]
    assert "extra-trees" in (tmp_path / "page" / "comparison.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "magic"], "there are: conv-transformer"),
        (["--model", "extra-trees", "--folds", "9"], "9 folds cannot be made of 4 groups"),
        (["--model", "extra-trees", "--by", "hair"], "grouped by 'hair'"),
        (["--model", "extra-trees", "--by", "layout"], "1 groups are known"),
    ],
)
def test_what_cannot_be_compared_is_exit_code_2(posegloss, store, arguments, told):
    ran = posegloss("models", "compare", store, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.said


def test_evaluate_by_signer_and_behaviour(posegloss, store, model):
    ran = posegloss("evaluate", model, store, "--by", "signer", "--behaviour")
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line.split()}
    assert "%" in rows["ada"]
    assert "%" in rows["bo"]
    assert "cy" not in rows
    assert "mirrored" in ran.out
    assert "measured on 12 of 12 tested clips" in ran.out


def test_evaluate_by_another_column(posegloss, store, model):
    ran = posegloss("evaluate", model, store, "--by", "frame_rate")
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.out.splitlines() if line.startswith(" 25")] == [["25", "12"]]
    ran = posegloss("evaluate", model, store, "--by", "hair")
    assert (ran.code, ran.out) == (2, "")
    assert "frame_rate" in ran.said


def test_train_with_behaviour_shows_it_in_the_report(posegloss, store, tmp_path):
    arguments = ["train", store, "--out", tmp_path / "b", "--model", "extra-trees", "--behaviour"]
    assert posegloss(*arguments).code == 0
    assert "mirrored" in (tmp_path / "b" / "report.html").read_text()
    assert "measures behaviour now" in posegloss(*arguments).said
