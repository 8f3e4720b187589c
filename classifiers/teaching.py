"""Add glosses to a trained classifier from a few takes, there and then.

Each new gloss becomes one more column of the last layer. A column begins as imprinted weights do (Qi et al. 2018): the
direction in which the takes' mean embedding lies, as steep as the trained columns are along their own prototypes. The
new columns then learn to answer altered copies of the takes, and to stay silent on the prototypes of all other glosses,
without straying far from where they began; no other weight of the model is changed. Why not nearest prototypes: see
docs/teaching.md.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize

from posegloss.classifiers.base import Sample, inputs_digest
from posegloss.classifiers.bundle import check_free, save_bundle
from posegloss.classifiers.extraction import landmarks_to_carry
from posegloss.classifiers.families.batches import pad
from posegloss.classifiers.families.keras_family import KerasFamily
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.preprocessing import LayoutError
from posegloss.pipeline.errors import NoSignerError, PoseglossError
from posegloss.pipeline.html import render_html
from posegloss.pipeline.sequence import FloatArray, KeypointSequence

LONGEST_GLOSS: Final = 100
"""Characters."""

# Altered copies of each take, beside the take itself.
_COPIES: Final = 8
# What straying from the imprinted weights costs, and the probability that goes to the other glosses: of 0.3 to 10 and
# 0 to 0.1 the best on the sets of docs/teaching.md.
_STAYING: Final = 1.0
_SMOOTHING: Final = 0.1
_NO_EMBEDDING: Final = "cannot be taught: only a model folder of a neural family can, such as conv-transformer"


class TeachingError(PoseglossError):
    """A gloss cannot be taught as asked."""


def teach(recogniser: GlossRecogniser, takes: Mapping[str, Sequence[KeypointSequence]]) -> GlossRecogniser:
    """A recogniser that knows the glosses of another, and new ones.

    The other one stays as it is. A gloss that was taught before is known by the new takes alone. Confidence on new
    glosses is not calibrated: thresholds and temperature stay those that were chosen for the trained ones.

    Args:
        recogniser: of a neural family, as ``GlossRecogniser.load`` gives it, or one that was taught already.
        takes: for each new gloss clips of this one sign, extracted as the model's were; about three by one person, more
            if by more people.

    Raises:
        TeachingError: there is nothing to learn, a gloss was trained or has no proper name, a take has no signer or
            other points, or the model cannot be taught.
    """
    classifier = recogniser.classifier
    if not isinstance(classifier, KerasFamily):
        # An exported model has no family.
        raise TeachingError(f"{getattr(classifier, 'name', 'an exported model')} {_NO_EMBEDDING}")
    if classifier.prototypes is None:
        raise TeachingError(
            "this model was trained before models kept what teaching needs; train it again with: posegloss train STORE "
            "--out MODEL --overwrite"
        )
    taught: Mapping[str, int] = recogniser.training.get("taught", {})
    _check_names(takes, [gloss for gloss in classifier.glosses if gloss not in taught])
    samples = [_sample(recogniser, gloss, i, take) for gloss, some in takes.items() for i, take in enumerate(some)]
    kept = [place for place, gloss in enumerate(classifier.glosses) if gloss not in takes]
    (kernel, bias), prototypes = classifier.last_layer, classifier.prototypes[kept]
    kernel, bias = kernel[:, kept], bias[kept]
    embeddings, labels = _embedded(classifier, samples, list(takes))
    means = np.stack([embeddings[labels == place].mean(axis=0) for place in range(len(takes))])
    start = imprinted(kernel, bias, prototypes, means)
    columns, biases = learnt(kernel, bias, prototypes, embeddings, labels, start)
    grown = classifier.with_last_layer(
        [*(classifier.glosses[place] for place in kept), *takes],
        np.concatenate([kernel, columns], axis=1),
        np.concatenate([bias, biases]),
    )
    grown.prototypes = np.concatenate([prototypes, means])
    training = _training(recogniser.training, takes, samples)
    other = GlossRecogniser(grown, training, recogniser.calibration, recogniser.folder)
    other.threshold, other.reject_below = recogniser.threshold, recogniser.reject_below
    return other


def save_taught(recogniser: GlossRecogniser, path: str | os.PathLike[str]) -> Path:
    """Write a recogniser that was taught as a new model folder, whole or not at all.

    Its report says what was taught, and that this was not measured.

    Raises:
        TeachingError: it was taught nothing.
        BundleError: something is there already, or it cannot be written.
        WeightsError: the landmark network of the first model's folder is not there any more, or has changed.
    """
    taught = recogniser.training.get("taught", {})
    if not taught:
        raise TeachingError("this model was taught nothing; its own folder holds it")
    path = Path(path)
    check_free(path)
    trained = [gloss for gloss in recogniser.glosses if gloss not in taught]
    report = {"title": path.name, "taught": taught, "trained": trained, "measured": False}
    page = Path(__file__).parent / "evaluating" / "taught.html"
    return save_bundle(
        path,
        recogniser.classifier,
        calibration=recogniser.calibration,
        training=recogniser.training,
        report=report,
        report_page=render_html(page, **report, synthetic=recogniser.synthetic),
        history=[],
        landmarks=landmarks_to_carry(recogniser.extraction),
    )


def imprinted(kernel: FloatArray, bias: FloatArray, prototypes: FloatArray, means: FloatArray) -> FloatArray:
    """Columns for new glosses: the directions of their means, on the scale of the columns that are there.

    The scale is the least-squares fit of the trained columns' answers to the prototypes by cosines between these. A
    sum that all columns share changes no answer, so both are taken from their mean over the glosses.

    Args:
        kernel: (D, C) of the last layer.
        bias: (C,) of it.
        prototypes: (C, D) of its glosses.
        means: (N, D) mean embeddings of the new glosses.

    Returns:
        (D, N)
    """
    directions, new = _unit(prototypes), _unit(means)
    answers = prototypes @ kernel + bias
    cosines = prototypes @ directions.T
    answers, cosines = (rows - rows.mean(axis=1, keepdims=True) for rows in (answers, cosines))
    steepness = (answers * cosines).sum() / (cosines * cosines).sum()
    return np.asarray(steepness * (new - directions.mean(axis=0)).T + kernel.mean(axis=1, keepdims=True), np.float32)


def learnt(
    kernel: FloatArray,
    bias: FloatArray,
    prototypes: FloatArray,
    embeddings: FloatArray,
    labels: np.ndarray[Any, np.dtype[np.int64]],
    start: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Columns that answer new glosses and leave the others alone: a logistic regression that stays near its start.

    Each gloss counts the same, be it one prototype or many copies of takes.

    Args:
        kernel: (D, C) of the last layer.
        bias: (C,) of it.
        prototypes: (C, D) of its glosses.
        embeddings: (M, D) of the takes and their copies.
        labels: (M,) which of the new glosses each is, from 0 on.
        start: (D, N) the columns to begin with.

    Returns:
        The columns (D, N), and their bias (N,).
    """
    (depth, new), old = start.shape, kernel.shape[1]
    rows = np.concatenate([prototypes, embeddings]).astype(np.float64)
    glosses = np.concatenate([np.arange(old), old + labels])
    weight = 1 / np.bincount(glosses)[glosses, None]
    targets = np.eye(old + new)[glosses] * (1 - _SMOOTHING) + _SMOOTHING / (old + new)
    fixed = rows @ kernel + bias

    def loss(values: Any) -> tuple[float, Any]:
        columns, biases = values[:-new].reshape(depth, new), values[-new:]
        logits = np.concatenate([fixed, rows @ columns + biases], axis=1)
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        strayed = columns - start
        slope = (weight * (np.exp(logs) - targets))[:, old:]
        cost = -(weight * targets * logs).sum() + _STAYING * (strayed**2).sum() / 2
        return float(cost), np.concatenate([(rows.T @ slope + _STAYING * strayed).ravel(), slope.sum(axis=0)])

    begin = np.concatenate([start.ravel(), np.full(new, bias.mean())]).astype(np.float64)
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x.astype(np.float32)
    return found[:-new].reshape(depth, new), found[-new:]


