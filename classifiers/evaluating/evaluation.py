"""How good a classifier is on clips that it has not seen, with the uncertainty that the number of people leaves."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix

from posegloss.classifiers.base import GlossClassifier, Sample, preprocess
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.store import Clip

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# Fewer signers than these say too little of how people differ for a bootstrap over them.
MIN_SIGNERS: Final = 5
TESTED_ON_SYNTHETIC: Final = "tested on synthetic clips"
_RESAMPLES: Final = 2000
_BY_SIGNER, _BY_CLIP, _WILSON = "bootstrap over signers", "bootstrap over clips", "Wilson interval over clips"


class EvaluationError(PoseglossError):
    """There is nothing to evaluate on."""


@dataclass(frozen=True)
class Measure:
    """A figure and its 95 % confidence interval.

    Attributes:
        value: from 0 to 1.
        low: lower end of the interval.
        high: upper end.
        method: how the interval was found.
    """

    value: float
    low: float
    high: float
    method: str

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"


@dataclass(frozen=True)
class GlossRecall:
    """How many of a gloss's clips were recognised; the interval is Wilson's."""

    gloss: str
    clips: int
    recall: Measure


@dataclass(frozen=True)
class Answer:
    """What the classifier said of one clip.

    Attributes:
        clip_id: the clip.
        signer: who signs, if known.
        gloss: what is signed.
        predicted: the most probable gloss.
        confidence: its probability.
        rank: the place of the true gloss among the answers, from 1 on.
    """

    clip_id: str
    signer: str | None
    gloss: str
    predicted: str
    confidence: float
    rank: int


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        top1: part of the clips whose most probable gloss is the right one.
        top5: part of the clips with the right gloss among the five most probable.
        macro_f1: F1 of each gloss that occurs, averaged.
        per_gloss: recall of each gloss that occurs.
        confusion: rows are what is signed, columns what was answered, in the order of ``glosses``.
        glosses: all that the classifier knows.
        answers: one for each clip.
        signers: the signers of the clips, as far as known.
        signer_independent: whether none of them was trained on, and all are known.
        left_out: clips that were not used, and why.
        notes: what a reader should know.
        tested_on_synthetic: whether any of the clips shows no real person.
    """

    top1: Measure
    top5: Measure
    macro_f1: Measure
    per_gloss: tuple[GlossRecall, ...]
    confusion: tuple[tuple[int, ...], ...]
    glosses: tuple[str, ...]
    answers: tuple[Answer, ...]
    signers: tuple[str, ...]
    signer_independent: bool
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = ()
    tested_on_synthetic: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        return cls(
            top1=Measure(**values["top1"]),
            top5=Measure(**values["top5"]),
            macro_f1=Measure(**values["macro_f1"]),
            per_gloss=tuple(
                GlossRecall(row["gloss"], row["clips"], Measure(**row["recall"])) for row in values["per_gloss"]
            ),
            confusion=tuple(map(tuple, values["confusion"])),
            glosses=tuple(values["glosses"]),
            answers=tuple(Answer(**row) for row in values["answers"]),
            signers=tuple(values["signers"]),
            signer_independent=values["signer_independent"],
            left_out=dict(values["left_out"]),
            notes=tuple(values["notes"]),
            # Reports of models from before this was told apart lack it.
            tested_on_synthetic=bool(values.get("tested_on_synthetic", False)),
        )


def evaluate(
    classifier: GlossClassifier, clips: Iterable[Clip], *, signer_independent: bool, notes: Sequence[str] = ()
) -> Evaluation:
    """Measure a classifier on clips.

    Args:
        classifier: a trained one.
        clips: what to measure on. Clips without a signer in the picture, without a gloss or with one that the
            classifier does not know are left out and listed.
        signer_independent: whether none of the clips' signers was trained on.
        notes: kept in the result.

    Raises:
        EvaluationError: no clip is left.
    """
    samples, left_out = preprocess(clips, classifier.preprocessing)
    return evaluate_samples(classifier, samples, signer_independent=signer_independent, left_out=left_out, notes=notes)


