"""Learn invented signs by the thousand from the avatar alone, and write the weights that the default starts from.

    python -m posegloss.classifiers.pretraining.learn --layout blazepose33 --out begin-blazepose33.npz
    python -m posegloss.classifiers.pretraining.learn --width 128 --signs 3000 --takes 16 --epochs 6 --out wider.npz

Nothing but the avatar goes into the weights, so there is nobody's data in them. Killed and run again, it goes on.
"""

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from posegloss.classifiers.base import DEFAULT_FAMILY, EpochReport, Sample, classifier_family, label_indices
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.pretraining.invented import invent
from posegloss.classifiers.pretraining.takes import take
from posegloss.classifiers.streaming.learning.shipping import tell, write_weights
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.skeleton import BLAZEPOSE33, LAYOUTS

FIRST_SIGNER: Final = 100_000
"""Tests, demo, benchmarks and what learns boundaries have signers below this. Each take has one of its own."""

_SHORTEST: Final = 4
"""Inputs: what is left of a take whose signer is hardly in the picture teaches nothing."""
_TEST: Final = 0.03
_CONFIG: Final[dict[str, dict[str, Any]]] = {
    # Of takes there are as many as one likes, so less has to be dropped than with those of a user.
    "architecture": {"dropout": 0.1, "head_dropout": 0.2},
    "training": {"trees": 0, "batch_size": 32, "pretrained": False},
}


def takes_of(number: int, *, layout: str, takes: int, seed: int) -> list[Sample]:
    """The takes of one invented sign, each by another signer.

    Args:
        number: of the sign.
        layout: of the keypoints.
        takes: how many there are.
        seed: of all signs.
    """
    sign, preprocessing = invent(np.random.default_rng([seed, number])), Preprocessing(layout=layout)
    samples = []
    for nth in range(takes):
        signer, rng = FIRST_SIGNER + number * takes + nth, np.random.default_rng([seed, number, nth])
        try:
            inputs = preprocessing(take(sign, signer, rng, layout))
        except NoSignerError:
            continue
        if len(inputs) >= _SHORTEST:
            samples.append(Sample(f"{number}-{nth}", inputs, f"{number:05}", synthetic=True))
    return samples


def make_samples(signs: int, *, layout: str, takes: int, seed: int, workers: int) -> list[Sample]:
    """All takes of all signs."""
    samples: list[Sample] = []
    make = partial(takes_of, layout=layout, takes=takes, seed=seed)
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for done, some in enumerate(pool.map(make, range(signs), chunksize=20), start=1):
            samples += some
            tell(f"sign {done} of {signs}", last=done == signs)
    return samples


def learn(
    samples: Sequence[Sample], layout: str, width: int, epochs: int, seed: int, checkpoint: Path | None = None
) -> tuple[Any, float]:
    """A classifier of the default family that learned from the samples, and its top-1 on those held back.

    Args:
        samples: of all signs.
        layout: of their keypoints.
        width: of the network.
        epochs: how often each is learned from.
        seed: of all that is random.
        checkpoint: a file to go on from after an interruption.
    """
    config = {
        "architecture": {**_CONFIG["architecture"], "width": width},
        "training": {**_CONFIG["training"], "epochs": epochs},
    }
    classifier = classifier_family(DEFAULT_FAMILY).from_config(config, Preprocessing(layout=layout))
    held_back = np.random.default_rng(seed).random(len(samples)) < _TEST
    test = [sample for sample, held in zip(samples, held_back, strict=True) if held]

    def tell_epoch(report: EpochReport) -> None:
        values = ", ".join(f"{name} {report.values[name]:.3f}" for name in ("loss", "accuracy", "seconds"))
        tell(f"epoch {report.epoch} of {report.epochs}, {values}", last=True)

    learnt = [sample for sample, held in zip(samples, held_back, strict=True) if not held]
    classifier.fit(learnt, seed=seed, checkpoint=checkpoint, progress=tell_epoch)
    found = classifier.predict_inputs([sample.inputs for sample in test]).argmax(axis=1)
    return classifier, float((found == label_indices(test, classifier.glosses)).mean())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the .npz file of weights")
    parser.add_argument("--layout", choices=list(LAYOUTS), default=BLAZEPOSE33)
    parser.add_argument("--width", type=int, default=64, help="of the network, in channels")
    parser.add_argument("--signs", type=int, default=2000, help="that are invented")
    parser.add_argument("--takes", type=int, default=12, help="of each")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="that make the takes")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    samples = make_samples(asked.signs, layout=asked.layout, takes=asked.takes, seed=asked.seed, workers=asked.workers)
    checkpoint = asked.out.with_name(f"{asked.out.stem}.checkpoint.npz")
    classifier, top1 = learn(samples, asked.layout, asked.width, asked.epochs, asked.seed, checkpoint)
    tell(f"{top1:.1%} of the takes held back are right", last=True)
    write_weights(
        asked.out, {f"{place:03}": weight.numpy() for place, weight in enumerate(classifier.weights_below_glosses)}
    )
    checkpoint.unlink()


if __name__ == "__main__":
    main()
