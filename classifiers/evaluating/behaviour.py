"""How accuracy changes when the very clips of a test come from another camera, place or distance."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from posegloss.classifiers.base import GlossClassifier, preprocess
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.evaluating.intervals import Measure, Units, mean
from posegloss.classifiers.evaluating.perturbations import PERTURBATIONS, Perturbation
from posegloss.pipeline.store import Clip

# More clips than these are sampled: each is answered once for every change.
MOST_CLIPS: Final = 300
AS_FILMED: Final = Perturbation("as filmed", "", lambda sequence: sequence)


@dataclass(frozen=True)
class BehaviourRow:
    """Accuracy under one change.

    Attributes:
        kind: what the change is about.
        name: what is different.
        top1: part of the clips that are recognised; one in which no signer is found any more is not.
        change: of top-1 against the clips as they were filmed.
    """

    kind: str
    name: str
    top1: Measure
    change: float


@dataclass(frozen=True)
class Behaviour:
    """Accuracy under each change.

    Attributes:
        rows: the clips as they were filmed first.
        clips: how many clips each row was measured on.
        of: how many they were chosen from.
    """

    rows: tuple[BehaviourRow, ...]
    clips: int
    of: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def choose_clips(clip_ids: Iterable[str]) -> set[str]:
    """The clips to measure behaviour on: all, or MOST_CLIPS of them at random with a fixed seed."""
    ids = sorted(set(clip_ids))
    if len(ids) <= MOST_CLIPS:
        return set(ids)
    return {ids[i] for i in np.random.default_rng(0).choice(len(ids), MOST_CLIPS, replace=False)}


def measure_behaviour(classifier: GlossClassifier, clips: Iterable[Clip], tested: Iterable[str]) -> Behaviour:
    """Answer test clips again under every change of PERTURBATIONS.

    Args:
        classifier: a trained one.
        clips: clips with glosses that the classifier knows; others than the tested ones are ignored.
        tested: ids of the clips that the classifier was tested on.

    Raises:
        EvaluationError: none of the tested clips is there.
    """
    tested = set(tested)
    chosen = choose_clips(tested)
    own = [clip for clip in clips if clip.clip_id in chosen and clip.gloss in classifier.glosses]
    if not own:
        raise EvaluationError("none of the tested clips is there to be changed")
    units = Units.choose([clip.clip_id for clip in own], [clip.signer for clip in own])
    rows: list[BehaviourRow] = []
    for perturbation in (AS_FILMED, *PERTURBATIONS):
        top1 = mean(_right(classifier, own, perturbation), units)
        change = top1.value - rows[0].top1.value if rows else 0.0
        rows.append(BehaviourRow(perturbation.kind, perturbation.name, top1, change))
    return Behaviour(tuple(rows), len(own), len(tested))


def _right(classifier: GlossClassifier, clips: list[Clip], perturbation: Perturbation) -> list[bool]:
    changed = [
        Clip(clip.clip_id, perturbation.apply(clip.sequence), clip.gloss, clip.signer, synthetic=clip.synthetic)
        for clip in clips
    ]
    samples, _ = preprocess(changed, classifier.preprocessing)
    guesses = classifier.predict_inputs([sample.inputs for sample in samples]).argmax(axis=1) if samples else []
    answered = {sample.clip_id: classifier.glosses[guess] for sample, guess in zip(samples, guesses, strict=True)}
    return [answered.get(clip.clip_id) == clip.gloss for clip in clips]
