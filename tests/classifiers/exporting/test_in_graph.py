"""The preprocessing within the graph against the one that models are trained with."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from posegloss.classifiers.families.batches import pad
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.normalize import Normalization
from posegloss.pipeline.skeleton import INDEX

from ..made_up import make_sequence, nobody
from .conftest import troubled

SETTINGS = {
    "usual": Preprocessing(),
    "hands": Preprocessing(layout="holistic75"),
    "level": Preprocessing(Normalization(fill_gap_s=0.3, level_shoulders=True)),
    "nothing filled": Preprocessing(Normalization(min_visibility=0.5)),
    "short and quick": Preprocessing(rate_hz=30.0, longest_gap_s=0.06, longest_s=1.5),
}


@cache
def graph(settings):
    from posegloss.classifiers.exporting.in_graph import preprocess_in_graph
    from posegloss.pipeline.keras_backend import tf

    shapes = ((None, len(settings.points.layout), 4), (None,), (2,))
    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    return tf.function(lambda *given: preprocess_in_graph(*given, settings), input_signature=signature)


def in_graph(sequence, settings):
    given = (sequence.keypoints, sequence.timestamps.astype(np.float32), np.array(sequence.size, np.float32))
    inputs, somebody = graph(settings)(*given)
    return inputs.numpy(), bool(somebody)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_same_as_outside(settings):
    for number in range(40):
        sequence = troubled(number, settings.layout)
        found, somebody = in_graph(sequence, settings)
        assert somebody
        # A frame within 10 microseconds of a time of the result stands for it.
        np.testing.assert_allclose(found, pad([settings(sequence)])[0], atol=1e-4, err_msg=f"clip {number}")


def test_frames_at_times_of_the_result_are_taken_as_they_are():
    for rate in (20.0, 25.0, 40.0, 50.0, 60.0):
        sequence = make_sequence(rate=rate, seconds=9.0, missing=0)
        found, _ = in_graph(sequence, Preprocessing())
        np.testing.assert_allclose(found, pad([Preprocessing()(sequence)])[0], atol=1e-5)


@pytest.mark.parametrize("start", [0, 1, 2, 5, 8])
def test_a_gap_of_exactly_the_longest_is_filled_wherever_it_is(start):
    sequence = make_sequence(rate=10.0, seconds=2.0, missing=0)
    keypoints = sequence.keypoints.copy()
    keypoints[start + 1 : start + 3, INDEX["right_wrist"]] = np.nan
    found, _ = in_graph(replace(sequence, keypoints=keypoints), Preprocessing())
    assert np.isfinite(found[:38]).all()


def test_nobody():
    close = make_sequence()
    keypoints = close.keypoints.copy()
    keypoints[:, INDEX["left_shoulder"]] = keypoints[:, INDEX["right_shoulder"]]
    for sequence in (nobody(), nobody(1), replace(close, keypoints=keypoints)):
        assert in_graph(sequence, Preprocessing())[1] is False
