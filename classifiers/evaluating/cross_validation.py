"""Cross-validation: every person is the test once, by models that never saw that person.

A test on the two or three people that one split holds out says more of these people than of the model. Here each
group (a signer, or what else a store tells apart) or each of k sets of groups is held out in turn. What training
chooses by, the best epoch, the temperature and the threshold, is chosen on validation groups among the others.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from posegloss.classifiers.base import GlossClassifier, Sample
from posegloss.classifiers.evaluating.answers import Answer, answer_all, right_of
from posegloss.classifiers.evaluating.calibration import calibrate
from posegloss.classifiers.evaluating.evaluation import TESTED_ON_SYNTHETIC, Evaluation, EvaluationError
from posegloss.classifiers.evaluating.folds import GroupedSample, part_of, plan_folds, split_fold, usable_samples
from posegloss.classifiers.evaluating.groups import GroupAccuracy, accuracy_by, mean_over_groups
from posegloss.classifiers.evaluating.intervals import Measure
from posegloss.datasets.splits import Split, TooFewClipsError

MIN_GLOSSES: Final = 5
SAME_SIGNERS: Final = "some people are both trained on and tested: accuracy may be optimistic"


@dataclass(frozen=True)
class FoldReport:
    """What a progress callback hears after each training.

    Attributes:
        done: how many trainings are done.
        total: how many there are: folds times seeds.
        held_out: the groups that this one was tested on.
        seed: of the training.
        top1: the part of these groups' clips that it answered right.
        training_s: seconds that the training took, calibration included.
    """

    done: int
    total: int
    held_out: tuple[str, ...]
    seed: int
    top1: float
    training_s: float


@dataclass(frozen=True)
class CrossValidation:
    """The result of a cross-validation.

    Attributes:
        evaluation: of the answers of all folds and seeds together.
        by_group: accuracy for each group that was a test group, over all seeds; the worst first.
        top1_mean: the mean over groups of the mean over seeds.
        folds: how many folds there were.
        seeds: of the trainings.
        training_s: seconds that a training took on average.
        answering_s: seconds that an answer took on average.
    """

    evaluation: Evaluation
    by_group: tuple[GroupAccuracy, ...]
    top1_mean: Measure
    folds: int
    seeds: tuple[int, ...]
    training_s: float
    answering_s: float

    @property
    def top1_by_group(self) -> dict[str, float]:
        """For each test group the mean over seeds of the part of its clips that was answered right."""
        return {row.group: row.top1.value for row in self.by_group}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def cross_validate(
    make_classifier: Callable[[], GlossClassifier],
    samples: Sequence[Sample],
    groups: Sequence[str | None],
    *,
    folds: int | None = None,
    seeds: Sequence[int] = (0,),
    validation: float = 0.2,
    part: float = 1.0,
    min_glosses: int = MIN_GLOSSES,
    left_out: Mapping[str, str] | None = None,
    progress: Callable[[FoldReport], None] | None = None,
) -> CrossValidation:
    """Train and test once for each fold and seed. The folds depend on neither the family nor the seed.

    Args:
        make_classifier: gives an untrained classifier.
        samples: labelled samples.
        groups: the group of each sample; those without one are left out.
        folds: hold out so many sets of groups in turn; one group at a time where None.
        seeds: of the trainings, and of the choice of validation groups.
        validation: about which part of the training groups each training chooses by; 0 to train on all of them.
        part: of the clips of each gloss of each group, which trainings see; tests are of all clips.
        min_glosses: groups that show fewer glosses (or, where there are fewer in all, not all of them) are only
            trained on: from a person with three signs nothing can be told about that person.
        left_out: clips that are not among the samples, and why; kept in the result.
        progress: called after each training.

    Raises:
        EvaluationError: there are fewer than two groups, more folds than groups, or none that can be a test.
    """
    clips, reasons = usable_samples(samples, groups, left_out or {})
    plan = plan_folds(clips, folds, min_glosses)
    tested: list[_Tested] = []
    for number, held_out in enumerate(plan):
        for place, seed in enumerate(seeds, start=1):
            try:
                split = split_fold(clips, held_out, validation, seed)
            except TooFewClipsError:
                # Nobody else shows what these groups show; their clips are told below.
                continue
            if part < 1:
                split = replace(split, train=part_of(clips, split.train, part, seed))
            tested.append(_train_and_test(make_classifier(), clips, split, seed))
            if progress:
                seconds, top1 = tested[-1].training_s, tested[-1].top1
                progress(FoldReport(number * len(seeds) + place, len(plan) * len(seeds), held_out, seed, top1, seconds))
    answers = [answer for one in tested for answer in one.answers]
    if not answers:
        raise EvaluationError("no clip can be tested: no gloss is shown by two groups; record more people per gloss")
    answered = {answer.clip_id for answer in answers}
    testable = {group for held_out in plan for group in held_out}
    for clip in clips:
        if clip.signer in testable and clip.sample.clip_id not in answered:
            reasons[clip.sample.clip_id] = f"nobody else shows the gloss {clip.gloss!r}"
    synthetic = any(clip.sample.synthetic for clip in clips if clip.sample.clip_id in answered)
    independent = all(one.strangers for one in tested)
    evaluation = Evaluation.of_answers(
        answers,
        sorted({gloss for one in tested for gloss in one.glosses}),
        signer_independent=independent,
        left_out=reasons,
        notes=[
            *_never_tested({clip.signer for clip in clips} - testable, min_glosses),
            *([] if independent else [SAME_SIGNERS]),
            *([TESTED_ON_SYNTHETIC] if synthetic else []),
        ],
        tested_on_synthetic=synthetic,
    )
    rows = accuracy_by(answers, {clip.sample.clip_id: clip.signer for clip in clips})
    return CrossValidation(
        evaluation,
        rows,
        mean_over_groups(rows),
        len(plan),
        tuple(seeds),
        sum(one.training_s for one in tested) / len(tested),
        sum(one.answering_s for one in tested) / len(answers),
    )


@dataclass(frozen=True)
class _Tested:
    """What one training gave."""

    answers: tuple[Answer, ...]
    glosses: tuple[str, ...]
    strangers: bool
    training_s: float
    answering_s: float

    @property
    def top1(self) -> float:
        return float(right_of(self.answers).mean())


def _train_and_test(classifier: GlossClassifier, clips: Sequence[GroupedSample], split: Split, seed: int) -> _Tested:
    train, chosen, test = ([clips[i].sample for i in part] for part in (split.train, split.validation, split.test))
    started = time.perf_counter()
    classifier.fit(train, chosen, seed=seed)
    calibrate(classifier, chosen)
    trained = time.perf_counter()
    answers = answer_all(classifier, test)
    answered = time.perf_counter()
    people = {sample.signer for sample in (*train, *chosen)}
    strangers = None not in people and not people & {sample.signer for sample in test}
    return _Tested(answers, classifier.glosses, strangers, trained - started, answered - trained)


def _never_tested(groups: Collection[str], min_glosses: int) -> list[str]:
    if not groups:
        return []
    return [f"trained on and never a test, showing fewer than {min_glosses} glosses: {', '.join(sorted(groups))}"]
