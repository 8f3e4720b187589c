"""What a classifier said of each clip: all that is measured comes from these."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.base import GlossClassifier, Sample, label_indices
from posegloss.classifiers.evaluating.intervals import FloatArray, IntArray


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


def answer_all(classifier: GlossClassifier, samples: Sequence[Sample]) -> tuple[Answer, ...]:
    """The answers for samples whose glosses the classifier knows."""
    return answers_of(classifier.probabilities([one.inputs for one in samples]), classifier.glosses, samples)


def answers_of(
    probabilities: FloatArray | npt.NDArray[np.float32], glosses: Sequence[str], samples: Sequence[Sample]
) -> tuple[Answer, ...]:
    """What probabilities say of samples.

    Args:
        probabilities: (N, C) of the glosses.
        glosses: C of them.
        samples: N of them, of these glosses.
    """
    ranking = np.argsort(-probabilities, axis=1, kind="stable")
    ranks = (ranking == label_indices(samples, glosses)[:, None]).argmax(axis=1) + 1
    return tuple(
        Answer(sample.clip_id, sample.signer, str(sample.gloss), glosses[order[0]], float(row[order[0]]), int(rank))
        for sample, row, order, rank in zip(samples, probabilities, ranking, ranks, strict=True)
    )


def ranks_of(answers: Sequence[Answer]) -> IntArray:
    """(N,) the ranks of the true glosses."""
    return np.array([answer.rank for answer in answers], dtype=np.int64)


def right_of(answers: Sequence[Answer]) -> npt.NDArray[np.bool_]:
    """(N,) whether each answer is right."""
    return np.asarray(ranks_of(answers) == 1)


def confidences_of(answers: Sequence[Answer]) -> FloatArray:
    """(N,) the confidences."""
    return np.array([answer.confidence for answer in answers], dtype=np.float64)
