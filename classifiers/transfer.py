"""A training that starts from what another model knows of signing, whatever its glosses are.

What that model was trained on then counts as seen by the new one, too, in its own test and in every later one. Of a
training that starts from no other model (None) there is nothing to add.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from posegloss.classifiers.base import Sample, inputs_digest
from posegloss.classifiers.bundle import Bundle
from posegloss.classifiers.description import BEFORE
from posegloss.datasets.splits import Split


def architecture_of(origin: Bundle | None, family: str) -> dict[str, Any]:
    """The settings that decide the shapes of a model's weights, for another of the same family."""
    config = origin.classifier.config() if origin and origin.classifier.name == family else {}
    return {name: value for name, value in config.items() if name == "architecture"}


def told_of_origin(split: Split, test: Sequence[Sample], origin: Bundle | None) -> Split:
    """A split, no more signer-independent if the model that the training starts from has seen some of its test."""
    if origin is None:
        return split
    seen, signers = set(origin.training.get("seen", ())), training_signers(origin.training)
    clips = sum(inputs_digest(sample) in seen for sample in test)
    known = sorted({sample.signer for sample in test if sample.signer} & signers)
    notes = []
    if clips:
        notes.append(f"{clips} of the clips tested are among those that {origin.path.name} was trained on")
    if known:
        notes.append(f"{origin.path.name} was trained on signers of the same names as some tested: {', '.join(known)}")
    if test and saw_unknown_people(origin.training):
        notes.append(f"{origin.path.name} was trained on clips of unknown signers, who may be tested here")
    return replace(split, signer_independent=False, notes=(*split.notes, *notes)) if notes else split


def with_origin(about: Mapping[str, Any], origin: Bundle | None) -> dict[str, Any]:
    """What a model was trained on, and with it what the model saw that it started from."""
    if origin is None:
        return dict(about)
    before = origin.training
    return {
        **about,
        "signers": {**about["signers"], BEFORE: sorted(training_signers(before))},
        "without_signer": about["without_signer"] + before.get("without_signer", 0),
        "seen": sorted({*about["seen"], *before.get("seen", ())}),
        "started_from": {"model": origin.path.name, "glosses": len(origin.classifier.glosses)},
    }


def training_signers(training: Mapping[str, Any]) -> set[str]:
    """All signers that a model has seen, by what its model.json says of its training."""
    return {signer for part in ("train", "validation", BEFORE) for signer in training["signers"].get(part, ())}


def saw_unknown_people(training: Mapping[str, Any]) -> bool:
    """Whether a model has seen people of whom nobody can say whether they are tested, too."""
    # Models that were written before clips without a signer were counted name no signer where all were unknown.
    return training.get("without_signer", 0) > 0 or not training["signers"]["train"]