def evaluate_samples(
    classifier: GlossClassifier,
    samples: Sequence[Sample],
    *,
    signer_independent: bool,
    left_out: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> Evaluation:
    """``evaluate`` for clips that are preprocessed already.

    Raises:
        EvaluationError: no clip is left.
    """
    known = [sample for sample in samples if sample.gloss in classifier.glosses]
    reasons = dict(left_out or {})
    for sample in samples:
        if sample.gloss not in classifier.glosses:
            reasons[sample.clip_id] = (
                f"the classifier does not know the gloss {sample.gloss!r}" if sample.gloss else "no gloss"
            )
    if not known:
        raise EvaluationError(
            f"none of {len(samples) + len(left_out or {})} clips can be evaluated; they need a gloss that the "
            f"classifier knows ({', '.join(classifier.glosses[:10])}, …) and a signer in the picture"
        )
    glosses = classifier.glosses
    index = {gloss: i for i, gloss in enumerate(glosses)}
    labels = np.array([index[str(sample.gloss)] for sample in known])
    probabilities = classifier.predict_inputs([sample.inputs for sample in known]).astype(np.float64)
    ranking = np.argsort(-probabilities, axis=1, kind="stable")
    ranks = (ranking == labels[:, None]).argmax(axis=1) + 1
    predicted = ranking[:, 0]
    signers = [sample.signer for sample in known]
    units, method = _units(signers)
    present = np.unique(labels)
    synthetic = any(sample.synthetic for sample in known)

    def macro_f1(chosen: IntArray) -> float:
        return _macro_f1(labels[chosen], predicted[chosen], len(glosses))

    return Evaluation(
        top1=_part(ranks <= 1, units, method),
        top5=_part(ranks <= 5, units, method),
        # Without an error all resamples agree; F1 then is the accuracy, and has its interval.
        macro_f1=_wilson(ranks == 1) if (ranks == 1).all() else _bootstrapped(macro_f1, units, method),
        per_gloss=tuple(
            GlossRecall(glosses[i], int((labels == i).sum()), _wilson(predicted[labels == i] == i)) for i in present
        ),
        confusion=tuple(
            tuple(map(int, row)) for row in confusion_matrix(labels, predicted, labels=np.arange(len(glosses)))
        ),
        glosses=glosses,
        answers=tuple(
            Answer(sample.clip_id, sample.signer, str(sample.gloss), glosses[guess], float(row[guess]), int(rank))
            for sample, guess, row, rank in zip(known, predicted, probabilities, ranks, strict=True)
        ),
        signers=tuple(sorted({signer for signer in signers if signer})),
        signer_independent=signer_independent and all(signers),
        left_out=reasons,
        notes=(*notes, TESTED_ON_SYNTHETIC) if synthetic else tuple(notes),
        tested_on_synthetic=synthetic,
    )


def _units(signers: Sequence[str | None]) -> tuple[list[IntArray], str]:
    """The clips of each signer where there are enough of them, else each clip on its own."""
    names = np.array([signer or "" for signer in signers], dtype=object)
    if all(signers) and len(set(signers)) >= MIN_SIGNERS:
        return [np.flatnonzero(names == name) for name in sorted(set(names))], _BY_SIGNER
    return [np.array([i]) for i in range(len(signers))], _BY_CLIP


def _part(right: npt.NDArray[np.bool_], units: Sequence[IntArray], method: str) -> Measure:
    # Where all signers do equally well, a bootstrap over them claims certainty.
    if method == _BY_CLIP or len({float(right[unit].mean()) for unit in units}) == 1:
        return _wilson(right)
    return _bootstrapped(lambda chosen: float(right[chosen].mean()), units, method)


def _bootstrapped(statistic: Callable[[IntArray], float], units: Sequence[IntArray], method: str) -> Measure:
    """The percentile interval (Efron and Tibshirani 1993, section 13.3) over signers or clips, with a fixed seed."""
    generator = np.random.default_rng(0)
    values = [
        statistic(np.concatenate([units[i] for i in generator.integers(0, len(units), len(units))]))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.quantile(values, (0.025, 0.975))
    return Measure(statistic(np.concatenate(units)), float(low), float(high), method)


def _macro_f1(labels: IntArray, predicted: IntArray, classes: int) -> float:
    """F1 averaged over the glosses that occur; as scikit-learn's f1_score, but quick enough for a bootstrap."""
    right, signed, answered = (
        np.bincount(values, minlength=classes) for values in (labels[labels == predicted], labels, predicted)
    )
    occurs = signed > 0
    return float((2 * right[occurs] / (signed + answered)[occurs]).mean())


def _wilson(right: npt.NDArray[np.bool_]) -> Measure:
    """The score interval of a proportion (Wilson 1927)."""
    n, value, z = len(right), float(right.mean()), 1.959964
    centre = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(value * (1 - value) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Measure(value, max(0.0, centre - half), min(1.0, centre + half), _WILSON)
