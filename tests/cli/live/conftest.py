from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.training import train
from posegloss.datasets.avatar import Performance, Signer, perform
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import Clip

from ...classifiers.made_up import TINY
from .serving import Server, fake_studio, serving

# Well told apart, also by few frames a second: tests run on busy machines.
GLOSSES = ("CHIN-TAP", "SHOULDER-TAP", "SIDE-ZIGZAG", "TWO-HANDS-PEDAL")
_MARGIN_S = 0.3


def one_sign(performance: Performance, step: int) -> KeypointSequence:
    """The sign with a little before and after it, of every so many frames."""
    span, times = performance.spans[0], performance.truth.timestamps
    shown = np.flatnonzero((times >= span.start_s - _MARGIN_S) & (times <= span.end_s + _MARGIN_S))[::step]
    return KeypointSequence(performance.truth.keypoints[shown], times[shown] - times[shown[0]], performance.size)


def clips(signers: int) -> list[Clip]:
    """Four signs by exact keypoints, at three frame rates."""
    return [
        Clip(f"{gloss}/{signer}-{step}", one_sign(performance, step), gloss, f"signer-{signer}", synthetic=True)
        for signer in range(signers)
        for gloss in GLOSSES
        for performance in [perform(Signer.random(signer), [gloss], take=0, seed=0)]
        for step in (1, 2, 3)
    ]


@pytest.fixture(scope="session")
def live_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model of four signs, which is trained in a second."""
    out = tmp_path_factory.mktemp("live") / "four.model"
    return train(clips(10), out, family="extra-trees", baseline=False).path


@pytest.fixture(scope="session")
def neural_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small one of a family that can be taught."""
    out = tmp_path_factory.mktemp("neural") / "small.model"
    return train(clips(6), out, config=TINY, epochs=12, baseline=False).path


@pytest.fixture(scope="session")
def recogniser(live_model: Path) -> GlossRecogniser:
    return GlossRecogniser.load(live_model)


@pytest.fixture
def server(recogniser: GlossRecogniser, live_model: Path) -> Iterator[Server]:
    """A server whose trackers see nobody."""
    with serving(fake_studio(recogniser, live_model)) as server:
        yield server