def _check_names(takes: Mapping[str, Sequence[KeypointSequence]], trained: Sequence[str]) -> None:
    if not takes:
        raise TeachingError("no gloss is to be taught; give at least one with some takes")
    for gloss, some in takes.items():
        if not gloss.strip() or len(gloss) > LONGEST_GLOSS:
            raise TeachingError(f"{gloss[:20]!r} is no name for a gloss: it must have 1 to {LONGEST_GLOSS} characters")
        if gloss in trained:
            raise TeachingError(f"{gloss!r} was trained from many clips already; teach it under another name")
        if not some:
            raise TeachingError(f"there is no take of {gloss!r}; record about three")


def _sample(recogniser: GlossRecogniser, gloss: str, place: int, take: KeypointSequence) -> Sample:
    try:
        return Sample(f"{gloss}/{place}", recogniser.classifier.preprocessing(take), gloss)
    except (NoSignerError, LayoutError) as error:
        raise TeachingError(f"take {place + 1} of {gloss!r} cannot be learnt from: {error}") from error


def _embedded(
    classifier: KerasFamily, samples: Sequence[Sample], glosses: Sequence[str]
) -> tuple[FloatArray, np.ndarray[Any, np.dtype[np.int64]]]:
    """Embeddings (M, D) of takes and altered copies of them, and which gloss each is (M,)."""
    labels = np.tile([glosses.index(str(sample.gloss)) for sample in samples], 1 + _COPIES)
    inputs = [sample.inputs for sample in samples]
    copies = pad(inputs * _COPIES)
    generator = np.random.default_rng(0)
    altered = classifier.augmentation(copies, classifier.preprocessing.points, generator, labels[len(samples) :])
    return classifier.embeddings([*inputs, *altered]), labels


def _training(
    before: Mapping[str, Any], takes: Mapping[str, Sequence[KeypointSequence]], samples: Sequence[Sample]
) -> dict[str, Any]:
    """What the model was trained on and taught, without the identity of a training that would give it."""
    return {
        **{name: value for name, value in before.items() if name != "identity"},
        "taught": {**before.get("taught", {}), **{gloss: len(some) for gloss, some in takes.items()}},
        "seen": sorted({*before.get("seen", ()), *map(inputs_digest, samples)}),
        "without_signer": before.get("without_signer", 0) + len(samples),
    }


def _unit(rows: FloatArray) -> FloatArray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
