"""A landmark network of the user's own goes along in the model folder, and nothing else is opened in its place."""

import json
import shutil

import numpy as np
import pytest

from posegloss.classifiers.base import TrainingError
from posegloss.classifiers.bundle import BundleError, load_bundle
from posegloss.classifiers.evaluating.held_out import evaluate_bundle
from posegloss.classifiers.exporting.export import export
from posegloss.classifiers.exporting.exported_file import ExportError, read_exported
from posegloss.classifiers.exporting.litert import load_exported
from posegloss.classifiers.extraction import LANDMARKS_FILE
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.spotting.model import SpottingModel
from posegloss.classifiers.teaching import save_taught, teach
from posegloss.classifiers.training import train
from posegloss.cli.live.studio import Studio
from posegloss.pipeline import models
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.extract import ExtractionSettings, extract, extract_clip
from posegloss.pipeline.store import KeypointStore

from ..pipeline.own_networks import without_maps
from .made_up import TINY, make_clips, make_sequence


@pytest.fixture(scope="module")
def network():
    return without_maps()


def store_of(folder, network):
    """A store that says that the user's own network made it, which lies beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "mine.tflite").write_bytes(network)
    store = KeypointStore.create(folder / "store", ExtractionSettings(str(folder / "mine.tflite")).to_dict())
    store.append(make_clips())
    return store


def quick(store, out, **options):
    return train(store, out, family="extra-trees", config={"trees": 20}, **options).path


@pytest.fixture(scope="module")
def original(network, tmp_path_factory):
    """A model folder; the file that the store names is gone."""
    folder = tmp_path_factory.mktemp("own")
    path = quick(store_of(folder, network), folder / "model")
    (folder / "mine.tflite").unlink()
    return path


@pytest.fixture
def model(original, tmp_path):
    return shutil.copytree(original, tmp_path / "model")


@pytest.fixture(scope="module")
def neural(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("neural")
    return train(store_of(folder, network), folder / "model", config=TINY, epochs=1, baseline=False).path


def about(model):
    return json.loads((model / "model.json").read_text())


def change(model, *, extraction=None, parts=None):
    there = about(model)
    there["training"]["extraction"] |= extraction or {}
    there["parts"] |= parts or {}
    (model / "model.json").write_text(json.dumps(there))


def test_the_folder_holds_the_network_and_never_its_path(original, network):
    assert (original / LANDMARKS_FILE).read_bytes() == network
    described = about(original)
    extraction = described["training"]["extraction"]
    assert extraction["model"] == LANDMARKS_FILE
    assert extraction["model_sha256"] == described["parts"][LANDMARKS_FILE]
    for name in ("model.json", "report.json", "report.html"):
        assert "mine.tflite" not in (original / name).read_text()


def test_videos_are_extracted_with_it_wherever_the_folder_lies(original, network, avatar_video, tmp_path, monkeypatch):
    (tmp_path / "mine.tflite").write_bytes(network)
    expected = extract(avatar_video, model=tmp_path / "mine.tflite", end_s=0.3)
    shutil.copytree(original, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    recogniser = GlossRecogniser.load("model")
    monkeypatch.chdir("/")
    settings = recogniser.extraction
    assert settings.model == str(tmp_path / "model" / LANDMARKS_FILE)
    assert SpottingModel.of(tmp_path / "model").extraction == settings
    for tracker in (settings.open_backend(), Studio(tmp_path / "model", recogniser).open_tracker()):
        found = extract_clip(ClipSource("a", avatar_video, end_s=0.3), settings, tracker)
        tracker.close()
        assert found.present.all()
        np.testing.assert_array_equal(found.keypoints, expected.keypoints)


def test_another_network_is_another_model(model):
    before = SpottingModel.of(model).sha256
    recogniser = GlossRecogniser.load(model)
    (model / LANDMARKS_FILE).write_bytes(models.load("lite"))
    # Also if that happens after it was loaded.
    with pytest.raises(WeightsError, match="not the network that was asked for"):
        recogniser.extraction.open_backend()
    with pytest.raises(BundleError, match=rf"{LANDMARKS_FILE} is not the file that belongs to this model"):
        load_bundle(model)
    change(model, parts={LANDMARKS_FILE: models.weights_of("lite").sha256})
    with pytest.raises(BundleError, match=rf"{LANDMARKS_FILE} is not the landmark network that the model was trained"):
        load_bundle(model)
    change(model, extraction={"model_sha256": models.weights_of("lite").sha256})
    load_bundle(model)
    assert SpottingModel.of(model).sha256 != before


def test_a_folder_without_the_network_is_no_model(model):
    (model / LANDMARKS_FILE).unlink()
    with pytest.raises(BundleError, match=f"lacks {LANDMARKS_FILE}"):
        load_bundle(model)
    with pytest.raises(WeightsError, match=rf"there is no {LANDMARKS_FILE} in .*model"):
        SpottingModel.of(model)


@pytest.mark.parametrize(
    "name",
    [
        "../landmarks.tflite",
        "../x",
        "{folder}/landmarks.tflite",
        "a/landmarks.tflite",
        "other.tflite",
        "./landmarks.tflite",
    ],
)
def test_no_other_file_is_opened(model, network, name):
    for folder in (model.parent, model):
        (folder / "landmarks.tflite").write_bytes(network)
    name = name.format(folder=model)
    change(model, extraction={"model": name})
    for read in (load_bundle, SpottingModel.of):
        with pytest.raises(BundleError, match=r"training\.extraction names the model .*, which is none of lite"):
            read(model)


@pytest.mark.parametrize("digest", [None, "", 3, "0" * 63])
def test_the_network_is_known_by_its_sha256(model, digest):
    change(model, extraction={"model_sha256": digest})
    with pytest.raises(BundleError, match=rf"training\.extraction has no sha256 of {LANDMARKS_FILE}"):
        load_bundle(model)


def test_a_link_is_not_followed(model):
    (model / LANDMARKS_FILE).rename(model.parent / "elsewhere")
    (model / LANDMARKS_FILE).symlink_to(model.parent / "elsewhere")
    with pytest.raises(BundleError, match="is a link, which may lead anywhere"):
        load_bundle(model)


def test_a_model_of_our_network_carries_none(model):
    described = about(model)
    described["training"]["extraction"] = {"model": "lite"}
    (model / "model.json").write_text(json.dumps(described))
    with pytest.raises(BundleError, match=f"parts names '{LANDMARKS_FILE}'"):
        load_bundle(model)


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "mine.tflite cannot be read: No such file"), (b"TFL3", "mine.tflite is not the network")],
)
def test_nothing_is_trained_without_the_file(tmp_path, network, content, told):
    store = store_of(tmp_path, network)
    (tmp_path / "mine.tflite").unlink()
    if content:
        (tmp_path / "mine.tflite").write_bytes(content)
    with pytest.raises(TrainingError, match=rf"{tmp_path}/{told}.*put that file back there, or extract"):
        quick(store, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_the_same_training_again_takes_no_file(tmp_path, network):
    store = store_of(tmp_path / "one", network)
    quick(store, tmp_path / "model")
    (tmp_path / "one" / "mine.tflite").unlink()
    assert train(store, tmp_path / "model", family="extra-trees", config={"trees": 20}).already_there
    # Elsewhere it is the same network; another one that finds the same points is another training.
    assert quick(store_of(tmp_path / "two", network), tmp_path / "model")
    other = store_of(tmp_path / "three", models.load("lite"))
    with pytest.raises(BundleError, match="another model already"):
        quick(other, tmp_path / "model")
    quick(other, tmp_path / "model", overwrite=True)
    assert (tmp_path / "model" / LANDMARKS_FILE).read_bytes() == models.load("lite")


def test_a_taught_model_carries_it_on(neural, network, tmp_path):
    first = shutil.copytree(neural, tmp_path / "first")
    taught = teach(GlossRecogniser.load(first), {"tree": [make_sequence("tree", "zoe", take) for take in range(2)]})
    path = save_taught(taught, tmp_path / "taught")
    shutil.rmtree(first)
    assert (path / LANDMARKS_FILE).read_bytes() == network
    assert about(path)["training"]["extraction"]["model"] == LANDMARKS_FILE
    assert GlossRecogniser.load(path).extraction.model == str(path / LANDMARKS_FILE)
    GlossRecogniser.load(path).extraction.open_backend().close()
    with pytest.raises(WeightsError, match=f"no {LANDMARKS_FILE} in {first}"):
        save_taught(taught, tmp_path / "late")
    assert not (tmp_path / "late").exists()


def test_an_exported_model_takes_the_file_for_videos_only(neural, tmp_path):
    path = export(neural, tmp_path / "my.tflite")
    assert read_exported(path)[1]["training"]["extraction"] == about(neural)["training"]["extraction"]
    recogniser = load_exported(path)
    assert recogniser.predict(make_sequence()).gloss in recogniser.glosses
    for ask in (lambda: recogniser.extraction, lambda: SpottingModel.of(path)):
        with pytest.raises(WeightsError, match=rf"no {LANDMARKS_FILE} in {tmp_path}; for videos use the model folder"):
            ask()
    (tmp_path / LANDMARKS_FILE).symlink_to(neural / LANDMARKS_FILE)
    with pytest.raises(ExportError, match="is a link"):
        read_exported(path)
    (tmp_path / LANDMARKS_FILE).unlink()
    shutil.copy(neural / LANDMARKS_FILE, tmp_path)
    recogniser.extraction.open_backend().close()
    assert SpottingModel.of(path).extraction == recogniser.extraction
    (tmp_path / LANDMARKS_FILE).write_bytes(models.load("lite"))
    with pytest.raises(WeightsError, match="not the network that was asked for"):
        recogniser.extraction.open_backend()


def test_an_evaluation_says_what_was_extracted_otherwise(original, network, tmp_path):
    bundle = load_bundle(original)

    def notes(settings):
        store = KeypointStore.create(tmp_path / f"{len(list(tmp_path.iterdir()))}.store", settings)
        store.append(make_clips(signers=("stranger",)))
        told = evaluate_bundle(bundle, store).evaluation.notes
        return [note for note in told if note.startswith("the clips were not extracted as those")]

    (tmp_path / "mine.tflite").write_bytes(network)
    own = ExtractionSettings(str(tmp_path / "mine.tflite")).to_dict()
    assert notes(own) == []
    assert notes({**own, "world": True}) == []
    (note,) = notes({**own, "model_sha256": "0" * 64})
    assert "(another landmark network of your own)" in note
    (note,) = notes({**own, "model_sha256": "0" * 64, "smooth": False})
    assert "(another landmark network of your own, smooth no instead of yes)" in note
    (note,) = notes(ExtractionSettings("lite", smooth=False).to_dict())
    assert f"(model lite instead of {LANDMARKS_FILE}, smooth no instead of yes)" in note
    assert evaluate_bundle(bundle, make_clips(signers=("stranger",))).evaluation.notes == ()
