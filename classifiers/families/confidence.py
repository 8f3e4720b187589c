"""From the scores of families that know no probabilities to probabilities.

The softmax of the scores, as steep as makes clips likeliest that the scores were not learnt from: clips of a training
are scored by what was learnt from its other signers, because people are what a classifier has to cope with.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import softmax

from posegloss.classifiers.base import Sample
from posegloss.classifiers.evaluating.calibration import fit_temperature
from posegloss.pipeline.sequence import FloatArray

Integers = np.ndarray[Any, np.dtype[np.int64]]


def steepness(scores: FloatArray, labels: Integers) -> float:
    """The factor of scores (N, C) whose softmax makes labels (N,) likeliest; 1 where no scores differ."""
    spread = float(np.std(scores)) if scores.size else 0.0
    return 1 / (spread * fit_temperature(softmax(scores / spread, axis=1), labels)) if spread else 1.0


def people(samples: Sequence[Sample]) -> Integers:
    """(N,) a number for each signer; clips whose signer is unknown, or of the only signer, are people of their own."""
    names = [sample.signer for sample in samples]
    alone = len(set(names)) == 1
    different: dict[object, int] = {}
    return np.array(
        [different.setdefault(name if name and not alone else i, len(different)) for i, name in enumerate(names)]
    )
