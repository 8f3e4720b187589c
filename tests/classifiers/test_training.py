import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from posegloss.classifiers.base import TrainingError
from posegloss.classifiers.bundle import BundleError, load_bundle
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.evaluating.held_out import UNKNOWN_TRAINED_ON, evaluate_bundle
from posegloss.classifiers.families.checkpoint import Checkpoint
from posegloss.classifiers.training import train
from posegloss.datasets.splits import SignerUnknownWarning, SplitWarning, TooFewClipsError
from posegloss.pipeline.store import Clip, KeypointStore

from .made_up import TINY, make_clips, nobody

SIGNERS = ("ada", "bo", "cy", "di", "ed")


def quick(clips, out, **options):
    return train(clips, out, family="extra-trees", config={"trees": 20}, **options)


def test_result(trained):
    assert trained.evaluation.signer_independent
    assert trained.baseline is not None
    assert trained.path.is_dir()
    tested = {answer.signer for answer in trained.evaluation.answers}
    used = load_bundle(trained.path).training["signers"]
    assert set(used["test"]) == tested
    assert not tested & {*used["train"], *used["validation"]}
    assert (trained.path / "history.csv").read_text().count("\n") == 41
    assert not trained.path.with_name("model.training").exists()


def test_people_who_were_never_seen_are_recognised(trained, trees):
    assert trees.evaluation.top1.value > 0.9
    assert trained.evaluation.top1.value > 0.85
    assert trees.baseline is None


def test_again_is_not_trained_again(clips, trees, monkeypatch):
    monkeypatch.setattr(type(trees.classifier), "fit", None)
    again = train(reversed(clips), trees.path, family="extra-trees", seed=1)
    assert again.already_there
    assert again.evaluation == trees.evaluation


def test_another_training_does_not_replace_it(clips, trees):
    with pytest.raises(BundleError, match="--overwrite"):
        train(clips, trees.path, family="extra-trees", seed=2)


def test_store(tmp_path):
    store = KeypointStore.create(tmp_path / "store", {})
    store.append([*make_clips(takes=2), Clip("nobody", nobody(), "wave", "ada"), Clip("bare", nobody(), None, "ada")])
    result = quick(store, tmp_path / "m")
    assert set(result.left_out) == {"nobody", "bare"}
    assert result.evaluation.left_out["nobody"] == result.left_out["nobody"]
    assert load_bundle(result.path).training["store"] == str(store.path)


def test_unknown_signers(tmp_path):
    clips = [Clip(clip.clip_id, clip.sequence, clip.gloss) for clip in make_clips()]
    with pytest.warns(SignerUnknownWarning):
        result = quick(clips, tmp_path / "m")
    assert not result.evaluation.signer_independent
    assert "signers unknown: accuracy may be optimistic" in (result.path / "report.html").read_text()


def test_one_signer_only(tmp_path):
    with pytest.warns(SplitWarning, match="one signer"):
        result = quick(make_clips(signers=("ada",), takes=6), tmp_path / "m")
    assert not result.evaluation.signer_independent


def test_gloss_seen_once(tmp_path):
    clips = [*make_clips(), *make_clips(("once",), ("ada",), 1)]
    with pytest.warns(SplitWarning, match="once"):
        result = quick(clips, tmp_path / "m", test_signers=["bo"], validation=0.01)
    assert "once" in result.classifier.glosses
    assert "once" not in {row.gloss for row in result.evaluation.per_gloss}


