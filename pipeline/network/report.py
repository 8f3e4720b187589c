"""The page of a training: what was trained on what, the learning curves, and pictures that it did not learn from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np

import posegloss
from posegloss.pipeline.files import write_whole
from posegloss.pipeline.html import render_html
from posegloss.pipeline.measuring.drawing import HEIGHT, WIDTH, drawn
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.network.architecture import PoseNetwork
from posegloss.pipeline.network.augmentation import NONE, view
from posegloss.pipeline.network.description import INPUT_SIDE, NUM_POINTS, NetworkDescription
from posegloss.pipeline.network.example import Examples
from posegloss.pipeline.network.size import NetworkSize
from posegloss.pipeline.network.training import EpochReport, Plan

_SHOWN: Final = 24


@dataclass(frozen=True)
class Numbers:
    """How many examples there were: with and without a person to learn from, and to validate with."""

    people: int
    empty: int
    validated: int


@dataclass(frozen=True)
class Curve:
    """A line of a stage, as an SVG polyline in WIDTH by HEIGHT."""

    stage: int
    points: str


def write_report(
    out: Path,
    description: NetworkDescription,
    plan: Plan,
    numbers: Numbers,
    history: Sequence[EpochReport],
    pictures: Sequence[str],
) -> None:
    """Write the page, which needs nothing beside it; it appears whole or not at all.

    Args:
        out: the page.
        description: the network.
        plan: how it was trained.
        numbers: of the examples.
        history: all epochs.
        pictures: data URIs, as ``examples_drawn`` makes them.

    Raises:
        StoreError: the page cannot be written.
    """
    page = render_html(
        Path(__file__).with_name("report.html"),
        name=description.name,
        size=NetworkSize.of(description),
        plan=asdict(plan),
        numbers=numbers,
        history=history,
        pck=_curves(history, [report.pck for report in history], 0.0, 1.0),
        loss=_curves(history, *_logarithms([report.loss for report in history])),
        box=(WIDTH, HEIGHT),
        pictures=pictures,
        version=posegloss.__version__,
    )
    write_whole(out, page)


def examples_drawn(network: PoseNetwork, examples: Examples) -> list[str]:
    """Some examples of people with what is known and what the network says drawn over them, as data URIs."""
    people = np.flatnonzero(examples.values["person"] > 0)
    chosen = np.linspace(0, len(people) - 1, min(_SHOWN, len(people))).astype(int)
    shown = []
    for row in people[chosen].tolist():
        known = {name: values[row] for name, values in examples.values.items()}
        picture, values = view(examples.picture(row), known, INPUT_SIDE, NONE, np.random.default_rng(0))
        said = network.inference(picture[None].astype(np.float32) / 255, training=False)["points"]
        wanted, found = (
            np.asarray(points, np.float64)[:NUM_POINTS, :2] * INPUT_SIDE for points in (values["points"], said[0])
        )
        shown.append(drawn(Picture(str(examples.origins[row]), picture), wanted, found, range(NUM_POINTS)))
    return shown


def _logarithms(values: Sequence[float]) -> tuple[list[float], float, float]:
    # Losses of two stages differ by their scale, and fall by ratios.
    logarithms = np.log10(np.maximum(values, 1e-9))
    return logarithms.tolist(), float(logarithms.min()), float(logarithms.max())


def _curves(history: Sequence[EpochReport], values: Sequence[float], low: float, high: float) -> list[Curve]:
    total = max(history[-1].total, 2)
    height = max(high - low, 1e-9)
    lines = []
    for stage, reports in groupby(zip(history, values, strict=True), lambda one: one[0].stage):
        points = [
            f"{WIDTH * (report.done - 1) / (total - 1):.1f},{HEIGHT * (1 - (value - low) / height):.1f}"
            for report, value in reports
            if np.isfinite(value)
        ]
        lines.append(Curve(stage, " ".join(points)))
    return lines
