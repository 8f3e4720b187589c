"""What a person sees first: help, version, mistakes in typing, and the weights."""

import json
import shutil

import pytest

from posegloss import __version__
from posegloss.pipeline import models

COMMANDS = (
    *("extract", "status", "inspect", "train", "evaluate", "predict", "render", "avatar", "demo"),
    *("convert", "datasets", "datasets show", "datasets index", "datasets import"),
    *("models list", "models fetch", "models compare", "models settings", "pose-eval", "export"),
    *("annotate", "live", "teach"),
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_each_command_shows_an_example_of_itself(posegloss, command, option):
    ran = posegloss(*command.split(), option)
    assert (ran.code, ran.err) == (0, "")
    assert f"Example: posegloss {command}" in ran.out


def test_the_list_of_commands_is_whole(posegloss):
    ran = posegloss("--help")
    assert ran.code == 0
    assert all(command.split()[0] in ran.out for command in COMMANDS)


def test_version(posegloss):
    assert posegloss("--version").out == f"posegloss {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["regonize"], "regonize"),
        (["predict"], "Missing argument"),
        (["train", "store", "--out", "model", "--epochs", "0"], "--epochs"),
        (["train", "store", "--out", "model", "--epochs", "many"], "--epochs"),
        (["avatar"], "--out"),
        (["demo", "--video", "none.mp4"], "none.mp4"),
        (["models", "fetch", "--from", "nowhere"], "nowhere"),
    ],
)
def test_a_mistake_in_typing_is_exit_code_2(posegloss, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    ran = posegloss(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.said
    assert not list(tmp_path.iterdir())


def test_a_defect_is_no_run_in_which_some_clips_failed(posegloss, monkeypatch):
    def broken():
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("posegloss.cli.app.app", broken)
    ran = posegloss("--version")
    assert (ran.code, "ZeroDivisionError: a defect" in ran.err) == (2, True)


def test_models_list_says_what_is_there_and_how_to_get_the_rest(posegloss, tmp_path, monkeypatch):
    models.fetch(models.DETECTOR)
    there = posegloss("models", "list")
    assert there.code == 0
    assert all(name in there.out for name in models.WEIGHTS)
    assert str(models.cache_folder()) in there.out
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "posegloss models fetch detector" not in there.out
    assert "posegloss models fetch detector" in posegloss("models", "list").out


def test_models_fetch_from_a_folder_fills_the_cache(posegloss, tmp_path, monkeypatch):
    folder = tmp_path / "usb"
    folder.mkdir()
    for name in (models.DETECTOR, "full"):
        shutil.copy(models.fetch(name), folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ran = posegloss("models", "fetch", "--from", folder)
    assert ran.code == 0
    assert models.cached(models.DETECTOR)
    assert models.cached("full")
    assert str(models.cache_folder()) in ran.out


@pytest.mark.parametrize(("names", "code"), [(["huge"], 2), (["detector", "huge"], 1)])
def test_models_fetch_names_what_there_is(posegloss, names, code):
    models.fetch(models.DETECTOR)
    ran = posegloss("models", "fetch", *names)
    assert ran.code == code
    assert "error: there is no model 'huge'; choose one of detector, lite, full, heavy" in ran.said


def test_settings_of_a_family_are_json_for_train(posegloss):
    ran = posegloss("models", "settings", "extra-trees")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["trees"] > 0
    ran = posegloss("models", "settings", "magic")
    assert (ran.code, ran.out) == (2, "")
    assert "there are: conv-transformer, " in ran.said
