"""Glosses of people that were not trained on: our default family against the baselines, one group held out at a time.

    python -m benchmarks.recognition FILE.npz|STORE [--by signer|session|repo] [--layout blazepose33|holistic75]
        [--model NAME ...] [--folds N] [--seeds N] [--leave-out GROUP ...] [--json OUT]

FILE.npz holds clips in rows of MediaPipe Holistic: ``frames`` (clip, frame, 258), ``gloss``, and who or what recorded
each clip as ``signer``, ``session`` or ``repo``; see posegloss.pipeline.formats.npz. Each group is the test once, or
each of N sets of groups with --folds; groups that show fewer than five glosses are trained on and never a test.
Training sees every other group, and nothing is chosen by looking at a test. The first model is the one that the
figure ``top1_mean`` is of: the mean over test groups of the mean over seeds.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from posegloss.classifiers.base import BASELINE_FAMILY, DEFAULT_FAMILY, FAMILIES, Sample, classifier_family, preprocess
from posegloss.classifiers.evaluating.cross_validation import CrossValidation, FoldReport, cross_validate
from posegloss.classifiers.evaluating.intervals import Measure
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.formats.npz import list_npz
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.skeleton import BLAZEPOSE33, LAYOUTS
from posegloss.pipeline.store import Clip, KeypointStore

GROUPS: Final = ("signer", "session", "repo")
# Recorders of .npz files seldom say: a webcam.
RATE_HZ: Final = 30.0
SIZE: Final = (640, 480)

console = Console(stderr=True)


@dataclass(frozen=True)
class Groups:
    """Samples, the group that each is held out with, and what was left out why."""

    by: str
    samples: list[Sample]
    groups: list[str | None]
    left_out: dict[str, str]


def read(source: Path, by: str | None, layout: str) -> Groups:
    """The samples of a .npz file or a store.

    Raises:
        SystemExit: there is no such group, with those that there are.
    """
    preprocessing = Preprocessing(layout=layout)
    if source.suffix == ".npz":
        with np.load(source) as arrays:
            by = by or next((name for name in GROUPS if name in arrays), None)
            if by is None or by not in arrays:
                raise SystemExit(f"{source} has no array {by or ' or '.join(GROUPS)}; it has: {', '.join(arrays)}")
            names = [str(name) for name in arrays[by]]
        listed = list_npz(source, ReadOptions(RATE_HZ, SIZE, layout))
        people = names if by == "signer" else [None] * len(names)
        clips = [Clip(c.clip_id, c.read(), c.gloss, person) for c, person in zip(listed, people, strict=True)]
        groups = {clip.clip_id: name for clip, name in zip(clips, names, strict=True)}
    else:
        store, by = KeypointStore.open(source), by or "signer"
        clips = list(store.clips())
        if by not in store.columns([]).column_names and by != "signer":
            raise SystemExit(f"{source} has no column {by}")
        columns = store.columns(["clip_id", by]).to_pylist()
        groups = {row["clip_id"]: row[by] for row in columns}
    samples, left_out = preprocess(clips, preprocessing)
    return Groups(by, samples, [groups[sample.clip_id] or None for sample in samples], left_out)


def measure(name: str, read_groups: Groups, layout: str, options: argparse.Namespace) -> CrossValidation:
    """Cross-validate a family with its own settings."""

    def told(report: FoldReport) -> None:
        console.print(
            f"{name} {report.done}/{report.total}: {', '.join(report.held_out)} held out, seed {report.seed}: "
            f"{report.top1:.3f}, trained in {report.training_s:.0f} s",
            highlight=False,
        )

    family = classifier_family(name)
    config: dict[str, Any] = json.loads(options.config) if name == options.model[0] else {}
    return cross_validate(
        lambda: family.from_config(config, Preprocessing(layout=layout)),
        read_groups.samples,
        read_groups.groups,
        folds=options.folds,
        seeds=range(options.seeds),
        validation=0.0,
        left_out=read_groups.left_out,
        progress=told,
    )


def table(results: dict[str, CrossValidation], by: str) -> Table:
    """A row for each family: its figures, and the worst of the groups."""
    shown = Table(box=None)
    for title in ("model", f"top-1, mean over {by}s", "top-1 of all clips", "top-5", "macro-F1", "MRR", "ECE"):
        shown.add_column(title, justify="left" if title == "model" else "right")
    shown.add_column(f"each {by}")
    shown.add_column("s to train", justify="right")
    for name, result in results.items():
        evaluation = result.evaluation
        shown.add_row(
            name,
            *(
                _percent(measure)
                for measure in (
                    result.top1_mean,
                    evaluation.top1,
                    evaluation.top5,
                    evaluation.macro_f1,
                    evaluation.mrr,
                    evaluation.ece,
                )
            ),
            ", ".join(f"{group} {100 * value:.1f}" for group, value in sorted(result.top1_by_group.items())),
            f"{result.training_s:.0f}",
        )
    return shown


def _percent(measure: Measure) -> str:
    return f"{100 * measure.value:.1f} ({100 * measure.low:.1f} to {100 * measure.high:.1f})"


def as_json(results: dict[str, CrossValidation], source: Path, layout: str, data: Groups) -> dict[str, Any]:
    """The figures as plain values; the first family is ours, the others are ``baselines``."""
    ours, *others = results
    first = results[ours]
    return {
        "model": ours,
        "top1_mean": first.top1_mean.value,
        "top1_by_group": first.top1_by_group,
        "macro_f1": first.evaluation.macro_f1.value,
        "baselines": {name: results[name].top1_mean.value for name in others},
        "baselines_by_group": {name: results[name].top1_by_group for name in others},
        "source": source.name,
        "layout": layout,
        "by": data.by,
        "clips": len(data.samples),
        "left_out": len(data.left_out),
        "glosses": len({sample.gloss for sample in data.samples}),
        "groups": len(set(data.groups) - {None}),
        "folds": first.folds,
        "seeds": list(first.seeds),
        "training_s": {name: result.training_s for name, result in results.items()},
        "notes": list(first.evaluation.notes),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--by", help="what tells groups apart; the first of signer, session and repo that is there")
    parser.add_argument("--layout", choices=list(LAYOUTS), default=BLAZEPOSE33)
    parser.add_argument("--model", action="append", choices=list(FAMILIES), help="may be given several times")
    parser.add_argument("--folds", type=int, help="so many sets of groups instead of one group at a time")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each fold")
    parser.add_argument("--leave-out", action="append", default=[], metavar="GROUP", help="not even to train on")
    parser.add_argument("--config", default="{}", help="settings of the first model, in JSON, for ablations")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    options = parser.parse_args(arguments)
    options.model = options.model or [DEFAULT_FAMILY, BASELINE_FAMILY, *(_OTHERS & set(FAMILIES))]
    started = time.perf_counter()
    data = read(options.source, options.by, options.layout)
    kept = [i for i, group in enumerate(data.groups) if group not in options.leave_out]
    data = Groups(data.by, [data.samples[i] for i in kept], [data.groups[i] for i in kept], data.left_out)
    results = {name: measure(name, data, options.layout, options) for name in dict.fromkeys(options.model)}
    out = Console(width=None if os.isatty(1) else 220)
    out.print(table(results, data.by))
    first = next(iter(results.values()))
    out.print(
        f"{options.source.name}, {options.layout}: {len(data.samples)} clips of {len(set(data.groups))} {data.by}s, "
        f"{first.folds} folds, seeds {list(first.seeds)}; in brackets 95 %, {first.evaluation.top1.method}; "
        f"{time.perf_counter() - started:.0f} s",
        highlight=False,
    )
    for note in first.evaluation.notes:
        out.print(f"note: {note}", highlight=False)
    if options.json:
        options.json.write_text(json.dumps(as_json(results, options.source, options.layout, data), indent=1), "utf-8")


# Quick enough to stand beside the default in every run.
_OTHERS: Final = {"rocket-ridge"}

if __name__ == "__main__":
    main()
