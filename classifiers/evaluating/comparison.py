"""Several model families on the very same folds of the same clips."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import posegloss
from posegloss.classifiers.base import classifier_family, each_clip, layout_of, preprocess
from posegloss.classifiers.evaluating.cross_validation import CrossValidation, FoldReport, cross_validate
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.evaluating.groups import groups_of
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.settings import untrained
from posegloss.pipeline.html import render_html
from posegloss.pipeline.store import KeypointStore

PAGE: Final = "comparison.html"


@dataclass(frozen=True)
class Comparison:
    """What the families reached.

    Attributes:
        store: where the clips come from.
        by: what was held out: "signer" or another column of the store.
        folds: how many folds; None where one group was held out at a time.
        results: for each family.
    """

    store: str
    by: str
    folds: int | None
    results: Mapping[str, CrossValidation]

    @property
    def best_first(self) -> list[tuple[str, CrossValidation]]:
        """The families, the best mean top-1 first."""
        return sorted(self.results.items(), key=lambda item: (-item[1].top1_mean.value, item[0]))

    @property
    def held_out(self) -> str:
        """How clips were held out, for people to read."""
        return f"one {self.by} at a time" if self.folds is None else f"{self.folds} sets of {self.by}s in turn"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "posegloss": posegloss.__version__,
            "store": self.store,
            "by": self.by,
            "folds": self.folds,
            "families": {family: result.to_dict() for family, result in self.results.items()},
        }

    def write(self, json_file: Path | None, folder: Path | None) -> None:
        """Write all figures and answers into a file, and comparison.html into a folder, each where one is given.

        Raises:
            EvaluationError: one cannot be written.
        """
        try:
            if json_file:
                json_file.parent.mkdir(parents=True, exist_ok=True)
                json_file.write_text(json.dumps(self.to_dict(), ensure_ascii=False, indent=1), "utf-8")
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / PAGE).write_text(render_comparison(self), "utf-8")
        except OSError as error:
            raise EvaluationError(
                f"the comparison cannot be written to {error.filename}: {error.strerror or error}; choose another place"
            ) from error


def compare_families(
    store: KeypointStore,
    families: Sequence[str],
    *,
    by: str = "signer",
    folds: int | None = None,
    seeds: Sequence[int] = (0,),
    epochs: int | None = None,
    progress: Callable[[str, FoldReport], None] | None = None,
) -> Iterator[tuple[str, CrossValidation]]:
    """Cross-validate families one after the other, giving each result as soon as it is there.

    Args:
        store: labelled clips.
        families: names of ``base.FAMILIES``.
        by: what is held out: "signer", or another column of the store.
        folds: hold out so many sets of groups in turn; one group at a time where None.
        seeds: of the trainings.
        epochs: at most so many, in families that count them.
        progress: called after each training with the family.

    Raises:
        FamilyError: there is no such family; before anything is trained.
        EvaluationError: the clips cannot be held out so.
    """
    for name in families:
        classifier_family(name)
    group_of = groups_of(store, by)
    preprocessing = Preprocessing(layout=layout_of(store))
    samples, left_out = preprocess(each_clip(store), preprocessing)
    for name in families:
        result = cross_validate(
            partial(untrained, name, {}, preprocessing, epochs),
            samples,
            [group_of[sample.clip_id] for sample in samples],
            folds=folds,
            seeds=seeds,
            left_out=left_out,
            progress=partial(progress, name) if progress else None,
        )
        yield name, result


def render_comparison(comparison: Comparison) -> str:
    """The table as a page of HTML that needs nothing else."""
    best = comparison.best_first
    groups = [row.group for row in best[0][1].by_group]
    return render_html(
        Path(__file__).with_name(PAGE),
        comparison=comparison,
        best_first=best,
        evaluation=best[0][1].evaluation,
        groups=groups,
        version=posegloss.__version__,
    )
