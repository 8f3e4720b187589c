import hashlib
import json
import shutil

import numpy as np
import pytest

from posegloss.classifiers.base import preprocess
from posegloss.classifiers.bundle import BundleError, load_bundle, save_bundle
from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.evaluating.held_out import evaluate_bundle
from posegloss.classifiers.prototypes import PROTOTYPES_FILE

from .made_up import make_clips


@pytest.fixture(params=["trained", "trees"])
def original(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original.path, tmp_path / "model")


def change(folder, **values):
    about = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**about, **values}))


def weights(folder):
    return next(path for path in folder.iterdir() if path.suffix in (".h5", ".npz") and path.name != PROTOTYPES_FILE)


def test_loaded_is_what_was_saved(original, folder):
    bundle = load_bundle(folder)
    samples, _ = preprocess(make_clips(signers=("zoe",)), bundle.classifier.preprocessing)
    inputs = [sample.inputs for sample in samples]
    np.testing.assert_allclose(
        bundle.classifier.predict_inputs(inputs), original.classifier.predict_inputs(inputs), atol=1e-6
    )
    assert bundle.classifier.glosses == original.classifier.glosses
    assert bundle.training["clips"]["test"] == len(original.evaluation.answers)
    assert bundle.report["evaluation"]["top1"]["value"] == original.evaluation.top1.value


@pytest.mark.parametrize("part", ["report.json", "report.html", "history.csv", "weights"])
def test_missing_part(folder, part):
    path = weights(folder) if part == "weights" else folder / part
    path.unlink()
    with pytest.raises(BundleError, match=f"lacks {path.name}"):
        load_bundle(folder)


@pytest.mark.parametrize("part", ["report.json", "history.csv", "weights"])
def test_changed_part(folder, part):
    path = weights(folder) if part == "weights" else folder / part
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match=rf"{path.name}.*sha256"):
        load_bundle(folder)


def test_weights_of_another_model(trained, trees, tmp_path):
    folder = shutil.copytree(trained.path, tmp_path / "model")
    shutil.copy(weights(trees.path), weights(folder))
    with pytest.raises(BundleError, match="weights"):
        load_bundle(folder)


def test_another_number_of_glosses(folder):
    change(folder, glosses=["a", "b"])
    with pytest.raises(BundleError, match="weights do not fit 2 glosses"):
        load_bundle(folder)


def test_another_preprocessing(folder):
    about = json.loads((folder / "model.json").read_text())
    change(folder, preprocessing={**about["preprocessing"], "rate_hz": 12.5})
    with pytest.raises(BundleError, match="preprocessing is not the one"):
        load_bundle(folder)
    change(folder, preprocessing={"nonsense": 1})
    with pytest.raises(BundleError, match="preprocessing settings"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 99}, "format 99"),
        ({"family": "oracle"}, "oracle"),
        ({"config": {"nonsense": 1, "training": {"nonsense": 1}}}, "config"),
        ({"parts": {"../../etc/passwd": "0"}}, "parts names '../../etc/passwd'"),
        ({"parts": []}, "parts cannot be read"),
        ({"family": []}, "family cannot be read"),
        ({"glosses": "abc"}, "glosses"),
        ({"glosses": [1, 2, 3]}, "glosses"),
        ({"config": []}, "config"),
        ({"training": []}, "training cannot be read"),
        ({"training": {}}, r"lacks training\.clips"),
    ],
)
def test_description_that_cannot_be(folder, values, message):
    change(folder, **values)
    with pytest.raises(BundleError, match=message):
        load_bundle(folder)


@pytest.mark.parametrize("part", ["report.json", "report.html", "history.csv", "weights"])
def test_part_that_is_not_named(folder, part):
    name = weights(folder).name if part == "weights" else part
    parts = json.loads((folder / "model.json").read_text())["parts"]
    change(folder, parts={other: digest for other, digest in parts.items() if other != name})
    with pytest.raises(BundleError, match=f"parts does not name '{name}'"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("synthetic", "no"),
        ("signers", {"train": "ada", "validation": []}),
        ("clips", {}),
        ("seen", 1),
        ("without_signer", "1"),
        ("extraction", {"model": "/etc/passwd"}),
        ("extraction", {"model": "/tmp/stranger.task", "backend": "mediapipe"}),
        ("extraction", {"model": "/tmp/stranger.tflite", "model_sha256": "0" * 64}),
        ("extraction", {"model": ["full"]}),
        ("extraction", {"backend": "oracle"}),
        ("extraction", {"nonsense": 1}),
        ("extraction", {"smooth": "yes"}),
        ("extraction", "full"),
    ],
)
def test_training_that_cannot_be(trees, tmp_path, key, value):
    folder = shutil.copytree(trees.path, tmp_path / "model")
    about = json.loads((folder / "model.json").read_text())
    change(folder, training={**about["training"], key: value})
    with pytest.raises(BundleError, match=rf"model\.json.*training\.{key}"):
        load_bundle(folder)


