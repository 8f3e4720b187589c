import json
import shutil

import numpy as np
import pytest

from posegloss.classifiers.base import preprocess
from posegloss.classifiers.bundle import BundleError, load_bundle
from posegloss.classifiers.evaluating.held_out import UNKNOWN_TRAINED_ON, evaluate_bundle
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.prototypes import PROTOTYPES_FILE, prototypes_of
from posegloss.classifiers.teaching import LONGEST_GLOSS, TeachingError, save_taught, teach

from .families.conftest import with_hands
from .made_up import make_clips, make_sequence, nobody

NEW = ("tree", "moon")


def takes(gloss, signer="zoe", count=3):
    return [make_sequence(gloss, signer, take) for take in range(count)]


def accuracy(recogniser, glosses, signers=("zoe", "yu"), first=5):
    clips = [
        (gloss, make_sequence(gloss, signer, first + i)) for gloss in glosses for signer in signers for i in range(3)
    ]
    return np.mean([recogniser.predict(sequence).gloss == gloss for gloss, sequence in clips])


@pytest.fixture(scope="module")
def recogniser(trained):
    return GlossRecogniser.load(trained.path)


@pytest.fixture(scope="module")
def taught(recogniser):
    return teach(recogniser, {gloss: takes(gloss) for gloss in NEW})


def test_new_glosses_are_recognised_and_old_ones_still_are(recogniser, taught):
    assert taught.glosses == (*recogniser.glosses, *NEW)
    assert accuracy(taught, NEW) > 0.9
    assert accuracy(taught, recogniser.glosses) >= accuracy(recogniser, recogniser.glosses) - 0.1


def test_the_model_that_is_taught_stays_as_it_is(recogniser):
    sequence = make_sequence("wave", "zoe")
    before = recogniser.classifier.predict_proba([sequence])
    teach(recogniser, {"tree": takes("tree")})
    assert "taught" not in recogniser.training
    np.testing.assert_array_equal(recogniser.classifier.predict_proba([sequence]), before)


def test_one_after_the_other(recogniser, taught):
    found = teach(teach(recogniser, {"tree": takes("tree")}), {"moon": takes("moon")})
    assert found.glosses == taught.glosses
    assert found.training["taught"] == {"tree": 3, "moon": 3}
    assert found.training["without_signer"] == recogniser.training["without_signer"] + 6
    assert accuracy(found, NEW) > 0.9


def test_taught_again_it_is_known_by_the_new_takes_alone(recogniser, taught):
    mistaken = teach(recogniser, {"tree": takes("moon", count=1)})
    assert mistaken.predict(make_sequence("moon", "zoe", 7)).gloss == "tree"
    mended = teach(mistaken, {"tree": takes("tree"), "moon": takes("moon")})
    assert mended.training["taught"] == taught.training["taught"]
    sequences = [make_sequence(gloss, "yu") for gloss in mended.glosses]
    np.testing.assert_allclose(
        mended.classifier.predict_proba(sequences), taught.classifier.predict_proba(sequences), atol=1e-5
    )


def test_the_same_takes_teach_the_same(recogniser, taught):
    again = teach(recogniser, {gloss: takes(gloss) for gloss in NEW})
    for mine, other in zip(again.classifier.last_layer, taught.classifier.last_layer, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_thresholds_are_kept(recogniser):
    mine = GlossRecogniser(recogniser.classifier, recogniser.training, recogniser.calibration)
    mine.threshold, mine.reject_below = 0.3, 0.2
    other = teach(mine, {"tree": takes("tree", count=1)})
    assert (other.threshold, other.reject_below) == (0.3, 0.2)
    assert other.classifier.temperature == recogniser.classifier.temperature


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({}, "no gloss is to be taught"),
        ({"tree": []}, "no take of 'tree'"),
        ({" ": takes("tree")}, "no name"),
        ({"x" * (LONGEST_GLOSS + 1): takes("tree")}, "no name"),
        ({"wave": takes("wave")}, "'wave' was trained"),
        ({"tree": [*takes("tree"), nobody()]}, "take 4 of 'tree'"),
        ({"tree": [nobody(0)]}, "take 1 of 'tree'"),
        ({"tree": [with_hands(make_sequence("tree"))]}, "take 1 of 'tree'.*layout"),
    ],
)
def test_what_cannot_be_taught(recogniser, wanted, message):
    with pytest.raises(TeachingError, match=message):
        teach(recogniser, wanted)


def test_a_family_without_an_embedding(trees):
    recogniser = GlossRecogniser.load(trees.path)
    assert recogniser.classifier.prototypes is None
    assert PROTOTYPES_FILE not in {path.name for path in trees.path.iterdir()}
    with pytest.raises(TeachingError, match="extra-trees cannot be taught"):
        teach(recogniser, {"tree": takes("tree")})


