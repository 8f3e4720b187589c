from contextlib import contextmanager

import numpy as np
import pytest

from posegloss.classifiers.base import FAMILIES, classifier_family, preprocess
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import LAYOUTS, hand_points
from posegloss.pipeline.store import Clip

from ..made_up import TINY, make_clips

# Small enough to learn the made-up signs in seconds.
TRAINING = {"epochs": 25, "learning_rate": 5e-3, "batch_size": 9}
CONFIGS = {
    "conv-transformer": {**TINY, "training": TRAINING},
    "bigru": {"architecture": {"width": 16, "layers": 1}, "training": TRAINING},
    "tcn": {"architecture": {"width": 16, "levels": 3}, "training": TRAINING},
    "st-gcn": {"architecture": {"widths": [16, 24]}, "training": {**TRAINING, "epochs": 50}},
    "spoter": {
        "architecture": {"width": 16, "encoders": 1, "decoders": 1, "heads": 2, "hidden": 32},
        "training": TRAINING,
    },
    "extra-trees": {"trees": 30},
    "rocket-ridge": {"features": 800},
    "dtw-1nn": {},
}
KERAS = [name for name, config in CONFIGS.items() if "training" in config]


def brief(family, **training):
    """The settings of a family that is not to learn much."""
    config = CONFIGS[family]
    return {**config, "training": {**config["training"], "epochs": 2, **training}} if family in KERAS else config


def with_hands(sequence, seed=0):
    """The sequence with whole hands that move with their wrists; the left one is hardly ever found."""
    generator = np.random.default_rng(seed)
    keypoints = np.full((len(sequence), len(LAYOUTS["holistic75"]), 4), np.nan, np.float32)
    keypoints[:, :33] = sequence.keypoints
    for side, wrist, lost in (("left", 15, 0.9), ("right", 16, 0.1)):
        fan = np.zeros((21, 4), np.float32)
        fan[:, :2] = 0.04 * generator.standard_normal((21, 2))
        keypoints[:, hand_points(side)] = sequence.keypoints[:, wrist, None] + fan
        keypoints[generator.random(len(sequence)) < lost, hand_points(side)] = np.nan
    return KeypointSequence(keypoints, sequence.timestamps, sequence.size, layout="holistic75")


def make_samples(layout, glosses=("wave", "circle", "point"), **options):
    clips = make_clips(glosses=glosses, **options)
    if layout == "holistic75":
        clips = [
            Clip(clip.clip_id, with_hands(clip.sequence, i), clip.gloss, clip.signer) for i, clip in enumerate(clips)
        ]
    return preprocess(clips, Preprocessing(layout=layout))[0]


def fitted(family, samples, layout="blazepose33", seed=3, config=None, **options):
    classifier = classifier_family(family).from_config(config or CONFIGS[family], Preprocessing(layout=layout))
    classifier.fit(samples, seed=seed, **options)
    return classifier


@contextmanager
def eagerly(yes):
    import tensorflow as tf

    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(yes)
    yield
    tf.config.run_functions_eagerly(before)


@pytest.fixture(autouse=True, scope="package")
def eager():
    """A step or two of a tiny model are done before it is compiled."""
    with eagerly(True):
        yield


@pytest.fixture(scope="session", params=list(LAYOUTS))
def layout(request):
    return request.param


@pytest.fixture(scope="session", params=list(FAMILIES))
def family(request):
    return request.param


@pytest.fixture(scope="session")
def samples(layout):
    return make_samples(layout, signers=("ada", "bo", "cy", "di"), takes=2)


@pytest.fixture(scope="session")
def classifier(family, layout, samples):
    """Trained for as long as it takes on the smaller layout, and a little on the larger one."""
    if layout == "holistic75":
        return fitted(family, samples, layout, config=brief(family))
    with eagerly(False):
        return fitted(family, samples, layout)
