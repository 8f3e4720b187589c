"""A training that starts from another model."""

import json
from dataclasses import replace

import numpy as np
import pytest

from posegloss.classifiers.base import TrainingError
from posegloss.classifiers.bundle import BundleError, load_bundle
from posegloss.classifiers.evaluating.held_out import SIGNERS_SEEN, evaluate_bundle
from posegloss.classifiers.training import train

from .families.conftest import with_hands
from .made_up import TINY, make_clips

BRIEF = {**TINY, "training": {**TINY["training"], "epochs": 1, "learning_rate": 1e-9, "trees": 5}}
OTHERS = {"glosses": ("swipe", "nod"), "signers": ("fay", "gus", "hal"), "takes": 2}
pytestmark = pytest.mark.filterwarnings("ignore::posegloss.datasets.splits.SplitWarning")


def briefly(clips, out, start=None, **options):
    return train(clips, out, config=BRIEF, start=start, baseline=False, **options)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    return briefly(make_clips(**OTHERS), tmp_path_factory.mktemp("origin") / "first.model", seed=4)


@pytest.fixture(scope="module")
def moved(origin, tmp_path_factory):
    config = {"training": BRIEF["training"]}
    out = tmp_path_factory.mktemp("moved") / "second.model"
    return train(make_clips(), out, config=config, start=origin.path, baseline=False)


def kernel(result):
    return load_bundle(result.path).classifier.model.get_layer("stem").kernel.numpy()


def test_it_has_the_other_models_weights_and_its_own_glosses(origin, moved, tmp_path):
    # With next to no rate of learning, what it starts from is what it ends with.
    np.testing.assert_allclose(kernel(moved), kernel(origin), atol=1e-5)
    assert np.abs(kernel(briefly(make_clips(), tmp_path / "m")) - kernel(origin)).max() > 0.01
    assert moved.classifier.glosses == ("circle", "point", "wave")
    # The architecture is that of the weights, and no setting of the caller's.
    assert moved.classifier.config()["architecture"]["width"] == TINY["architecture"]["width"]


def test_the_report_says_from_what_it_started(moved):
    assert "It started from first.model, a model of 2 glosses" in (moved.path / "report.html").read_text("utf-8")
    assert moved.evaluation.signer_independent


def test_the_same_training_from_another_model_is_another(moved, origin, tmp_path):
    with pytest.raises(BundleError, match="--overwrite"):
        train(make_clips(), moved.path, config=BRIEF, baseline=False)
    again = train(make_clips(), moved.path, config={"training": BRIEF["training"]}, start=origin.path, baseline=False)
    assert again.already_there


def test_what_the_first_model_saw_counts_as_seen(moved):
    fresh = make_clips(glosses=("wave",), signers=("fay", "zoe"), takes=1)
    result = evaluate_bundle(load_bundle(moved.path), fresh)
    assert result.evaluation.signers == ("zoe",)
    assert result.evaluation.left_out == {"wave/fay-0.mp4": "signer 'fay' was trained on"}
    everybody = evaluate_bundle(load_bundle(moved.path), fresh, all_signers=True)
    assert SIGNERS_SEEN in everybody.evaluation.notes


def test_a_test_on_whom_the_first_model_knows_is_not_signer_independent(origin, tmp_path):
    known = origin.evaluation
    signer = next(name for name in OTHERS["signers"] if name not in {answer.signer for answer in known.answers})
    clips = [*make_clips(), *make_clips(signers=(signer,), takes=1)]
    result = briefly(clips, tmp_path / "m", origin.path, test_signers=[signer])
    assert not result.evaluation.signer_independent
    assert any(f"signers of the same names as some tested: {signer}" in note for note in result.evaluation.notes)
    clips = make_clips(**{**OTHERS, "signers": (*OTHERS["signers"], "ida")})
    result = briefly(clips, tmp_path / "n", origin.path, test_signers=[signer])
    assert any("4 of the clips tested are among those" in note for note in result.evaluation.notes)


def test_a_test_is_not_signer_independent_where_the_first_model_saw_nobody_knows_whom(tmp_path):
    nameless = [replace(clip, signer=None) for clip in make_clips(**OTHERS)]
    first = briefly(nameless, tmp_path / "first.model")
    result = briefly(make_clips(), tmp_path / "second.model", first.path)
    assert not result.evaluation.signer_independent
    assert "first.model was trained on clips of unknown signers, who may be tested here" in result.evaluation.notes


@pytest.mark.parametrize(
    ("family", "layout", "config", "why"),
    [
        ("extra-trees", "blazepose33", {}, "extra-trees cannot start from a model; a neural family can"),
        ("tcn", "blazepose33", {}, "of tcn cannot start from one of conv-transformer"),
        ("conv-transformer", "holistic75", {}, "holistic75 cannot start from one of blazepose33"),
        ("conv-transformer", "blazepose33", {"architecture": {"width": 24}}, "another architecture"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(origin, tmp_path, family, layout, config, why):
    clips = make_clips(takes=1)
    if layout == "holistic75":
        clips = [type(clip)(clip.clip_id, with_hands(clip.sequence), clip.gloss, clip.signer) for clip in clips]
    with pytest.raises(TrainingError, match=why):
        train(clips, tmp_path / "m", family=family, config=config, start=origin.path)
    assert not (tmp_path / "m").exists()


def test_no_model(tmp_path):
    with pytest.raises(BundleError, match="not a model folder"):
        train(make_clips(), tmp_path / "m", start=tmp_path / "nothing")


def test_a_model_json_that_lies_about_who_was_seen_is_refused(moved, tmp_path):
    about = json.loads((moved.path / "model.json").read_text("utf-8"))
    about["training"]["signers"]["before"] = 3
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(BundleError, match=r"signers\.before is no list of names"):
        load_bundle(folder)
