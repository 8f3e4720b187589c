"""Measure a model on disk on people that it never saw."""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from posegloss.classifiers.base import History, Sample, each_clip, inputs_digest, preprocess
from posegloss.classifiers.bundle import HISTORY_FILE, REPORT_FILE, REPORT_PAGE, Bundle, BundleError
from posegloss.classifiers.evaluating.evaluation import Evaluation, EvaluationError, evaluate_samples
from posegloss.classifiers.evaluating.report import ModelReport, render_report
from posegloss.pipeline.store import Clip, KeypointStore

TRAINED_ON: Final = "this very clip was trained on"
TRAINED_ON_SYNTHETIC: Final = "trained on synthetic signers: a test on synthetic clips says nothing of real people"
SIGNERS_SEEN: Final = "some clips are of signers that were trained on, or unknown: accuracy may be optimistic"
UNKNOWN_TRAINED_ON: Final = "trained on clips of unknown signers, who may be tested too: accuracy may be optimistic"


def evaluate_bundle(
    bundle: Bundle,
    clips: KeypointStore | Iterable[Clip],
    *,
    all_signers: bool = False,
    report_to: str | os.PathLike[str] | None = None,
) -> Evaluation:
    """Measure a trained model on clips of signers that it was not trained on.

    Args:
        bundle: the model.
        clips: labelled clips, or a store of them, which may be the one that the model was trained on.
        all_signers: measure on the clips of training signers, of unknown ones, and on the very clips that were
            trained on, too; the result then is marked as not signer-independent. Where there are no others, other
            clips of training and unknown signers are measured in any case.
        report_to: a folder to write report.html and report.json into.

    Raises:
        EvaluationError: no clip is left, or the report cannot be written.
        BundleError: the model's history cannot be read.
    """
    training = bundle.training
    samples, left_out = preprocess(each_clip(clips), bundle.classifier.preprocessing)
    notes = [TRAINED_ON_SYNTHETIC] if training["synthetic"] else []
    if not all_signers:
        samples = _never_seen(samples, training, left_out)
    signers = _training_signers(training)
    strangers = bool(samples) and all(sample.signer and sample.signer not in signers for sample in samples)
    # Models that were written before clips without a signer were counted name no signer where all were unknown.
    unknown_trained_on = training.get("without_signer", 0) > 0 or not training["signers"]["train"]
    if not strangers:
        notes.append(SIGNERS_SEEN)
    elif unknown_trained_on:
        notes.append(UNKNOWN_TRAINED_ON)
    independent = strangers and not unknown_trained_on
    evaluation = evaluate_samples(
        bundle.classifier, samples, signer_independent=independent, left_out=left_out, notes=notes
    )
    if report_to is not None:
        report = ModelReport(
            title=bundle.path.name,
            family=bundle.classifier.name,
            evaluation=evaluation,
            baseline=None,
            training=training,
            history=_history(bundle.path / HISTORY_FILE),
        )
        folder = Path(report_to)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / REPORT_FILE).write_text(json.dumps(report.to_dict(), ensure_ascii=False, indent=1), "utf-8")
            (folder / REPORT_PAGE).write_text(render_report(report, samples), "utf-8")
        except OSError as error:
            raise EvaluationError(
                f"the report cannot be written to {folder}: {error.strerror or error}; choose another folder"
            ) from error
    return evaluation


def _training_signers(training: Mapping[str, Any]) -> set[str]:
    return {signer for part in ("train", "validation") for signer in training["signers"][part]}


def _never_seen(samples: Sequence[Sample], training: Mapping[str, Any], left_out: dict[str, str]) -> list[Sample]:
    """The samples of strangers, or where there are none the samples that were not trained on; and why not others."""
    seen, signers = set(training.get("seen", ())), _training_signers(training)
    kept = [sample for sample in samples if inputs_digest(sample) not in seen]
    if samples and not kept:
        raise EvaluationError(
            f"all {len(samples)} clips were trained on, so they say nothing of others; give other clips, or pass "
            "--all-signers to measure on these"
        )
    fresh = {sample.clip_id for sample in kept}
    left_out |= {sample.clip_id: TRAINED_ON for sample in samples if sample.clip_id not in fresh}
    strangers = [sample for sample in kept if sample.signer and sample.signer not in signers]
    if not strangers:
        return kept
    left_out |= {
        sample.clip_id: f"signer {sample.signer!r} was trained on" if sample.signer else "signer unknown"
        for sample in kept
        if not sample.signer or sample.signer in signers
    }
    return strangers


def _history(path: Path) -> History:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [{name: float(value) for name, value in row.items() if name != "epoch" and value} for row in rows]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise BundleError(f"{path} cannot be read ({error}); copy the whole folder again, or train again") from error
