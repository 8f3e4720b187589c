"""Measure a model on disk on people that it never saw."""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from posegloss.classifiers.base import History, Sample, each_clip, inputs_digest, layout_of, preprocess
from posegloss.classifiers.bundle import HISTORY_FILE, REPORT_FILE, REPORT_PAGE, Bundle, BundleError
from posegloss.classifiers.evaluating.behaviour import measure_behaviour
from posegloss.classifiers.evaluating.evaluation import Evaluation, EvaluationError, evaluate_samples
from posegloss.classifiers.evaluating.groups import group_answers
from posegloss.classifiers.evaluating.report import ModelReport, render_report
from posegloss.classifiers.extraction import extraction_differences
from posegloss.classifiers.transfer import saw_unknown_people, training_signers
from posegloss.pipeline.store import Clip, KeypointStore

TRAINED_ON: Final = "this very clip was trained on"
TRAINED_ON_SYNTHETIC: Final = "trained on synthetic signers: a test on synthetic clips says nothing of real people"
SIGNERS_SEEN: Final = "some clips are of signers that were trained on, or unknown: accuracy may be optimistic"
UNKNOWN_TRAINED_ON: Final = "trained on clips of unknown signers, who may be tested too: accuracy may be optimistic"
OTHER_EXTRACTION: Final = (
    "the clips were not extracted as those that the model was trained on ({}): accuracy may differ"
)


@dataclass(frozen=True)
class HeldOut:
    """What a model on disk reaches on clips that it was not trained on.

    Attributes:
        report: all that was measured.
        samples: the clips, for the pictures of the report.
    """

    report: ModelReport
    samples: tuple[Sample, ...]

    @property
    def evaluation(self) -> Evaluation:
        """The figures."""
        return self.report.evaluation

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write report.html and report.json into a folder; gives the page.

        Raises:
            EvaluationError: it cannot be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            values = json.dumps(self.report.to_dict(), ensure_ascii=False, indent=1)
            (folder / REPORT_FILE).write_text(values, "utf-8")
            (folder / REPORT_PAGE).write_text(render_report(self.report, self.samples), "utf-8")
        except OSError as error:
            raise EvaluationError(
                f"the report cannot be written to {folder}: {error.strerror or error}; choose another folder"
            ) from error
        return folder / REPORT_PAGE


def evaluate_bundle(
    bundle: Bundle,
    clips: KeypointStore | Iterable[Clip],
    *,
    all_signers: bool = False,
    by: str = "signer",
    behaviour: bool = False,
) -> HeldOut:
    """Measure a trained model on clips of signers that it was not trained on.

    Args:
        bundle: the model.
        clips: labelled clips, or a store of them, which may be the one that the model was trained on.
        all_signers: measure on the clips of training signers, of unknown ones, and on the very clips that were
            trained on, too; the result then is marked as not signer-independent. Where there are no others, other
            clips of training and unknown signers are measured in any case.
        by: tell accuracy apart by "signer", "gloss" or another column of the store.
        behaviour: measure on changed copies of the clips too.

    Raises:
        EvaluationError: no clip is left, the clips have another layout, or they cannot be grouped so.
        BundleError: the model's history cannot be read.
    """
    clips = clips if isinstance(clips, KeypointStore) else list(clips)
    classifier, training = bundle.classifier, bundle.training
    if (layout := layout_of(clips)) != classifier.preprocessing.layout and clips:
        raise EvaluationError(
            f"the clips have the layout {layout}, the model reads {classifier.preprocessing.layout}; extract the "
            "videos as they were extracted for the model"
        )
    samples, left_out = preprocess(each_clip(clips), classifier.preprocessing)
    notes = [TRAINED_ON_SYNTHETIC] if training["synthetic"] else []
    if differences := _other_extraction(clips, training):
        notes.append(OTHER_EXTRACTION.format(differences))
    if not all_signers:
        samples = _never_seen(samples, training, left_out)
    signers = training_signers(training)
    strangers = bool(samples) and all(sample.signer and sample.signer not in signers for sample in samples)
    unknown_trained_on = saw_unknown_people(training)
    if not strangers:
        notes.append(SIGNERS_SEEN)
    elif unknown_trained_on:
        notes.append(UNKNOWN_TRAINED_ON)
    independent = strangers and not unknown_trained_on
    evaluation = evaluate_samples(classifier, samples, signer_independent=independent, left_out=left_out, notes=notes)
    tested = [answer.clip_id for answer in evaluation.answers]
    report = ModelReport(
        title=bundle.path.name,
        family=classifier.name,
        evaluation=evaluation,
        baseline=None,
        training=training,
        history=_history(bundle.path / HISTORY_FILE),
        calibration=bundle.calibration,
        by_group=group_answers(evaluation.answers, by, clips),
        grouped_by=by,
        behaviour=measure_behaviour(classifier, each_clip(clips), tested) if behaviour else None,
    )
    return HeldOut(report, tuple(samples))


def _other_extraction(clips: KeypointStore | Sequence[Clip], training: Mapping[str, Any]) -> str:
    """How a store's extraction differs from that of the store that was trained on; "" where that is not known."""
    if not isinstance(clips, KeypointStore) or not training["extraction"]:
        return ""
    return extraction_differences(clips.settings, training["extraction"])


def _never_seen(samples: Sequence[Sample], training: Mapping[str, Any], left_out: dict[str, str]) -> list[Sample]:
    """The samples of strangers, or where there are none the samples that were not trained on; and why not others."""
    seen, signers = set(training.get("seen", ())), training_signers(training)
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
