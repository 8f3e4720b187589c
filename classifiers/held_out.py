"""Measure a model on disk on people that it never saw."""

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from posegloss.classifiers.base import History, each_clip, preprocess
from posegloss.classifiers.bundle import HISTORY_FILE, REPORT_FILE, REPORT_PAGE, Bundle
from posegloss.classifiers.evaluation import Evaluation, EvaluationError, evaluate_samples
from posegloss.classifiers.report import ModelReport, render_report
from posegloss.pipeline.store import Clip, KeypointStore

TRAINED_ON_SYNTHETIC: Final = "trained on synthetic signers: nothing here says how it does on real people"
SIGNERS_SEEN: Final = "some clips are of signers that were trained on, or unknown: accuracy may be optimistic"


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
        all_signers: measure on the clips of training signers, and of unknown ones, too; the result then is marked
            as not signer-independent. Where there are no others, they are measured in any case.
        report_to: a folder to write report.html and report.json into.

    Raises:
        EvaluationError: no clip is left, or the report cannot be written.
    """
    seen = {signer for part in ("train", "validation") for signer in bundle.training["signers"][part]}
    samples, left_out = preprocess(each_clip(clips), bundle.classifier.preprocessing)
    notes = [TRAINED_ON_SYNTHETIC] if bundle.training["synthetic"] else []
    strangers = [sample for sample in samples if sample.signer and sample.signer not in seen]
    if strangers and not all_signers:
        left_out |= {
            sample.clip_id: f"signer {sample.signer!r} was trained on" if sample.signer else "signer unknown"
            for sample in samples
            if not sample.signer or sample.signer in seen
        }
        samples = strangers
    independent = bool(strangers) and len(samples) == len(strangers)
    if not independent:
        notes.append(SIGNERS_SEEN)
    evaluation = evaluate_samples(
        bundle.classifier, samples, signer_independent=independent, left_out=left_out, notes=notes
    )
    if report_to is not None:
        report = ModelReport(
            title=bundle.path.name,
            family=bundle.classifier.name,
            evaluation=evaluation,
            baseline=None,
            training=bundle.training,
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


def _history(path: Path) -> History:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: float(value) for name, value in row.items() if name != "epoch" and value} for row in rows]
