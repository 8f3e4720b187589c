"""From videos to glosses with a landmark network of the user's own."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from posegloss.classifiers.extraction import LANDMARKS_FILE

from ..pipeline.own_networks import without_maps
from .conftest import GLOSSES, SIGNERS
from .running import run


@dataclass(frozen=True)
class Own:
    """A video of the avatar, the store of all clips as a network of the user's own sees them, and a model of it."""

    clip: Path
    store: Path
    model: Path


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The network's file is gone once the model is trained."""
    folder = tmp_path_factory.mktemp("own")
    corpus, network, store, model = (folder / name for name in ("avatar", "mine.tflite", "own.store", "own.model"))
    network.write_bytes(without_maps())
    wanted = [argument for gloss in GLOSSES for argument in ("--gloss", gloss)]
    for arguments in (
        ["avatar", "--out", corpus, "--signers", str(SIGNERS), "--takes", "1", *wanted],
        ["extract", corpus, "--out", store, "--model", network, "--workers", "2"],
        ["train", store, "--out", model, "--model", "extra-trees"],
    ):
        ran = run(*arguments)
        assert ran.code == 0, (arguments, ran)
    network.unlink()
    return Own(corpus / "videos" / "avatar-002" / f"{GLOSSES[0]}-take-0.mp4", store, model)


def test_videos_are_recognised_with_the_folder_alone(posegloss, own, tmp_path):
    model = shutil.copytree(own.model, tmp_path / "moved.model")
    ran = posegloss("predict", model, own.clip, "--json")
    assert ran.code == 0, ran.said
    assert json.loads(ran.out)["gloss"] in GLOSSES
    ran = posegloss("render", own.clip, "--out", tmp_path / "drawn.mp4", "--classifier", model)
    assert (ran.code, (tmp_path / "drawn.mp4").exists()) == (0, True), ran.said
    ran = posegloss("annotate", model, own.clip, "--out", tmp_path / "annotations", "--workers", "1")
    assert (ran.code, "1 video annotated" in ran.out) == (0, True), ran.said


def test_the_model_is_measured_on_its_store(posegloss, own):
    ran = posegloss("evaluate", own.model, own.store)
    assert (ran.code, "measured on 3 clips" in ran.out) == (0, True), ran.said


def test_a_changed_network_is_exit_code_2(posegloss, own, tmp_path):
    model = shutil.copytree(own.model, tmp_path / "model")
    content = bytearray((model / LANDMARKS_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (model / LANDMARKS_FILE).write_bytes(content)
    for command in (("predict", model, own.clip), ("annotate", model, own.clip, "--out", tmp_path / "annotations")):
        ran = posegloss(*command)
        assert (ran.code, ran.out) == (2, ""), command
        assert f"{LANDMARKS_FILE} is not the file that belongs to this model" in " ".join(ran.said.split()), command


def test_training_says_which_file_is_gone(posegloss, own, tmp_path):
    ran = posegloss("train", own.store, "--out", tmp_path / "model", "--model", "extra-trees")
    assert (ran.code, ran.out) == (2, "")
    assert f"{own.store.parent / 'mine.tflite'} cannot be read: No such file" in ran.said
    assert "put that file back there" in ran.said
