"""Glosses of people that were not trained on: our default family against the baselines, one group held out at a time.

    python -m benchmarks.recognition FILE.npz|STORE [--by signer|session|repo] [--layout blazepose33|holistic75]
        [--model NAME ...] [--folds N] [--seeds N] [--leave-out GROUP ...] [--part P] [--config JSON] [--json OUT]

FILE.npz holds clips in rows of MediaPipe Holistic: ``frames`` (clip, frame, 258), ``gloss``, and who or what recorded
each clip as ``signer``, ``session`` or ``repo``; see posegloss.pipeline.formats.npz. It is read as blazepose33 unless
told otherwise; a store has its own layout. Each group is the test once, or each of N sets of groups with --folds;
groups that show fewer than five glosses are trained on and never a test.
Training sees every other group, and nothing is chosen by looking at a test. The first model is the one that the
figure ``top1_mean`` is of: the mean over test groups of the mean over seeds.
"""

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from posegloss.classifiers.base import (
    BASELINE_FAMILY,
    DEFAULT_FAMILY,
    FAMILIES,
    Sample,
    each_clip,
    layout_of,
    preprocess,
)
from posegloss.classifiers.evaluating.cross_validation import CrossValidation, FoldReport, cross_validate
from posegloss.classifiers.evaluating.groups import groups_of
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.settings import read_settings, untrained
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.formats.npz import list_npz
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.skeleton import BLAZEPOSE33, LAYOUTS
from posegloss.pipeline.store import Clip, KeypointStore

# Rocket-ridge is quick enough to stand beside the default and the baseline in every run.
MODELS: Final = (DEFAULT_FAMILY, BASELINE_FAMILY, "rocket-ridge")
GROUPS: Final = ("signer", "session", "repo")
# Recorders of .npz files seldom say: a webcam.
RATE_HZ: Final = 30.0
SIZE: Final = (640, 480)

console = Console(stderr=True)


@dataclass(frozen=True)
class Groups:
    """Samples, their layout, the group that each is held out with, and what was left out why."""

    by: str
    layout: str
    samples: list[Sample]
    groups: list[str | None]
    left_out: dict[str, str]


def read(source: Path, by: str | None, layout: str | None) -> Groups:
    """The samples of a .npz file or a store.

    Raises:
        SystemExit: there is no such group, with those that there are; or the store has another layout.
        PoseglossError: the source cannot be read, or a store's clips cannot be grouped so.
    """
    clips: KeypointStore | list[Clip]
    groups: Mapping[str, str | None]
    if source.suffix == ".npz":
        by, clips, groups = _read_npz(source, by, layout or BLAZEPOSE33)
    else:
        clips, by = KeypointStore.open(source), by or "signer"
        groups = groups_of(clips, by)
    found = layout_of(clips)
    if layout not in (None, found):
        raise SystemExit(f"{source} has the layout {found}, not {layout}; leave out --layout")
    samples, left_out = preprocess(each_clip(clips), Preprocessing(layout=found))
    return Groups(by, found, samples, [groups[sample.clip_id] or None for sample in samples], left_out)


def _read_npz(source: Path, by: str | None, layout: str) -> tuple[str, list[Clip], dict[str, str]]:
    with np.load(source) as arrays:
        by = by or next((name for name in GROUPS if name in arrays), None)
        if by is None or by not in arrays:
            raise SystemExit(f"{source} has no array {by or ' or '.join(GROUPS)}; it has: {', '.join(arrays)}")
        names = [str(name) for name in arrays[by]]
    listed = list_npz(source, ReadOptions(RATE_HZ, SIZE, layout))
    people = names if by == "signer" else [None] * len(names)
    clips = [Clip(c.clip_id, c.read(), c.gloss, person) for c, person in zip(listed, people, strict=True)]
    return by, clips, {clip.clip_id: name for clip, name in zip(clips, names, strict=True)}


def measure(name: str, data: Groups, options: argparse.Namespace) -> CrossValidation:
    """Cross-validate a family with its own settings."""

    def told(report: FoldReport) -> None:
        console.print(
            f"{name} {report.done}/{report.total}: {', '.join(report.held_out)} held out, seed {report.seed}: "
            f"{report.top1:.3f}, trained in {report.training_s:.0f} s",
            highlight=False,
        )

    config = read_settings(options.config) if name == options.model[0] else {}
    return cross_validate(
        lambda: untrained(name, config, Preprocessing(layout=data.layout)),
        data.samples,
        data.groups,
        folds=options.folds,
        seeds=range(options.seeds),
        validation=0.0,
        part=options.part,
        left_out=data.left_out,
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
            str(result.top1_mean),
            str(evaluation.top1),
            str(evaluation.top5),
            str(evaluation.macro_f1),
            evaluation.mrr.plain,
            str(evaluation.ece),
            ", ".join(f"{group} {100 * value:.1f}" for group, value in sorted(result.top1_by_group.items())),
            f"{result.training_s:.0f}",
        )
    return shown


def as_json(results: dict[str, CrossValidation], source: Path, data: Groups, part: float) -> dict[str, Any]:
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
        "layout": data.layout,
        "by": data.by,
        "clips": len(data.samples),
        "left_out": len(data.left_out),
        "glosses": len({sample.gloss for sample in data.samples}),
        "groups": len(set(data.groups) - {None}),
        "folds": first.folds,
        "seeds": list(first.seeds),
        "part": part,
        "training_s": {name: result.training_s for name, result in results.items()},
        "notes": list(first.evaluation.notes),
    }


def _part(text: str) -> float:
    if not 0 < (part := float(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and 1 at most")
    return part


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--by", help="what tells groups apart; the first of signer, session and repo that is there")
    parser.add_argument("--layout", choices=list(LAYOUTS), help="the store's own; of a .npz blazepose33 unless given")
    parser.add_argument("--model", action="append", choices=list(FAMILIES), help="may be given several times")
    parser.add_argument("--folds", type=int, help="so many sets of groups instead of one group at a time")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each fold")
    parser.add_argument("--leave-out", action="append", default=[], metavar="GROUP", help="not even to train on")
    parser.add_argument("--part", type=_part, default=1.0, help="learn from so large a part of everybody's clips")
    parser.add_argument("--config", default="{}", help="settings of the first model, JSON or a file of it")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")
    options = parser.parse_args(arguments)
    options.model = options.model or MODELS
    started = time.perf_counter()
    try:
        data = read(options.source, options.by, options.layout)
        kept = [i for i, group in enumerate(data.groups) if group not in options.leave_out]
        data = replace(data, samples=[data.samples[i] for i in kept], groups=[data.groups[i] for i in kept])
        results = {name: measure(name, data, options) for name in dict.fromkeys(options.model)}
    except PoseglossError as error:
        raise SystemExit(str(error)) from error
    out = Console(width=None if os.isatty(1) else 220)
    out.print(table(results, data.by))
    first = next(iter(results.values()))
    out.print(
        f"{options.source.name}, {data.layout}: {len(data.samples)} clips of {len(set(data.groups))} {data.by}s, "
        f"{first.folds} folds, seeds {list(first.seeds)}, learnt from {100 * options.part:g} %; "
        f"in brackets 95 %, {first.evaluation.top1.method}; "
        f"{time.perf_counter() - started:.0f} s",
        highlight=False,
    )
    for note in first.evaluation.notes:
        out.print(f"note: {note}", highlight=False)
    if options.json:
        options.json.write_text(json.dumps(as_json(results, options.source, data, options.part), indent=1), "utf-8")


if __name__ == "__main__":
    main()