def test_a_model_from_before_prototypes_were_kept(trained, tmp_path):
    folder = shutil.copytree(trained.path, tmp_path / "model")
    about = json.loads((folder / "model.json").read_text())
    del about["parts"][PROTOTYPES_FILE]
    (folder / "model.json").write_text(json.dumps(about))
    recogniser = GlossRecogniser.load(folder)
    assert recogniser.predict(make_sequence("wave", "zoe")).gloss
    with pytest.raises(TeachingError, match="train it again"):
        teach(recogniser, {"tree": takes("tree")})


def test_prototypes_belong_to_the_model(trained, tmp_path):
    folder = shutil.copytree(trained.path, tmp_path / "model")
    with np.load(folder / PROTOTYPES_FILE) as file:
        means = file["means"]
    np.testing.assert_array_equal(load_bundle(folder).classifier.prototypes, means)
    np.savez(folder / PROTOTYPES_FILE, means=means[1:])
    with pytest.raises(BundleError, match=rf"{PROTOTYPES_FILE}.*sha256"):
        load_bundle(folder)
    (folder / PROTOTYPES_FILE).unlink()
    with pytest.raises(BundleError, match=f"lacks {PROTOTYPES_FILE}"):
        load_bundle(folder)


def test_saved_and_loaded(taught, tmp_path):
    path = save_taught(taught, tmp_path / "taught.model")
    loaded = GlossRecogniser.load(path)
    sequences = [make_sequence(gloss, "yu") for gloss in taught.glosses]
    np.testing.assert_allclose(
        loaded.classifier.predict_proba(sequences), taught.classifier.predict_proba(sequences), atol=1e-6
    )
    assert loaded.training["taught"] == {"tree": 3, "moon": 3}
    assert "identity" not in loaded.training
    page = (path / "report.html").read_text()
    assert "Nothing was measured" in page
    assert "moon" in page
    assert loaded.calibration == taught.calibration
    assert "river" in teach(loaded, {"river": takes("river", count=1)}).glosses
    with pytest.raises(BundleError, match="another model"):
        save_taught(taught, path)
    assert [file.name for file in tmp_path.iterdir()] == ["taught.model"]


def test_only_what_was_taught_is_saved(recogniser, tmp_path):
    with pytest.raises(TeachingError, match="taught nothing"):
        save_taught(recogniser, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_taught_model_is_measured_without_its_takes(taught, tmp_path):
    bundle = load_bundle(save_taught(taught, tmp_path / "m"))
    found = evaluate_bundle(bundle, make_clips(NEW, ("zoe", "yu"), 4)).evaluation
    # The takes 0 to 2 by zoe were taught.
    assert len(found.answers) == 2 * (4 + 1)
    assert UNKNOWN_TRAINED_ON in found.notes


@pytest.mark.parametrize("wrong", [[], {"tree": 0}, {"tree": "3"}, {"unheard": 1}])
def test_what_was_taught_must_be_told(taught, tmp_path, wrong):
    path = save_taught(taught, tmp_path / "m")
    about = json.loads((path / "model.json").read_text())
    about["training"]["taught"] = wrong
    (path / "model.json").write_text(json.dumps(about))
    with pytest.raises(BundleError, match=r"training\.taught"):
        load_bundle(path)


def test_a_mirrored_teacher_teaches_the_same_sign(recogniser):
    """Left-handed takes are seen in a mirror, as in training."""
    assert recogniser.classifier.training.right_handed
    left = [make_sequence("tree", "zoe", take, mirror=True) for take in range(3)]
    found = teach(recogniser, {"tree": left})
    assert accuracy(found, ("tree",)) > 0.6


def test_a_taught_model_is_exported(taught, tmp_path):
    from posegloss.classifiers.exporting.export import export
    from posegloss.classifiers.exporting.litert import load_exported

    exported = load_exported(export(save_taught(taught, tmp_path / "m"), tmp_path / "m.tflite"))
    sequence = make_sequence("tree", "zoe", 8)
    np.testing.assert_allclose(
        exported.classifier.predict_proba([sequence]), taught.classifier.predict_proba([sequence]), atol=1e-3
    )
    with pytest.raises(TeachingError, match="exported model cannot be taught"):
        teach(exported, {"river": takes("river")})


def test_prototypes_are_the_mean_embeddings(trained, clips):
    samples, _ = preprocess(clips, trained.classifier.preprocessing)
    embeddings = trained.classifier.embeddings([sample.inputs for sample in samples])
    found = prototypes_of(trained.classifier, samples)
    first = [sample.gloss == trained.classifier.glosses[0] for sample in samples]
    np.testing.assert_allclose(found[0], embeddings[first].mean(axis=0), atol=1e-5)
