"""Which groups of clips are held out together, and how the others are split for training."""

import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, StratifiedGroupKFold

from posegloss.classifiers.base import Sample
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.datasets.splits import IntArray, Split, SplitWarning, split_clips


@dataclass(frozen=True)
class GroupedSample:
    """A sample as ``split_clips`` looks at it, with the group in the signer's place."""

    sample: Sample
    gloss: str
    signer: str
    split: str | None = None


def usable_samples(
    samples: Sequence[Sample], groups: Sequence[str | None], left_out: Mapping[str, str]
) -> tuple[list[GroupedSample], dict[str, str]]:
    """The samples with a gloss and a group, and why not the others."""
    reasons, clips = dict(left_out), []
    for sample, group in zip(samples, groups, strict=True):
        if sample.gloss and group:
            clips.append(GroupedSample(sample, sample.gloss, group))
        else:
            reasons[sample.clip_id] = "no group to be held out with" if sample.gloss else "no gloss"
    # A store gives its clips in the order in which workers finished; folds must not depend on that.
    clips.sort(key=lambda clip: clip.sample.clip_id)
    return clips, reasons


def plan_folds(clips: Sequence[GroupedSample], folds: int | None, min_glosses: int) -> list[tuple[str, ...]]:
    """The groups of each test.

    Args:
        clips: all of them.
        folds: so many; one for each group where None.
        min_glosses: groups that show fewer are in no test.

    Raises:
        EvaluationError: there are fewer than two groups, more folds than groups, or none that can be a test.
    """
    shown: dict[str, set[str]] = {}
    for clip in clips:
        shown.setdefault(clip.signer, set()).add(clip.gloss)
    needed = min(min_glosses, len({clip.gloss for clip in clips}))
    chosen = [clip for clip in clips if len(shown[clip.signer]) >= needed]
    testable = {clip.signer for clip in chosen}
    if not testable or len(shown) < 2:
        raise EvaluationError(
            f"{len(shown)} groups are known, of which {len(testable)} show {needed} glosses or more; to hold one out "
            "and train on others, fill in who signs in each clip, or group by another column"
        )
    if folds is not None and not 2 <= folds <= len(testable):
        raise EvaluationError(f"{folds} folds cannot be made of {len(testable)} groups; choose from 2 on up to these")
    groups = np.array([clip.signer for clip in chosen])
    glosses = np.array([clip.gloss for clip in chosen])
    with warnings.catch_warnings():
        # Glosses rarer than folds are expected.
        warnings.simplefilter("ignore", UserWarning)
        parts = list(_splitter(folds, glosses).split(glosses, glosses, groups))
    return [tuple(sorted({str(group) for group in groups[test]})) for _, test in parts if len(test)]


def _splitter(folds: int | None, glosses: npt.NDArray[np.str_]) -> Any:
    if folds is None:
        return LeaveOneGroupOut()
    # Where every gloss is rarer than there are folds, there is nothing to stratify.
    kind = StratifiedGroupKFold if np.unique(glosses, return_counts=True)[1].max() >= folds else GroupKFold
    return kind(folds, shuffle=True, random_state=0)


def split_fold(clips: Sequence[GroupedSample], held_out: Sequence[str], validation: float, seed: int) -> Split:
    """Hold groups out, and choose validation groups among the others.

    Raises:
        TooFewClipsError: nothing would be left to train on, or nobody else shows what these groups show.
    """
    with warnings.catch_warnings():
        # What a split of one fold lacks is told once, of the whole.
        warnings.simplefilter("ignore", SplitWarning)
        return split_clips(clips, validation=validation, test_signers=held_out, use_published=False, seed=seed)


def part_of(clips: Sequence[GroupedSample], chosen: IntArray, part: float, seed: int) -> IntArray:
    """So large a part of the chosen clips of each gloss of each group, drawn by chance; of each one at least."""
    by_gloss: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i in np.random.default_rng(seed).permutation(np.sort(chosen)):
        by_gloss[clips[i].signer, clips[i].gloss].append(int(i))
    return np.array(sorted(i for some in by_gloss.values() for i in some[: max(1, round(part * len(some)))]))