def test_model_from_before_seen_clips_were_recorded(trees, tmp_path):
    folder = shutil.copytree(trees.path, tmp_path / "model")
    training = json.loads((folder / "model.json").read_text())["training"]
    del training["seen"], training["without_signer"]
    change(folder, training=training)
    result = evaluate_bundle(load_bundle(folder), make_clips()).evaluation
    assert {answer.signer for answer in result.answers} == set(training["signers"]["test"])
    assert result.signer_independent


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x89HDF\r\n\x1a\n no HDF5"])
def test_weights_with_the_right_sum_that_are_none(folder, content):
    path = weights(folder)
    path.write_bytes(content)
    parts = json.loads((folder / "model.json").read_text())["parts"]
    change(folder, parts={**parts, path.name: hashlib.sha256(content).hexdigest()})
    with pytest.raises(BundleError, match=rf"{path.name}: the weights do not fit"):
        load_bundle(folder)


@pytest.mark.parametrize(("name", "content"), [("report.json", b"["), ("report.json", b"[]"), ("history.csv", b"a\nb")])
def test_other_part_with_the_right_sum_that_is_none(trees, tmp_path, name, content):
    folder = shutil.copytree(trees.path, tmp_path / "model")
    (folder / name).write_bytes(content)
    parts = json.loads((folder / "model.json").read_text())["parts"]
    change(folder, parts={**parts, name: hashlib.sha256(content).hexdigest()})
    with pytest.raises(BundleError, match=name):
        evaluate_bundle(load_bundle(folder), make_clips())


@pytest.mark.parametrize(("key", "value"), [("moments", 13), ("moments", 0), ("trees", "many"), ("mirror", [])])
def test_config_that_does_not_fit_the_trees(trees, tmp_path, key, value):
    folder = shutil.copytree(trees.path, tmp_path / "model")
    config = json.loads((folder / "model.json").read_text())["config"]
    change(folder, config={**config, key: value})
    with pytest.raises(BundleError, match="config"):
        load_bundle(folder)


def test_description_that_lacks_something(folder):
    (folder / "model.json").write_text('{"format": 1}')
    with pytest.raises(BundleError, match="lacks"):
        load_bundle(folder)
    (folder / "model.json").write_text("{")
    with pytest.raises(BundleError, match=r"model\.json cannot be read"):
        load_bundle(folder)


def test_no_model(tmp_path):
    with pytest.raises(BundleError, match="does not exist"):
        load_bundle(tmp_path / "gone")
    with pytest.raises(BundleError, match=r"has no model\.json"):
        load_bundle(tmp_path)


def saved(classifier, path, **options):
    training = {
        "synthetic": False,
        "split": "by hand",
        "clips": {"train": 1, "validation": 0},
        "signers": {"train": [], "validation": []},
        "extraction": None,
    }
    about = {"calibration": Calibration(), "training": training, "report": {}, "report_page": "", "history": []}
    return save_bundle(path, classifier, **about, **options)


def test_nothing_is_replaced_unasked(trees, tmp_path):
    path = saved(trees.classifier, tmp_path / "model")
    with pytest.raises(BundleError, match="--overwrite"):
        saved(trees.classifier, path)
    saved(trees.classifier, path, overwrite=True)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    with pytest.raises(BundleError, match="not a model folder"):
        saved(trees.classifier, tmp_path / "photos", overwrite=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["model", "photos"]


def test_failure_leaves_what_was_there(trees, tmp_path, monkeypatch):
    path = saved(trees.classifier, tmp_path / "model")

    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(trees.classifier, "save_weights", full)
    with pytest.raises(BundleError, match="No space left"):
        saved(trees.classifier, path, overwrite=True)
    with pytest.raises(BundleError, match="No space left"):
        saved(trees.classifier, tmp_path / "other")
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
    load_bundle(path)


def test_prototypes_of_another_number_of_glosses(trained, tmp_path):
    folder = shutil.copytree(trained.path, tmp_path / "model")
    np.savez(folder / PROTOTYPES_FILE, means=np.zeros((2, 32), np.float32))
    parts = json.loads((folder / "model.json").read_text())["parts"]
    digest = hashlib.sha256((folder / PROTOTYPES_FILE).read_bytes()).hexdigest()
    change(folder, parts={**parts, PROTOTYPES_FILE: digest})
    with pytest.raises(BundleError, match=rf"{PROTOTYPES_FILE} cannot be read.*3 glosses"):
        load_bundle(folder)
