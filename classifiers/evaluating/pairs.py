"""Which glosses are taken for which, and what these clips look like side by side."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from posegloss.classifiers.base import Sample
from posegloss.classifiers.evaluating.answers import Answer
from posegloss.classifiers.evaluating.evaluation import Evaluation
from posegloss.classifiers.evaluating.filmstrip import Filmstrip, filmstrip
from posegloss.pipeline.sequence import FloatArray

# Few, so that they are large enough to see a hand, and of the middle of the clip.
_POSES, _TRIM = 3, 0.25


@dataclass(frozen=True)
class ConfusedPair:
    """A gloss that is taken for another.

    Attributes:
        signed: what is signed.
        answered: what was answered instead.
        clips: how often.
    """

    signed: str
    answered: str
    clips: int


@dataclass(frozen=True)
class Shown:
    """A clip beside others.

    Attributes:
        title: what it stands for.
        answer: what was said of it.
        strip: its skeletons.
    """

    title: str
    answer: Answer
    strip: Filmstrip


def confused_pairs(evaluation: Evaluation, most: int = 10) -> list[ConfusedPair]:
    """What is taken for what, the most frequent first."""
    wrong = Counter((answer.gloss, answer.predicted) for answer in evaluation.answers if answer.rank > 1)
    ordered = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
    return [ConfusedPair(*pair, count) for pair, count in ordered[:most]]


def side_by_side(
    pairs: Sequence[ConfusedPair], evaluation: Evaluation, samples: Sequence[Sample]
) -> list[tuple[ConfusedPair, list[Shown]]]:
    """For each pair a clip of the one gloss, the surest clip that was confused, and a clip of the other gloss."""
    inputs = {sample.clip_id: sample.inputs for sample in samples}
    surest = sorted(evaluation.answers, key=lambda answer: -answer.confidence)
    return [(pair, list(_clips_of(pair, surest, inputs))) for pair in pairs]


def _clips_of(pair: ConfusedPair, surest: Sequence[Answer], inputs: Mapping[str, FloatArray]) -> Iterator[Shown]:
    mistaken = next(answer for answer in surest if (answer.gloss, answer.predicted) == (pair.signed, pair.answered))
    signed, answered = _example(pair.signed, surest), _example(pair.answered, surest)
    for title, answer in (
        (f"{pair.signed}, recognised", signed),
        (f"{pair.signed}, taken for {pair.answered}", mistaken),
        (f"{pair.answered}, recognised", answered),
    ):
        if answer:
            yield Shown(title, answer, filmstrip(inputs[answer.clip_id], _POSES, _TRIM))


def _example(gloss: str, surest: Sequence[Answer]) -> Answer | None:
    """The surest right answer of a gloss."""
    return next((answer for answer in surest if answer.gloss == gloss and answer.rank == 1), None)
