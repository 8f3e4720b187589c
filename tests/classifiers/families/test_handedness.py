import numpy as np
import pytest

from posegloss.classifiers.families.batches import pad
from posegloss.classifiers.families.handedness import lead_of_right, mirror, right_handedness
from posegloss.classifiers.input_points import INPUT_POINTS
from posegloss.classifiers.preprocessing import Preprocessing

from ..made_up import make_sequence
from .conftest import fitted, make_samples

POINTS = INPUT_POINTS["blazepose33"]


def clip(raised=("right",), frames=20):
    """A signer whose raised hands are at the chin and move from side to side, the others hanging."""
    inputs = np.zeros((frames, len(POINTS), 2), np.float32)
    for side, own in (("left", 1), ("right", -1)):
        swing = 0.3 * np.sin(np.arange(frames) / 2) if side in raised else np.zeros(frames)
        inputs[:, POINTS.index[f"{side}_wrist"], 0] = own * 0.3 + swing
        inputs[:, POINTS.index[f"{side}_wrist"], 1] = -0.3 if side in raised else 1.7
    return inputs


def lead(inputs):
    return float(lead_of_right(inputs[None], POINTS, 20.0)[0])


def test_one_hand_leads():
    assert lead(clip(("right",))) > 1
    assert lead(clip(("left",))) < -1
    assert abs(lead(clip(("left", "right")))) < 0.05


def test_weights():
    weights = [float(right_handedness(clip(raised)[None], POINTS, 20.0)[0]) for raised in ("right", "left")]
    both = float(right_handedness(clip(("left", "right"))[None], POINTS, 20.0)[0])
    assert weights[0] > 0.99
    assert weights[1] < 0.01
    # Signs of both hands stay as they are: in a mirror the order of the hands is lost.
    assert both > 0.99


def test_missing_points_and_padding_do_not_lead():
    hidden = clip(("right",))
    hidden[5:9, POINTS.index["left_wrist"]] = np.nan
    assert lead(hidden) > 1
    assert np.isclose(lead(pad([hidden], 64)[0]), lead(hidden), atol=1e-5)
    nothing = np.full_like(hidden, np.nan)
    assert lead(nothing) == 0


@pytest.mark.parametrize("layout", INPUT_POINTS)
def test_mirror_is_that_of_the_points(layout):
    points = INPUT_POINTS[layout]
    inputs = np.random.default_rng(0).random((3, 5, len(points), 2), np.float32)
    np.testing.assert_array_equal(mirror(inputs, points), points.mirror(inputs))


def test_left_handed_signers_are_understood():
    """Trained on right-handed people alone, a classifier answers the mirror image of a one-handed sign alike."""
    classifier = fitted("conv-transformer", make_samples("blazepose33"))
    signs = [Preprocessing()(make_sequence(gloss, "zoe")) for gloss in classifier.glosses]
    one_handed = [sign for sign in signs if lead(sign) > 0.9]
    assert one_handed
    answers, mirrored = (
        classifier.predict_inputs(some) for some in (one_handed, [POINTS.mirror(sign) for sign in one_handed])
    )
    np.testing.assert_allclose(mirrored, answers, atol=0.02)
    assert answers.max() > 0.5