@pytest.mark.parametrize(
    ("clips", "error", "message"),
    [
        ([], TrainingError, "no clips"),
        ([Clip("a", nobody(), "wave", "ada")], TrainingError, "none of 1 clips"),
        ([Clip("a", make_clips(takes=1)[0].sequence)], TrainingError, "no gloss"),
        (make_clips(glosses=("wave",)), TooFewClipsError, "two glosses"),
    ],
)
def test_nothing_to_train_on(tmp_path, clips, error, message):
    with pytest.raises(error, match=message):
        quick(clips, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_evaluation_writes_a_report(trained, tmp_path):
    clips = make_clips(signers=("zoe", "yu"))
    held_out = evaluate_bundle(load_bundle(trained.path), clips)
    held_out.write(tmp_path / "report")
    result = held_out.evaluation
    html = (tmp_path / "report" / "report.html").read_text()
    assert f"{100 * result.top1.value:.1f} %" in html
    assert "zoe" in html
    assert html.count("<polyline") == 5
    assert json.loads((tmp_path / "report" / "report.json").read_text())["evaluation"]["signers"] == ["yu", "zoe"]
    load_bundle(trained.path)


def test_evaluation_leaves_training_signers_out(trees, clips):
    bundle = load_bundle(trees.path)
    strangers = make_clips(signers=("zoe",))
    result = evaluate_bundle(bundle, [*clips, *strangers]).evaluation
    assert {answer.signer for answer in result.answers} == {"zoe", *bundle.training["signers"]["test"]}
    assert result.signer_independent
    assert len(result.left_out) == len(clips) - len(trees.evaluation.answers)
    everyone = evaluate_bundle(bundle, clips, all_signers=True).evaluation
    assert len(everyone.answers) == len(clips)
    assert not everyone.signer_independent
    assert "optimistic" in everyone.notes[0]
    with pytest.raises(EvaluationError):
        evaluate_bundle(bundle, [])


def test_evaluation_leaves_out_the_very_clips_that_were_trained_on(tmp_path):
    unknown = [Clip(clip.clip_id, clip.sequence, clip.gloss) for clip in make_clips()]
    with pytest.warns(SignerUnknownWarning):
        result = quick(unknown, tmp_path / "m")
    bundle = load_bundle(result.path)
    tested = {answer.clip_id for answer in result.evaluation.answers}
    assert bundle.training["without_signer"] == len(unknown) - len(tested) == len(bundle.training["seen"])
    # The same clips under other names and with signers that the model has not heard of.
    named = [Clip(f"again/{clip.clip_id}", clip.sequence, clip.gloss, clip.signer) for clip in make_clips()]
    measured = evaluate_bundle(bundle, named).evaluation
    assert {answer.clip_id for answer in measured.answers} == {f"again/{clip_id}" for clip_id in tested}
    assert set(measured.left_out.values()) == {"this very clip was trained on"}
    assert not measured.signer_independent
    assert UNKNOWN_TRAINED_ON in measured.notes
    assert len(evaluate_bundle(bundle, named, all_signers=True).evaluation.answers) == len(named)
    with pytest.raises(EvaluationError, match="--all-signers"):
        evaluate_bundle(bundle, [clip for clip in unknown if clip.clip_id not in tested])


def test_store_of_a_task_of_its_own(tmp_path):
    store = KeypointStore.create(tmp_path / "store", {"model": "mine.task", "backend": "mediapipe"})
    store.append(make_clips())
    with pytest.raises(TrainingError, match=r"'mine\.task', which is none of lite, full, heavy"):
        quick(store, tmp_path / "m")


def test_this_folder(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match="not a model folder"):
        quick(make_clips(), ".")
    monkeypatch.chdir(tmp_path / "empty")
    assert load_bundle(quick(make_clips(), ".").path)


def test_checkpoint_that_cannot_be_written_or_read(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"cannot be written.*run the same command again"):
        Checkpoint("x", [], [], []).save(tmp_path / "file" / "checkpoint.npz")

    def full(*args, **arrays):
        raise OSError(28, "No space left on device")

    path = tmp_path / "checkpoint.npz"
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(TrainingError, match="No space left"):
            Checkpoint("x", [], [], []).save(path)
    assert not path.exists()
    for content in (b"", b"PK\x03\x04 no zip"):
        path.write_bytes(content)
        with pytest.raises(TrainingError, match="remove it"):
            Checkpoint.load(path, "x")


TRAIN = """
import sys
from interrupted_made_up import TINY, make_clips
from posegloss.classifiers.families import keras_family
from posegloss.classifiers.training import train

# These epochs are over in less time than lies between checkpoints.
keras_family.SAVED_EVERY_S = 0.0

def progress(row):
    with open(sys.argv[2], "a") as file:
        file.write(f"{row.epoch}\\n")

train(make_clips(), sys.argv[1], config=TINY, seed=1, progress=progress)
"""


class TestInterrupted:
    def start(self, folder):
        (folder / "interrupted_made_up.py").write_text(Path(__file__).with_name("made_up.py").read_text())
        (folder / "run.py").write_text(TRAIN)
        command = [sys.executable, str(folder / "run.py"), str(folder / "model"), str(folder / "epochs")]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    @pytest.fixture
    def killed(self, tmp_path):
        process = self.start(tmp_path)
        epochs = tmp_path / "epochs"
        end = time.monotonic() + 120
        while not (epochs.exists() and epochs.read_text().count("\n") >= 5) and time.monotonic() < end:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert not (tmp_path / "model").exists()
        return tmp_path

    def test_goes_on_and_ends_as_if_nothing_had_been(self, killed, trained):
        before = [int(epoch) for epoch in (killed / "epochs").read_text().split()]
        assert 5 <= before[-1] < TINY["training"]["epochs"]
        with pytest.raises(TrainingError, match=r"another seed.*remove it"):
            train(make_clips(), killed / "model", config=TINY, seed=2)
        with pytest.raises(TrainingError, match="other clips"):
            train(make_clips(takes=4), killed / "model", config=TINY, seed=1)
        process = self.start(killed)
        errors = process.communicate()[1]
        assert process.returncode == 0, errors
        after = [int(epoch) for epoch in (killed / "epochs").read_text().split()][len(before) :]
        # The epoch after the kill may have been done and saved already.
        assert after[0] - before[-1] in (1, 2)
        assert after[-1] == TINY["training"]["epochs"]
        with_kill, without = (
            [[float(value) for value in line.split(",")[:3]] for line in path.read_text().splitlines()[1:]]
            for path in (killed / "model" / "history.csv", trained.path / "history.csv")
        )
        np.testing.assert_allclose(with_kill, without, rtol=1e-2)
        assert not (killed / "model.training").exists()
