"""From a keypoint store to a classifier on disk that was tested on people it never saw."""

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from posegloss.classifiers.base import (
    BASELINE_FAMILY,
    DEFAULT_FAMILY,
    GlossClassifier,
    Progress,
    Sample,
    TrainingError,
    classifier_family,
    each_clip,
    inputs_digest,
    layout_of,
    preprocess,
    training_identity,
)
from posegloss.classifiers.bundle import (
    MODEL_FILE,
    REPORT_FILE,
    BundleError,
    check_free,
    load_bundle,
    read_description,
    save_bundle,
)
from posegloss.classifiers.evaluating.behaviour import measure_behaviour
from posegloss.classifiers.evaluating.calibration import calibrate
from posegloss.classifiers.evaluating.evaluation import Evaluation, evaluate_samples
from posegloss.classifiers.evaluating.groups import group_answers
from posegloss.classifiers.evaluating.rejection import choose_rejection
from posegloss.classifiers.evaluating.report import ModelReport, render_report
from posegloss.classifiers.extraction import described_extraction, landmarks_to_carry, trusted_extraction
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.prototypes import prototypes_of
from posegloss.classifiers.settings import untrained
from posegloss.classifiers.transfer import architecture_of, told_of_origin, with_origin
from posegloss.datasets.splits import Split, split_clips
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.landmark_file import CHOICES
from posegloss.pipeline.store import Clip, KeypointStore

PARTS: Final = ("train", "validation", "test")
NOT_CALIBRATED: Final = "there were no validation clips: confidence is not calibrated, and has no threshold"


@dataclass(frozen=True)
class TrainResult:
    """What a training gave.

    Attributes:
        path: the model folder, with report.html in it.
        classifier: the trained classifier.
        evaluation: on the clips that were held out.
        baseline: the same of the scikit-learn baseline on the same clips, or None where it is the model itself.
        left_out: clips that were not used, and why.
        already_there: the folder held the result of this very training, which was loaded.
    """

    path: Path
    classifier: GlossClassifier
    evaluation: Evaluation
    baseline: Evaluation | None
    left_out: Mapping[str, str]
    already_there: bool = False


