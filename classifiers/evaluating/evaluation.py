"""How good a classifier is on clips that it has not seen, with the uncertainty that the number of people leaves."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np

from posegloss.classifiers.base import GlossClassifier, Sample, preprocess, with_gloss_in
from posegloss.classifiers.evaluating.answers import Answer, answer_all, confidences_of, ranks_of, right_of
from posegloss.classifiers.evaluating.intervals import IntArray, Measure, Units, mean, wilson
from posegloss.classifiers.evaluating.measures import calibration_error, gains, macro_f1, reciprocal_ranks
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.store import Clip

TESTED_ON_SYNTHETIC: Final = "tested on synthetic clips"


class EvaluationError(PoseglossError):
    """There is nothing to evaluate on."""


@dataclass(frozen=True)
class GlossRecall:
    """How many of a gloss's clips were recognised; the interval is Wilson's."""

    gloss: str
    clips: int
    recall: Measure


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        top1: part of the clips whose most probable gloss is the right one.
        top5: part of the clips with the right gloss among the five most probable.
        macro_f1: F1 of each gloss that occurs, averaged.
        mrr: mean reciprocal rank of the right gloss.
        dcg: discounted cumulative gain of the right gloss.
        ece: expected calibration error; 0 where confidence can be taken at its word.
        per_gloss: recall of each gloss that occurs.
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
    mrr: Measure
    dcg: Measure
    ece: Measure
    per_gloss: tuple[GlossRecall, ...]
    glosses: tuple[str, ...]
    answers: tuple[Answer, ...]
    signers: tuple[str, ...]
    signer_independent: bool
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = ()
    tested_on_synthetic: bool = False

    @property
    def clips(self) -> int:
        """How many different clips were answered."""
        return len({answer.clip_id for answer in self.answers})

    @property
    def confusion(self) -> IntArray:
        """(C, C) counts: rows are what is signed, columns what was answered, in the order of ``glosses``."""
        index = {gloss: i for i, gloss in enumerate(self.glosses)}
        counts = np.zeros((len(index), len(index)), np.int64)
        for answer in self.answers:
            counts[index[answer.gloss], index[answer.predicted]] += 1
        return counts

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``. Measures come from the answers, so reports that lack some are read, too."""
        return cls.of_answers(
            [Answer(**row) for row in values["answers"]],
            values["glosses"],
            signer_independent=values["signer_independent"],
            left_out=values["left_out"],
            notes=values["notes"],
            # Reports of models from before this was told apart lack it.
            tested_on_synthetic=bool(values.get("tested_on_synthetic", False)),
        )

    @classmethod
    def of_answers(
        cls,
        answers: Sequence[Answer],
        glosses: Sequence[str],
        *,
        signer_independent: bool,
        left_out: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
        tested_on_synthetic: bool = False,
    ) -> Self:
        """Measure answers; a clip may have several, of several models.

        Raises:
            EvaluationError: there is none.
        """
        if not answers:
            raise EvaluationError("there are no answers to measure")
        index = {gloss: i for i, gloss in enumerate(glosses)}
        labels = np.array([index[answer.gloss] for answer in answers])
        predicted = np.array([index[answer.predicted] for answer in answers])
        ranks, right = ranks_of(answers), right_of(answers)
        signers = [answer.signer for answer in answers]
        units = Units.choose([answer.clip_id for answer in answers], signers)
        clips = Counter(gloss for _, gloss in {(answer.clip_id, answer.gloss) for answer in answers})
        return cls(
            top1=mean(right, units),
            top5=mean(ranks <= 5, units),
            macro_f1=macro_f1(labels, predicted, len(glosses), units),
            mrr=mean(reciprocal_ranks(ranks), units),
            dcg=mean(gains(ranks), units),
            ece=calibration_error(confidences_of(answers), right, units),
            per_gloss=tuple(
                GlossRecall(glosses[i], clips[glosses[i]], wilson(float(right[labels == i].mean()), clips[glosses[i]]))
                for i in np.unique(labels)
            ),
            glosses=tuple(glosses),
            answers=tuple(answers),
            signers=tuple(sorted({signer for signer in signers if signer})),
            signer_independent=signer_independent and all(signers),
            left_out=dict(left_out or {}),
            notes=tuple(notes),
            tested_on_synthetic=tested_on_synthetic,
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
    known = with_gloss_in(samples, classifier.glosses)
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
    synthetic = any(sample.synthetic for sample in known)
    return Evaluation.of_answers(
        answer_all(classifier, known),
        classifier.glosses,
        signer_independent=signer_independent,
        left_out=reasons,
        notes=(*notes, TESTED_ON_SYNTHETIC) if synthetic else notes,
        tested_on_synthetic=synthetic,
    )
