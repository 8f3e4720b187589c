"""Confidence that can be taken at its word, and below which confidence an answer is better not trusted.

Both are chosen on the validation people, never on those of the test. The temperature is that of Guo et al. 2017 ("On
Calibration of Modern Neural Networks", section 4.2), fitted to Platt's targets (1999, section 2.2): with n clips, the
right gloss is to get (n + 1) / (n + 2). Without that, a validation without an error claims certainty. The threshold is
that of selective classification (El-Yaniv and Wiener 2010): the lowest confidence from which on the stated part of the
validation answers is right.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from scipy.optimize import minimize_scalar

from posegloss.classifiers.base import GlossClassifier, Sample, label_indices, tempered, with_gloss_in
from posegloss.classifiers.evaluating.answers import Answer, answers_of, confidences_of, right_of
from posegloss.classifiers.evaluating.intervals import IntArray, Measure, Units, mean

DEFAULT_TARGET: Final = 0.95
DEFAULT_FALSE_ALARMS: Final = 0.1
_HOTTEST: Final = 20.0


@dataclass(frozen=True)
class Calibration:
    """What was chosen on the validation people; saved with the model.

    Attributes:
        temperature: log probabilities are divided by this; 1 leaves them.
        threshold: answers of less confidence are not sure; None where there was no validation to choose it on. 1
            where not even the surest validation answers reach the target.
        target: the part of the answers that is to be right from the threshold on.
        clips: how many validation clips both were chosen on.
        signers: by how many people.
        reject_below: what a stream recognises with less confidence is taken for no sign of the glosses; None where
            that was not chosen. See ``rejection``.
        false_alarms: at most this part of the made-up signs was accepted by ``reject_below``.
        negatives: how many made-up signs that was chosen on.
    """

    temperature: float = 1.0
    threshold: float | None = None
    target: float = DEFAULT_TARGET
    clips: int = 0
    signers: int = 0
    reject_below: float | None = None
    false_alarms: float = DEFAULT_FALSE_ALARMS
    negatives: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The inverse of ``to_dict``.

        Raises:
            ValueError: a value cannot be; the message names it.
        """
        if not isinstance(values, dict) or values.keys() - asdict(cls()).keys():
            raise ValueError("calibration is no object with the keys of one")
        found = cls(**values)
        if not _is_number(found.temperature) or not 1 / _HOTTEST - 1e-9 <= found.temperature <= _HOTTEST + 1e-9:
            raise ValueError(f"calibration.temperature cannot be {found.temperature!r}")
        for name in ("threshold", "target", "reject_below", "false_alarms"):
            part = getattr(found, name)
            may_lack = part is None and name in ("threshold", "reject_below")
            if not may_lack and not (_is_number(part) and 0 <= float(part or 0) <= 1):
                raise ValueError(f"calibration.{name} cannot be {part!r}")
        for name in ("clips", "signers", "negatives"):
            if type(getattr(found, name)) is not int:
                raise ValueError(f"calibration.{name} is no number of clips or people")
        return found


def calibrate(classifier: GlossClassifier, validation: Sequence[Sample], target: float = DEFAULT_TARGET) -> Calibration:
    """Choose temperature and threshold on validation clips, and give the classifier its temperature.

    Args:
        classifier: a trained one.
        validation: labelled clips that chose the best epoch; those of unknown glosses are ignored. Never the test's.
        target: the part of the answers that is to be right from the threshold on.
    """
    known = with_gloss_in(validation, classifier.glosses)
    if not known:
        classifier.temperature = 1.0
        return Calibration(target=target)
    raw = classifier.predict_inputs([sample.inputs for sample in known])
    classifier.temperature = fit_temperature(raw, label_indices(known, classifier.glosses))
    answers = answers_of(tempered(raw, classifier.temperature).astype(np.float32), classifier.glosses, known)
    return Calibration(
        classifier.temperature,
        threshold_for(answers, target),
        target,
        len(known),
        len({sample.signer for sample in known if sample.signer}),
    )


def fit_temperature(probabilities: Any, labels: IntArray) -> float:
    """The temperature from 1/20 to 20 that makes labels most probable.

    Args:
        probabilities: (N, C) as the model gives them.
        labels: (N,) the true classes.
    """
    rows = np.arange(len(labels))
    right = (len(labels) + 1) / (len(labels) + 2)

    def loss(log_temperature: float) -> float:
        true = tempered(probabilities, np.exp(log_temperature))[rows, labels].clip(1e-9, 1 - 1e-9)
        return float(-(right * np.log(true) + (1 - right) * np.log(1 - true)).sum())

    bound = np.log(_HOTTEST)
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))


def threshold_for(answers: Sequence[Answer], target: float) -> float:
    """The lowest confidence from which on at least the target part of the answers is right; 1 where there is none."""
    for point in reversed(coverage_curve(answers)):
        if point.accuracy >= target:
            return point.threshold
    return 1.0


@dataclass(frozen=True)
class CoveragePoint:
    """What answering from a confidence on would mean.

    Attributes:
        threshold: the confidence.
        coverage: the part of the clips that are answered.
        accuracy: the part of these answers that is right.
    """

    threshold: float
    coverage: float
    accuracy: float


@dataclass(frozen=True)
class Selection:
    """What is answered from a confidence on.

    Attributes:
        coverage: the part of the clips that are answered.
        accuracy: the part of these answers that is right; None where nothing is answered.
    """

    coverage: Measure
    accuracy: Measure | None


def select(answers: Sequence[Answer], threshold: float) -> Selection:
    """Coverage and accuracy from a threshold on, with their intervals."""
    sure = confidences_of(answers) >= threshold
    kept = [answer for answer, is_sure in zip(answers, sure, strict=True) if is_sure]
    return Selection(mean(sure, _units(answers)), mean(right_of(kept), _units(kept)) if kept else None)


def coverage_curve(answers: Sequence[Answer]) -> tuple[CoveragePoint, ...]:
    """Accuracy over coverage (El-Yaniv and Wiener 2010), one point for each confidence that occurs, the surest first.

    Answers of equal confidence are taken or left together.
    """
    confidences, right = confidences_of(answers), right_of(answers)
    order = np.argsort(-confidences, kind="stable")
    sorted_confidences, hits = confidences[order], np.cumsum(right[order])
    last = np.flatnonzero(np.append(np.diff(sorted_confidences) != 0, True))
    return tuple(
        CoveragePoint(float(sorted_confidences[i]), (i + 1) / len(answers), float(hits[i] / (i + 1)))
        for i in map(int, last)
    )


def _units(answers: Sequence[Answer]) -> Units:
    return Units.choose([answer.clip_id for answer in answers], [answer.signer for answer in answers])


def _is_number(value: Any) -> bool:
    return type(value) in (float, int) and bool(np.isfinite(value))
