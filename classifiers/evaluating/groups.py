"""Accuracy apart for each person, or for whatever else clips are told apart by."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from posegloss.classifiers.evaluating.answers import Answer, right_of
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.evaluating.intervals import BY_SIGNER, MIN_SIGNERS, Measure, wilson
from posegloss.pipeline.store import Clip, KeypointStore
from posegloss.pipeline.storing.clip import ARRAYS, SCHEMA

UNKNOWN: Final = "unknown"
# One value a clip, so nothing to tell groups by; or no plain value.
_NO_GROUPS: Final = {"clip_id", "warnings", "extracted_at", *ARRAYS}
COLUMNS: Final = tuple(name for name in SCHEMA.names if name not in _NO_GROUPS)
"""The columns of a store that clips can be grouped by."""
_RESAMPLES: Final = 2000


@dataclass(frozen=True)
class GroupAccuracy:
    """How it goes with one group.

    Attributes:
        group: its name.
        clips: how many clips of it were answered.
        glosses: how many glosses these show.
        top1: part of the answers that are right; the interval is Wilson's, over the clips.
    """

    group: str
    clips: int
    glosses: int
    top1: Measure

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def accuracy_by(answers: Iterable[Answer], group_of: Mapping[str, str | None]) -> tuple[GroupAccuracy, ...]:
    """The accuracy for each group, the worst first.

    Args:
        answers: what was answered; a clip may have several answers.
        group_of: the group of each clip by its id; those without one are the group UNKNOWN.
    """
    own: dict[str, list[Answer]] = {}
    for answer in answers:
        own.setdefault(group_of.get(answer.clip_id) or UNKNOWN, []).append(answer)
    rows = []
    for group, theirs in own.items():
        clips = len({answer.clip_id for answer in theirs})
        glosses = len({answer.gloss for answer in theirs})
        rows.append(GroupAccuracy(group, clips, glosses, wilson(float(right_of(theirs).mean()), clips)))
    return tuple(sorted(rows, key=lambda row: (row.top1.value, row.group)))


def mean_over_groups(rows: Iterable[GroupAccuracy], over: str = BY_SIGNER) -> Measure:
    """The accuracy of a person (or group) on average, however many clips each has.

    Where there are MIN_SIGNERS groups that differ, the interval is a bootstrap over them; else Wilson's for that part
    of all clips.
    """
    rows = list(rows)
    values = np.array([row.top1.value for row in rows])
    value = float(values.mean())
    if len(values) < MIN_SIGNERS or np.ptp(values) < 1e-12:
        return wilson(value, sum(row.clips for row in rows))
    drawn = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), (0.025, 0.975))
    return Measure(value, float(low), float(high), over)


def group_answers(
    answers: Iterable[Answer], by: str, clips: KeypointStore | Iterable[Clip]
) -> tuple[GroupAccuracy, ...]:
    """The accuracy for each value of "signer", "gloss" or another column of the store that the clips came from.

    Raises:
        EvaluationError: the clips come from no store, or the store has no such column.
    """
    answers = list(answers)
    if by in ("signer", "gloss"):
        return accuracy_by(answers, {answer.clip_id: getattr(answer, by) for answer in answers})
    if not isinstance(clips, KeypointStore):
        raise EvaluationError(f"clips can be grouped by {by!r} in a store only; group by signer or gloss")
    return accuracy_by(answers, groups_of(clips, by))


def groups_of(store: KeypointStore, column: str) -> dict[str, str | None]:
    """The value of a column of a store for each clip's id, as text; None where it has none.

    Raises:
        EvaluationError: the store has no such column, or none that tells groups of clips apart.
    """
    if column not in COLUMNS:
        raise EvaluationError(f"clips cannot be grouped by {column!r}; choose one of {', '.join(COLUMNS)}")
    rows: list[Mapping[str, Any]] = store.columns(["clip_id", column]).to_pylist()
    return {row["clip_id"]: _as_text(row[column]) for row in rows}


def _as_text(value: Any) -> str | None:
    # Frame rates that differ by the rounding of timestamps are one group.
    return f"{value:.4g}" if isinstance(value, float) else None if value is None else str(value)
