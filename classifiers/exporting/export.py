"""A trained Keras classifier as one LiteRT network: raw keypoints in, calibrated probabilities out."""

import os
from pathlib import Path
from typing import Any, Final

import posegloss
from posegloss.classifiers.base import DEFAULT_FAMILY
from posegloss.classifiers.bundle import load_bundle
from posegloss.classifiers.exporting.exported_file import FORMAT, ExportError, check_free, write_exported
from posegloss.classifiers.exporting.half import halved
from posegloss.classifiers.exporting.in_graph import preprocess_in_graph
from posegloss.classifiers.families.keras_family import KerasFamily
from posegloss.pipeline.keras_backend import keras, tf
from posegloss.pipeline.quiet import without_greeting

PRECISIONS: Final = ("float32", "float16", "int8")
"""Of the large weights: float16 halves them, int8 dynamic range quarters them. All else stays as it is."""


def export(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    precision: str = "float32",
    *,
    overwrite: bool = False,
) -> Path:
    """Export a model folder as one LiteRT file, which ``LiteRTClassifier`` reads.

    The network has the inputs ``keypoints`` (T, K, 4), ``timestamps`` (T,) in seconds from the clip's start and
    ``size`` (2,), the frame's width and height in pixels, as ``KeypointSequence`` has them, all float32 and for any
    number of frames. Its output ``probabilities`` (C,) is NaN where no frame shows both shoulders.

    Args:
        model: a folder that ``train`` made.
        out: the file to write, ``*.tflite``.
        precision: of the weights, one of PRECISIONS.
        overwrite: replace the file if there is one.

    Raises:
        ExportError: the model's family is no Keras family, there is no such precision, or the file cannot be written.
        BundleError: there is no model.
    """
    out = Path(out)
    if precision not in PRECISIONS:
        raise ExportError(f"there is no precision {precision!r}; there are: {', '.join(PRECISIONS)}")
    check_free(out, overwrite)
    bundle = load_bundle(model)
    classifier = bundle.classifier
    if not isinstance(classifier, KerasFamily):
        raise ExportError(
            f"{bundle.path} is of the family {classifier.name}, which is no neural network and has no LiteRT form; "
            f"train another one: posegloss train STORE --out MODEL --model {DEFAULT_FAMILY}"
        )
    about = {
        "format": FORMAT,
        "posegloss": posegloss.__version__,
        "family": classifier.name,
        "precision": precision,
        "glosses": classifier.glosses,
        "points": classifier.preprocessing.points.layout.points,
        "preprocessing": classifier.preprocessing.to_dict(),
        "calibration": bundle.calibration.to_dict(),
        # Who it was trained on is nobody's business who gets an app.
        "training": {name: bundle.training[name] for name in ("synthetic", "extraction")},
    }
    write_exported(out, converted(classifier, precision), about)
    return out


def converted(classifier: KerasFamily, precision: str) -> bytes:
    """The LiteRT flatbuffer of a trained classifier, with preprocessing and temperature."""
    preprocessing = classifier.preprocessing
    # Constants of the graph: as variables, somebody would have to fill them before each use.
    weights = [(variable, variable.value.numpy()) for variable in classifier.model.variables]

    def recognise(keypoints: Any, timestamps: Any, size: Any) -> dict[str, Any]:
        inputs, somebody = preprocess_in_graph(keypoints, timestamps, size, preprocessing)
        with keras.StatelessScope(state_mapping=[(variable, tf.constant(value)) for variable, value in weights]):
            probabilities = classifier.answer(inputs[None])[0]
        if classifier.temperature != 1:
            # As ``tempered`` has it.
            probabilities = tf.nn.softmax(tf.math.log(tf.maximum(probabilities, 1e-9)) / classifier.temperature)
        return {"probabilities": tf.where(somebody, probabilities, float("nan"))}

    signature = [
        tf.TensorSpec((None, len(preprocessing.points.layout), 4), tf.float32, "keypoints"),
        tf.TensorSpec((None,), tf.float32, "timestamps"),
        tf.TensorSpec((2,), tf.float32, "size"),
    ]
    with without_greeting():
        graph = tf.function(recognise, input_signature=signature).get_concrete_function()
        # With a module, even one that holds nothing, the network gets a signature: inputs and outputs have names.
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module())
        if precision == "int8":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        content = bytes(converter.convert())
    return halved(content) if precision == "float16" else content
