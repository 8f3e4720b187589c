"""Exported classifiers against the Keras classifiers that they were made of."""

import subprocess
import sys

import numpy as np
import pytest

from posegloss.classifiers.exporting.exported_file import ExportError
from posegloss.classifiers.exporting.litert import LiteRTClassifier, load_exported
from posegloss.classifiers.preprocessing import LayoutError
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.sequence import KeypointSequence

from ..families.conftest import KERAS
from ..made_up import make_sequence, nobody
from .conftest import troubled

# Wide enough that the converter finds weights worth quantizing (1024 numbers).
WIDER = {
    "architecture": {"width": 48, "stages": 1, "convolutions": 1, "heads": 4},
    "training": {"epochs": 12, "learning_rate": 5e-3, "batch_size": 6},
}


@pytest.fixture(scope="module")
def exported(made, tmp_path_factory):
    """Exports a classifier and loads the file; the Keras classifier, the other one and the file."""
    from posegloss.classifiers.exporting.export import export

    def make(family, layout, precision, config=None):
        classifier, folder = made(family, layout, config)
        path = export(folder, tmp_path_factory.mktemp("exported") / "model.tflite", precision)
        return classifier, LiteRTClassifier(path), path

    return make


def both_answers(classifier, litert, layout, clips=30):
    sequences = [troubled(number, layout) for number in range(clips)]
    return classifier.predict_proba(sequences), litert.predict_proba(sequences)


@pytest.mark.parametrize("family", KERAS)
def test_every_family_answers_as_in_keras(exported, family):
    classifier, litert, _ = exported(family, "blazepose33", "float32")
    expected, found = both_answers(classifier, litert, "blazepose33")
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 0.02
    assert litert.glosses == classifier.glosses
    assert litert.preprocessing == classifier.preprocessing


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-4), ("float16", 1e-3)])
def test_a_sharper_model_of_both_layouts(exported, layout, precision, tolerance):
    classifier, litert, _ = exported("conv-transformer", layout, precision, WIDER)
    expected, found = both_answers(classifier, litert, layout)
    assert expected.max() > 0.7
    np.testing.assert_allclose(found, expected, atol=tolerance)


def test_int8_answers_nearly_the_same(exported):
    classifier, litert, path = exported("conv-transformer", "blazepose33", "int8", WIDER)
    expected, found = both_answers(classifier, litert, "blazepose33", 60)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.95
    assert 1e-5 < np.abs(found - expected).max() < 0.05
    whole = exported("conv-transformer", "blazepose33", "float32", WIDER)[2]
    assert path.stat().st_size < 0.75 * whole.stat().st_size


@pytest.fixture(scope="module")
def file(exported):
    return exported("conv-transformer", "blazepose33", "float32")[2]


def test_without_a_signer_there_is_no_answer(file):
    litert = LiteRTClassifier(file)
    one_pixel = KeypointSequence(make_sequence().keypoints, make_sequence().timestamps, (2, 2))
    for sequence in (nobody(), nobody(0), one_pixel):
        with pytest.raises(NoSignerError, match="both shoulders"):
            litert.predict_proba([make_sequence(), sequence])
    assert litert.predict_proba([]).shape == (0, 3)
    recogniser = load_exported(file)
    answer = recogniser.predict(nobody())
    assert (answer.gloss, answer.reason.startswith("nobody.mp4: no frame")) == (None, True)
    assert recogniser.predict(make_sequence()).gloss in litert.glosses
    assert (recogniser.synthetic, recogniser.threshold, recogniser.extraction.layout) == (True, 0.4, "blazepose33")


def test_another_layout_is_refused(file):
    with pytest.raises(LayoutError, match="holistic75"):
        LiteRTClassifier(file).predict_proba([troubled(0, "holistic75")])


def test_the_runner_needs_no_tensorflow(file):
    code = (
        "import sys, numpy as np\n"
        "from posegloss.classifiers.exporting.litert import load_exported\n"
        "from posegloss.pipeline.sequence import KeypointSequence\n"
        "seen = np.random.default_rng(0).random((9, 33, 4))\n"
        "print(load_exported(sys.argv[1]).predict(KeypointSequence(seen, np.arange(9) / 25, (640, 480))).gloss)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, file], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() in LiteRTClassifier(file).glosses


def test_what_cannot_be_exported(made, trees, tmp_path):
    from posegloss.classifiers.exporting.export import export

    _, folder = made("conv-transformer", "blazepose33")
    with pytest.raises(ExportError, match="extra-trees, which is no neural network"):
        export(trees.path, tmp_path / "a.tflite")
    with pytest.raises(ExportError, match="int4"):
        export(folder, tmp_path / "a.tflite", "int4")
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        export(folder, tmp_path / "file" / "a.tflite")
    assert not (tmp_path / "a.tflite").exists()
