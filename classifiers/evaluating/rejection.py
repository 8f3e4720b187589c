"""From which confidence on a stretch of a stream is taken for a sign of the glosses, and not for something else.

A classifier of isolated signs answers with one of its glosses whatever it is shown. What is none of them can be
recognised by low confidence (Hendrycks and Gimpel 2017). How low, is chosen on signs that do not exist: the first half
of a validation clip, and the second half of another gloss by the same person. They are made of real movements in an
order that no gloss has, as other signs are.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from posegloss.classifiers.base import GlossClassifier, Sample, with_gloss_in
from posegloss.classifiers.evaluating.calibration import DEFAULT_FALSE_ALARMS, Calibration
from posegloss.pipeline.sequence import FloatArray

# With fewer, the part of them that is accepted moves in steps as large as the part that may be.
_FEWEST: Final = 20


def choose_rejection(
    classifier: GlossClassifier,
    validation: Sequence[Sample],
    calibration: Calibration,
    false_alarms: float = DEFAULT_FALSE_ALARMS,
) -> Calibration:
    """Add the confidence from which on at most a part of the made-up signs is accepted.

    Args:
        classifier: a trained one that has its temperature.
        validation: labelled clips, those that the temperature was chosen on.
        calibration: what was chosen so far.
        false_alarms: the part of the made-up signs that may be accepted.

    Returns:
        As it was, where too few signs can be made up.
    """
    made_up = unknown_signs(with_gloss_in(validation, classifier.glosses))
    if len(made_up) < _FEWEST:
        return calibration
    confidence = np.sort(classifier.probabilities(made_up).max(axis=1))[::-1]
    # The surest of those that must not be accepted: only what is surer is.
    highest = confidence[int(false_alarms * len(confidence))]
    # In single precision, as confidence is: the next number in double precision would be rounded back.
    reject_below = min(1.0, float(np.nextafter(highest, np.float32(2))))
    return replace(calibration, reject_below=reject_below, false_alarms=false_alarms, negatives=len(made_up))


def unknown_signs(samples: Sequence[Sample]) -> list[FloatArray]:
    """Inputs of signs that do not exist: for each sample, its first half and the second half of another gloss.

    The other half is by the same person; where people are unknown, by anybody who is. The same samples give the same.
    """
    generator = np.random.default_rng(0)
    halves = []
    for sample in samples:
        others = [one for one in samples if one.signer == sample.signer and one.gloss != sample.gloss]
        if others:
            other = others[generator.integers(len(others))].inputs
            halves.append(np.concatenate([sample.inputs[: -(-len(sample.inputs) // 2)], other[len(other) // 2 :]]))
    return halves
