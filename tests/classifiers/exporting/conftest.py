from dataclasses import replace

import numpy as np
import pytest

from posegloss.classifiers.bundle import save_bundle
from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.pipeline.skeleton import INDEX

from ..families.conftest import brief, fitted, make_samples, with_hands
from ..made_up import make_sequence

TRAINING = {
    "synthetic": True,
    "split": "by signer",
    "clips": {"train": 1, "validation": 1},
    "signers": {"train": ["ada"], "validation": ["bo"]},
    "extraction": None,
}
# None at which nine frames or so are exactly the longest gap: there, float64's last digit decides.
RATES = (9.99, 12.5, 15.0, 24.0, 25.0, 29.97, 49.95, 59.94)


def saved(classifier, folder):
    """The classifier as a model folder, with a temperature as if it had been calibrated."""
    calibration = Calibration(temperature=1.3, threshold=0.4)
    classifier.temperature = calibration.temperature
    return save_bundle(
        folder, classifier, calibration=calibration, training=TRAINING, report={}, report_page="", history=[]
    )


def troubled(number, layout):
    """A clip with what may go wrong: lost points, frames and shoulders, a short clip, frames at odd times."""
    generator = np.random.default_rng(number)
    seconds = generator.uniform(0.1, 4) if number % 12 else 23.0
    sequence = make_sequence(
        ("wave", "circle", "point")[number % 3],
        f"signer {number}",
        rate=RATES[number % len(RATES)],
        seconds=seconds,
        missing=generator.choice([0, 0.05, 0.4]),
        mirror=number % 4 == 1,
    )
    keypoints, timestamps, frames = sequence.keypoints.copy(), sequence.timestamps.copy(), len(sequence)
    if number % 2:
        timestamps += generator.uniform(0, 0.45, frames) / sequence.frame_rate if frames > 1 else 0
    for start, lasting in generator.uniform((0, 0), (1, 0.2), (number % 3, 2)):
        keypoints[int(start * frames) : int((start + lasting) * frames)] = np.nan
    if frames > 9 and number % 5 < 2:
        keypoints[: generator.integers(4)] = np.nan
        keypoints[frames - generator.integers(4) :] = np.nan
    if number % 7 == 0:
        keypoints[generator.random(frames) < 0.3, INDEX["left_shoulder"]] = np.nan
        keypoints[generator.random(frames) < 0.3, INDEX["right_wrist"], 3] = 0.05
    keypoints[frames // 2, [INDEX["left_shoulder"], INDEX["right_shoulder"]]] = (0.4, 0.4, 0, 1), (0.6, 0.41, 0, 1)
    sequence = replace(sequence, keypoints=keypoints, timestamps=timestamps)
    if layout == "holistic75":
        sequence = with_hands(sequence, number)
    # One frame, and two.
    return sequence[: 1 + number % 2] if number % 10 == 3 else sequence


@pytest.fixture(scope="session", params=["blazepose33", "holistic75"])
def layout(request):
    return request.param


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Makes a briefly trained classifier, and its model folder."""
    known = {}

    def make(family, layout, config=None):
        if (family, layout, config is None) not in known:
            samples = make_samples(layout, signers=("ada", "bo"), takes=2)
            classifier = fitted(family, samples, layout, config=config or brief(family))
            known[family, layout, config is None] = (
                classifier,
                saved(classifier, tmp_path_factory.mktemp("made") / "model"),
            )
        return known[family, layout, config is None]

    return make
