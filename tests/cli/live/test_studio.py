"""What sessions share: models that were taught are held while they are used, and loaded again when they are named."""

import copy
import gc
import shutil
import sys
import types
import weakref

import pytest

from .serving import fake_studio, hear, say, serving


@pytest.fixture
def studio(recogniser, live_model, tmp_path, monkeypatch):
    """Of a folder of its own; what is taught is a copy, and its folder too."""
    first = shutil.copytree(live_model, tmp_path / "four.model")
    module = types.ModuleType("teaching")
    module.teach = lambda recogniser, takes: copy.copy(recogniser)
    module.save_taught = lambda recogniser, path: shutil.copytree(first, path)
    monkeypatch.setitem(sys.modules, "posegloss.classifiers.teaching", module)
    return fake_studio(recogniser, first)


def taught(studio, count: int) -> list[weakref.ref]:
    return [weakref.ref(studio.teach(studio.first, {}).recogniser) for _ in range(count)]


def alive(models: list[weakref.ref]) -> list[bool]:
    gc.collect()
    return [model() is not None for model in models]


def test_so_many_taught_models_are_held_those_used_last(studio):
    models = taught(studio, 4)
    assert alive(models) == [True] * 4
    assert studio.model("four-taught").recogniser is models[0]()
    in_use = studio.model("four-taught-2")
    models += taught(studio, 3)
    assert alive(models) == [False, True, False, False, True, True, True]
    assert in_use.recogniser.glosses


def test_a_model_that_is_not_held_any_more_is_loaded_from_its_folder(studio):
    models = taught(studio, 6)
    again = studio.model("four-taught")
    assert not alive(models)[0]
    assert (again.name, again.path) == ("four-taught", studio.first.path.with_name("four-taught.model"))
    assert again.recogniser.glosses == studio.first.recogniser.glosses
    assert studio.model("four-taught") is again
    assert sum(alive(models)) == 3


def test_a_folder_that_is_not_there_any_more_gives_the_first_model(studio, capsys):
    taught(studio, 5)
    shutil.rmtree(studio.first.path.with_name("four-taught.model"))
    with serving(studio) as server, server.connect() as socket:
        say(socket, type="hello", model="four-taught")
        assert hear(socket, "welcome")["model"] == "four"
    said = " ".join(capsys.readouterr().err.split())
    assert "note: a page goes on with four" in said
    assert "does not exist" in said
