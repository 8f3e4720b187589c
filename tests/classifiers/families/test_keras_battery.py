"""What every Keras family promises beyond what all families do."""

import numpy as np
import pytest

from posegloss.classifiers.families import keras_family
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.prototypes import prototypes_of
from posegloss.classifiers.teaching import teach

from ..made_up import make_sequence
from .conftest import KERAS, brief, fitted, make_samples


@pytest.fixture(scope="module", params=KERAS)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def few():
    return make_samples("blazepose33", glosses=("wave", "circle"), signers=("ada", "bo"), takes=2)


@pytest.fixture(scope="module")
def inputs(few):
    return [sample.inputs for sample in few]


@pytest.fixture(scope="module")
def whole(family, few):
    """Trained briefly and without an interruption."""
    return fitted(family, few, config=brief(family, epochs=3))


def test_interrupted_training_ends_as_if_nothing_had_been(family, few, inputs, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(keras_family, "SAVED_EVERY_S", 0.0)

    def interrupt(row):
        if row.epoch == 2:
            raise KeyboardInterrupt

    config, checkpoint = brief(family, epochs=3), tmp_path / "checkpoint.npz"
    with pytest.raises(KeyboardInterrupt):
        fitted(family, few, config=config, checkpoint=checkpoint, progress=interrupt)
    epochs = []
    resumed = fitted(family, few, config=config, checkpoint=checkpoint, progress=lambda row: epochs.append(row.epoch))
    assert epochs == [3]
    np.testing.assert_allclose(resumed.predict_inputs(inputs), whole.predict_inputs(inputs), atol=1e-4)


def test_mixed_precision(family, few, inputs, whole):
    import keras

    before = keras.config.dtype_policy()
    mixed = fitted(family, few, config=brief(family, epochs=3, mixed_precision=True))
    assert keras.config.dtype_policy() == before
    assert {weight.dtype for weight in mixed.model.trainable_weights} == {"float32"}
    answers = mixed.predict_inputs(inputs)
    assert answers.dtype == np.float32
    assert np.isfinite(answers).all()
    # The same weights in half precision; what is learnt differs more, for the first steps overflow and are left out.
    mixed.make_model(mixed=True)
    assert any(layer.compute_dtype == "float16" for layer in mixed.model.layers)
    mixed.model.set_weights(whole.model.get_weights())
    np.testing.assert_allclose(mixed.predict_inputs(inputs), whole.predict_inputs(inputs), atol=0.02)


@pytest.mark.parametrize("frames", [24, None])
def test_litert(family, inputs, whole, frames):
    """The graph is made of LiteRT's own operations, for a fixed number of frames and for any."""
    from ai_edge_litert.interpreter import Interpreter

    from posegloss.pipeline.keras_backend import tf

    model = whole.model
    spec = tf.TensorSpec((1, frames, *model.input_shape[2:]), tf.float32)
    answer = tf.function(lambda batch: model(batch, training=False)).get_concrete_function(spec)
    # Without the model beside it, its weights become constants instead of variables that somebody has to fill.
    interpreter = Interpreter(model_content=tf.lite.TFLiteConverter.from_concrete_functions([answer]).convert())
    clip = np.full((1, 24, *model.input_shape[2:]), np.nan, np.float32)
    clip[0, : len(inputs[0][:20])] = inputs[0][:20]
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], clip.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], clip)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, model(clip, training=False).numpy(), atol=1e-4)


def test_taught_a_gloss(few, inputs, whole):
    whole.prototypes = prototypes_of(whole, few)
    recogniser = GlossRecogniser(whole, {"synthetic": False})
    found = teach(recogniser, {"tree": [make_sequence("tree", "zoe", take) for take in range(2)]}).classifier
    assert found.glosses == (*whole.glosses, "tree")
    np.testing.assert_allclose(found.predict_inputs(inputs).sum(axis=1), 1, atol=1e-5)
    # Nothing but the new column has changed.
    np.testing.assert_allclose(found.embeddings(inputs), whole.embeddings(inputs), atol=1e-6)
    for mine, before in zip(found.last_layer, whole.last_layer, strict=True):
        np.testing.assert_array_equal(mine[..., :-1], before)
