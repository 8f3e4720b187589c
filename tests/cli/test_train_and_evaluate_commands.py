"""Training and testing, and what a person is told of both."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from ..pipeline.processes import wait_until
from .running import COMMAND, run

NO_TRACES = ("Traceback", "oneDNN", "cuInit", "cuda", "absl", "INFO: Created", "Warning:", ".py:")


@pytest.mark.parametrize("name", ["train", "train-trees"])
def test_train_says_how_good_the_model_is_and_nothing_that_nobody_asked(tiny, name):
    ran = tiny.ran[name]
    assert [line.split()[0] for line in ran.out.splitlines()[1:4]] == ["top-1", "top-5", "macro"]
    assert all(len(line) <= 80 for line in ran.out.splitlines()[:4])
    assert "measured on 3 clips of 1 signer (never seen in training)" in ran.out
    assert "note: trained on synthetic signers" in ran.said
    assert not [trace for trace in NO_TRACES if trace in ran.err], ran.err


def test_extract_and_avatar_are_quiet_too(tiny):
    for name in ("avatar", "extract"):
        assert not [trace for trace in NO_TRACES if trace in tiny.ran[name].err], tiny.ran[name].err


def test_a_baseline_stands_beside_the_model(tiny):
    assert "baseline (extra-trees)" in tiny.ran["train"].out
    assert "baseline" not in tiny.ran["train-trees"].out


def test_the_report_says_that_it_is_synthetic(tiny):
    page = (tiny.model / "report.html").read_text("utf-8")
    assert "SYNTHETIC" in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_the_same_training_again_is_there_already(posegloss, tiny):
    before = (tiny.trees / "model.json").stat().st_mtime_ns
    ran = posegloss("train", tiny.store, "--out", tiny.trees, "--model", "extra-trees")
    assert ran.code == 0
    assert "already" in ran.said
    assert ran.out == tiny.ran["train-trees"].out
    assert (tiny.trees / "model.json").stat().st_mtime_ns == before


def test_another_model_is_replaced_only_when_asked(posegloss, tiny, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(tiny.trees, model)
    arguments = ["train", tiny.store, "--out", model, "--model", "extra-trees", "--seed", "1"]
    ran = posegloss(*arguments)
    assert (ran.code, "--overwrite" in ran.said) == (2, True)
    assert (model / "model.json").read_bytes() == (tiny.trees / "model.json").read_bytes()
    assert posegloss(*arguments, "--overwrite").code == 0
    assert json.loads((model / "model.json").read_text())["training"]["seed"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "magic"], "there are: conv-transformer, "),
        (["--model", "extra-trees", "--test-signer", "bob"], "the signers are: avatar-000"),
        (["--model", "extra-trees", "--config", '{"tree": 3}'], "extra-trees has no setting tree; it has (trees, "),
        (["--config", "none.json"], "'none.json' cannot be read"),
    ],
)
def test_settings_that_do_not_fit_are_exit_code_2(posegloss, tiny, tmp_path, arguments, told):
    ran = posegloss("train", tiny.store, "--out", tmp_path / "model", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.said
    assert ran.said.startswith("error: ")
    assert not (tmp_path / "model").exists()


def test_a_model_has_the_settings_that_it_was_given(posegloss, tiny, tmp_path):
    (tmp_path / "mine.json").write_text('{"trees": 3}')
    ran = posegloss(
        *("train", tiny.store, "--out", tmp_path / "model"),
        *("--model", "extra-trees", "--config", tmp_path / "mine.json"),
    )
    assert ran.code == 0
    assert json.loads((tmp_path / "model" / "model.json").read_text())["config"]["trees"] == 3


def test_no_store_is_exit_code_2(posegloss, tiny, tmp_path):
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "none", tmp_path / "empty", tiny.clip):
        for arguments in (["train", place, "--out", tmp_path / "model"], ["evaluate", tiny.trees, place]):
            ran = posegloss(*arguments)
            assert (ran.code, ran.out) == (2, "")
            assert ran.said.startswith("error: ")
            assert "keypoint store" in ran.said


def trained(posegloss, store, *arguments):
    return posegloss("train", store, "--out", store.parent / "model", "--model", "extra-trees", *arguments)


def test_one_gloss_only_cannot_be_trained(posegloss, made_up_store):
    ran = trained(posegloss, made_up_store(("wave",), ("ada", "bo")))
    assert (ran.code, ran.out) == (2, "")
    assert "at least two glosses" in ran.said


def test_clips_without_a_gloss_cannot_be_trained(posegloss, made_up_store):
    ran = trained(posegloss, made_up_store(("wave",), ("ada", "bo"), gloss=None))
    assert (ran.code, ran.out) == (2, "")
    assert "manifest" in ran.said


@pytest.mark.parametrize(
    ("signer", "told", "people"),
    [
        ("ada", "note: all clips are of one signer", "of 1 signer (NOT signer-independent)"),
        (None, "note: signers unknown: accuracy may be optimistic", "unknown signers (NOT signer-independent)"),
    ],
)
def test_what_a_split_cannot_say_is_told_as_a_note(posegloss, made_up_store, signer, told, people):
    ran = trained(posegloss, made_up_store(("wave", "circle"), ("ada",), takes=4, signer=signer))
    assert ran.code == 0
    assert people in ran.out
    assert ran.said.count(told) == 1
    assert not [trace for trace in NO_TRACES if trace in ran.err]


def test_a_gloss_that_was_seen_once_is_told(posegloss, made_up_store):
    made_up_store(("wave", "circle"), ("ada",), takes=4)
    ran = trained(posegloss, made_up_store(("rare",), ("ada",), takes=1))
    assert ran.code == 0
    assert "note: seen once only, so trained on and never tested: rare" in ran.said


def test_evaluate_on_other_people(posegloss, tiny, tmp_path):
    ran = posegloss("evaluate", tiny.trees, tiny.store, "--out", tmp_path / "report")
    assert ran.code == 0
    assert "measured on 3 clips of 1 signer (never seen in training)" in ran.out
    assert "was trained on" in ran.said
    assert "note: trained on synthetic signers" in ran.said
    assert "SYNTHETIC" in (tmp_path / "report" / "report.html").read_text("utf-8")
    assert len(json.loads((tmp_path / "report" / "report.json").read_text())["evaluation"]["answers"]) == 3


def test_evaluate_on_people_that_were_trained_on_says_so(posegloss, tiny):
    ran = posegloss("evaluate", tiny.trees, tiny.store, "--all-signers")
    assert ran.code == 0
    assert "measured on 12 clips of 4 signers (NOT signer-independent)" in ran.out
    assert "note: some clips are of signers that were trained on" in ran.said
    assert not [trace for trace in NO_TRACES if trace in ran.err], ran.err


def test_evaluate_needs_glosses_that_the_model_knows(posegloss, tiny, made_up_store):
    ran = posegloss("evaluate", tiny.trees, made_up_store(("wave",), ("ada",)))
    assert (ran.code, ran.out) == (2, "")
    assert "CHIN-TAP" in ran.said


def test_a_report_that_cannot_be_written_is_exit_code_2(posegloss, tiny, tmp_path):
    (tmp_path / "file").touch()
    ran = posegloss("evaluate", tiny.trees, tiny.store, "--out", tmp_path / "file")
    assert ran.code == 2
    assert "the report cannot be written" in ran.said


@pytest.mark.skipif(sys.platform != "linux", reason="sends a signal to a process group")
def test_an_interrupted_training_goes_on(tiny, tmp_path):
    arguments = ["train", tiny.store, "--out", tmp_path / "model", "--epochs", "6"]
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    checkpoint = tmp_path / "model.training" / "checkpoint.npz"
    wait_until(lambda: checkpoint.exists() or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "run the same command again" in " ".join(err.split())
    assert "Traceback" not in err
    assert not (tmp_path / "model").exists()
    with np.load(checkpoint) as file:
        done = json.loads(str(file["about"]))["history"]
    assert 0 < len(done) < 6
    # As a training leaves it that is killed while it writes.
    (checkpoint.parent / ".half.part.npz").touch()

    ran = run(*arguments)
    assert ran.code == 0, ran.err
    with (tmp_path / "model" / "history.csv").open(newline="") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    assert len(seconds) == 6
    assert seconds[: len(done)] == [row["seconds"] for row in done]
    assert not checkpoint.parent.exists()


def test_a_training_starts_from_another_model(posegloss, tiny, tmp_path):
    ran = posegloss("train", tiny.store, "--out", tmp_path / "m", "--from", tiny.model, "--epochs", "1")
    assert ran.code == 0, ran.err
    about = json.loads((tmp_path / "m" / "model.json").read_text("utf-8"))["training"]
    assert about["started_from"]["model"] == tiny.model.name
    ran = posegloss("train", tiny.store, "--out", tmp_path / "n", "--from", tiny.model, "--model", "extra-trees")
    assert ran.code == 2
    assert "extra-trees cannot start from a model" in ran.said
    assert not (tmp_path / "n").exists()