def train(
    clips: KeypointStore | Iterable[Clip],
    out: str | os.PathLike[str],
    *,
    family: str = DEFAULT_FAMILY,
    config: Mapping[str, Any] | None = None,
    start: str | os.PathLike[str] | None = None,
    seed: int = 0,
    test: float = 0.25,
    validation: float = 0.2,
    test_signers: Collection[str] = (),
    use_published_split: bool = True,
    epochs: int | None = None,
    baseline: bool = True,
    behaviour: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> TrainResult:
    """Train a classifier, test it on signers that it never saw, and write both as one folder.

    Killed at any moment and called again with the same arguments, it goes on after the last epoch that was kept in
    ``OUT.training``, at most an epoch and two seconds ago; called again when it is done, it loads what is there.

    Args:
        clips: labelled clips, or a store of them.
        out: the model folder to write.
        family: a name of ``base.FAMILIES``.
        config: settings of the family that differ from its defaults.
        start: a model folder of the same family; the training starts from what that model knows of signing, whatever
            its glosses are (transfer). Its signers and clips then count as seen.
        seed: decides the split and all that is random in training.
        test: about which part of the signers is held out for the test.
        validation: about which part of the others is held out to choose the best epoch.
        test_signers: exactly these signers are the test.
        use_published_split: keep the split that the clips bring along.
        epochs: at most so many; the family's own number where None (``KerasTraining.epochs_for``).
        baseline: measure the scikit-learn baseline on the same split, for the report.
        behaviour: measure on changed copies of the test clips too, for the report.
        overwrite: replace another model at ``out``.
        progress: called after each epoch.

    Raises:
        TrainingError: no clip can be used, the model to start from is of another kind, the store was extracted with a
            .task, or with a network of the user's own that is not there any more, an interrupted training in the way
            was another one, or its checkpoint cannot be written.
        SplitError, TooFewClipsError: the clips cannot be split; the message says what is lacking.
        FamilyError, SettingsError: there is no such family, or it has no such settings.
        BundleError: the folder is taken or cannot be written, or there is no model to start from.
    """
    # A relative "." has no name to put a checkpoint beside.
    out = Path(out).absolute()
    clips = clips if isinstance(clips, KeypointStore) else list(clips)
    extraction = _extraction(clips, out) if isinstance(clips, KeypointStore) else None
    preprocessing = Preprocessing(layout=layout_of(clips))
    origin = None if start is None else load_bundle(start)
    classifier = untrained(family, {**architecture_of(origin, family), **(config or {})}, preprocessing, epochs)
    if origin is not None:
        classifier.start_from(origin.classifier)
    samples, left_out = preprocess(each_clip(clips), classifier.preprocessing)
    # A store gives its clips in the order in which workers finished; the split must not depend on that.
    samples.sort(key=lambda sample: sample.clip_id)
    left_out |= {sample.clip_id: "no gloss" for sample in samples if not sample.gloss}
    samples = [sample for sample in samples if sample.gloss]
    if not samples:
        raise TrainingError(_nothing_to_train_on(left_out))
    split = split_clips(
        samples,
        test=test,
        validation=validation,
        test_signers=test_signers,
        use_published=use_published_split,
        seed=seed,
    )
    parts = [[samples[i] for i in part] for part in (split.train, split.validation, split.test)]
    split = told_of_origin(split, parts[2], origin)
    identity = _identity(training_identity(classifier, parts, seed), extraction)
    if _is_of(out, identity) and not overwrite:
        return _already_there(out, left_out)
    check_free(out, overwrite)
    landmarks = _landmarks(clips) if isinstance(clips, KeypointStore) else None
    checkpoint = out.with_name(f"{out.name}.training") / "checkpoint.npz"
    history = classifier.fit(parts[0], parts[1], seed=seed, checkpoint=checkpoint, progress=progress)
    classifier.prototypes = prototypes_of(classifier, parts[0])
    calibration = choose_rejection(classifier, parts[1], calibrate(classifier, parts[1]))
    notes = split.notes if calibration.clips else (*split.notes, NOT_CALIBRATED)
    evaluation = evaluate_samples(
        classifier, parts[2], signer_independent=split.signer_independent, left_out=left_out, notes=notes
    )
    beside = _baseline(parts, split, seed, preprocessing) if baseline and family != BASELINE_FAMILY else None
    about = with_origin(_describe(clips, extraction, parts, split, seed, identity), origin)
    report = ModelReport(
        title=out.name,
        family=family,
        evaluation=evaluation,
        baseline=beside,
        training=about,
        history=history,
        calibration=calibration,
        by_group=group_answers(evaluation.answers, "signer", clips) if evaluation.signers else (),
        behaviour=measure_behaviour(classifier, each_clip(clips), (one.clip_id for one in evaluation.answers))
        if behaviour
        else None,
    )
    save_bundle(
        out,
        classifier,
        calibration=calibration,
        training=about,
        report=report.to_dict(),
        report_page=render_report(report, parts[2]),
        history=history,
        landmarks=landmarks,
        overwrite=overwrite,
    )
    _tidy(checkpoint)
    return TrainResult(out, classifier, evaluation, beside, left_out)


def _tidy(checkpoint: Path) -> None:
    checkpoint.unlink(missing_ok=True)
    # What a training leaves that is killed while it writes a checkpoint.
    for half in checkpoint.parent.glob(f".*.part{checkpoint.suffix}"):
        half.unlink()
    # The folder may hold what is not ours; the model is written, so that is no reason to fail.
    with suppress(OSError):
        checkpoint.parent.rmdir()


def _extraction(store: KeypointStore, out: Path) -> dict[str, Any]:
    """What the model will say of its extraction. If it could not be loaded so, better to tell before than after."""
    extraction = described_extraction(store.settings)
    try:
        trusted_extraction(extraction, out)
    except ValueError as error:
        raise TrainingError(f"{store.place}: {error}; extract the videos again with {CHOICES}") from error
    return extraction


def _landmarks(store: KeypointStore) -> bytes | None:
    """The network of the user's own that the store was extracted with; read before hours of training, not after."""
    try:
        return landmarks_to_carry(ExtractionSettings(**store.settings))
    except WeightsError as error:
        raise TrainingError(
            f"{store.place} was extracted with a landmark network of your own, which the model folder has to hold, but "
            f"{error}; put that file back there, or extract the videos again with the one that you have"
        ) from error


def _identity(identity: str, extraction: Mapping[str, Any] | None) -> str:
    """Of a training, the network of the user's own included: another one may have found the same points."""
    landmarks = (extraction or {}).get("model_sha256")
    return hashlib.sha256(f"{identity}{landmarks}".encode()).hexdigest() if landmarks else identity


def _nothing_to_train_on(left_out: Mapping[str, str]) -> str:
    if not left_out:
        return "there are no clips to train on; extract some with: posegloss extract VIDEOS --out STORE"
    clip_id, reason = next(iter(left_out.items()))
    return (
        f"none of {len(left_out)} clips can be used to train on ({clip_id}: {reason}); label them with a manifest's "
        "column 'gloss' or a folder for each gloss, and check that each shows a person from the front"
    )


def _is_of(out: Path, identity: str) -> bool:
    return (out / MODEL_FILE).is_file() and read_description(out)["training"].get("identity") == identity


def _already_there(out: Path, left_out: Mapping[str, str]) -> TrainResult:
    bundle = load_bundle(out)
    try:
        evaluation = Evaluation.from_dict(bundle.report["evaluation"])
        beside = bundle.report["baseline"] and Evaluation.from_dict(bundle.report["baseline"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"{out / REPORT_FILE} cannot be read ({error}); pass --overwrite to train again") from error
    return TrainResult(out, bundle.classifier, evaluation, beside, left_out, already_there=True)


def _baseline(parts: Sequence[Sequence[Sample]], split: Split, seed: int, preprocessing: Preprocessing) -> Evaluation:
    """What the scikit-learn baseline reaches with the same clips."""
    classifier = classifier_family(BASELINE_FAMILY).from_config({}, preprocessing)
    classifier.fit(parts[0], parts[1], seed=seed)
    calibrate(classifier, parts[1])
    return evaluate_samples(classifier, parts[2], signer_independent=split.signer_independent)


def _describe(
    clips: KeypointStore | Iterable[Clip],
    extraction: Mapping[str, Any] | None,
    parts: Sequence[Sequence[Sample]],
    split: Split,
    seed: int,
    identity: str,
) -> dict[str, Any]:
    store = clips if isinstance(clips, KeypointStore) else None
    trained_on = [*parts[0], *parts[1]]
    return {
        "store": store and store.place,
        "extraction": extraction,
        "synthetic": any(sample.synthetic for sample in trained_on),
        "seed": seed,
        "split": split.how,
        "signer_independent": split.signer_independent,
        "clips": {name: len(part) for name, part in zip(PARTS, parts, strict=True)},
        "signers": {
            name: sorted({sample.signer for sample in part if sample.signer})
            for name, part in zip(PARTS, parts, strict=True)
        },
        "without_signer": sum(not sample.signer for sample in trained_on),
        "seen": sorted({inputs_digest(sample) for sample in trained_on}),
        "identity": identity,
    }
