"""The figures of a measurement: a row a system, over the points that all systems and the annotations share."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import posegloss
from posegloss.pipeline.measuring.oks import SIGMAS, average_precision
from posegloss.pipeline.measuring.pck import (
    HEAD_THRESHOLD,
    Figure,
    difference,
    relative_distances,
    share_of_each,
    share_within,
    with_interval,
)
from posegloss.pipeline.measuring.people import Annotations
from posegloss.pipeline.measuring.run import Answers, Measured
from posegloss.pipeline.skeleton import KEYPOINT_NAMES

FloatArray = npt.NDArray[np.float64]
CURVE: Final = np.round(np.arange(0, 0.505, 0.01), 2)
"""Thresholds of the curves, in sizes of the torso."""


@dataclass(frozen=True, eq=False)
class Row:
    """One system.

    Attributes:
        system: its name.
        pck: the figure of each threshold, in the order of ``Result.thresholds``; people not found count as wrong.
        by_point: (P,) PCK of each shared point by the first threshold.
        found: the share of people for whom it answered.
        where_found: PCK by the first threshold over these alone.
        pckh: PCK by half the head's size; NaN where no head is known.
        oks_ap: OKS-AP; NaN where no area or none of COCO's points is known.
        curve: PCK by each threshold of ``CURVE``.
        rate: pictures a second; NaN where unknown.
        distances: (N, P) in sizes of the torso, infinite where nothing was found; NaN where nothing can be said.
    """

    system: str
    pck: tuple[Figure, ...]
    by_point: FloatArray
    found: float
    where_found: float
    pckh: Figure
    oks_ap: float
    curve: FloatArray
    rate: float
    distances: FloatArray


@dataclass(frozen=True)
class Difference:
    """How much higher PCK by the first threshold is of one system than of another, paired on the same people."""

    system: str
    other: str
    pck: Figure

    def __str__(self) -> str:
        low, high = (f"{100 * one:+.1f}" for one in (self.pck.low, self.pck.high))
        return f"{self.system} against {self.other}: {100 * self.pck.value:+.1f} points of PCK ({low} to {high})"


@dataclass(frozen=True, eq=False)
class Result:
    """All systems on the same people.

    Attributes:
        annotations: who was annotated.
        measured: who was measured, and all answers.
        points: the names of the points that count.
        places: the same among the 33.
        thresholds: of PCK, in sizes of the torso.
        rows: a system each.
        differences: of the pairs of systems that were asked for.
    """

    annotations: Annotations
    measured: Measured
    points: tuple[str, ...]
    places: tuple[int, ...]
    thresholds: tuple[float, ...]
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...] = ()

    @classmethod
    def of(
        cls,
        annotations: Annotations,
        measured: Measured,
        thresholds: Sequence[float],
        pairs: Sequence[tuple[str, str]] = (),
    ) -> "Result":
        """The figures of what was measured.

        Args:
            annotations: who was annotated.
            measured: all answers.
            thresholds: of PCK, in sizes of the torso.
            pairs: names of systems of which the first is held against the second.
        """
        people = measured.people
        truth = np.stack([person.points for person in people])
        marked = np.isfinite(truth).all(axis=2).any(axis=0)
        places = tuple(
            place for place in np.flatnonzero(marked).tolist() if all(place in one.places for one in measured.answers)
        )
        groups = np.unique([person.image for person in people], return_inverse=True)[1].astype(np.int64)
        torsos = np.array([person.torso for person in people])
        heads = np.array([person.head for person in people])

        def row(answers: Answers) -> Row:
            points = np.stack(answers.points)[:, places]
            distances = relative_distances(truth[:, places], points, torsos)
            by_head = relative_distances(truth[:, places], points, heads)
            found = np.isfinite(np.stack(answers.points)).any(axis=(1, 2))
            return Row(
                answers.system,
                tuple(with_interval(distances, threshold, groups) for threshold in thresholds),
                share_of_each(distances, thresholds[0]),
                float(found.mean()),
                share_within(distances[found], thresholds[0]),
                with_interval(by_head, HEAD_THRESHOLD, groups),
                average_precision(answers.pictures, [place for place in places if place in SIGMAS]),
                np.array([share_within(distances, threshold) for threshold in CURVE.tolist()]),
                answers.rate,
                distances,
            )

        rows = tuple(row(answers) for answers in measured.answers)
        of = {row.system: row.distances for row in rows}
        differences = tuple(Difference(a, b, difference(of[a], of[b], thresholds[0], groups)) for a, b in pairs)
        names = tuple(KEYPOINT_NAMES[i] for i in places)
        return cls(annotations, measured, names, places, tuple(thresholds), rows, differences)

    @property
    def images(self) -> int:
        """How many pictures were measured."""
        return len({person.image for person in self.measured.people})

    @property
    def without_torso(self) -> int:
        """How many people lack a shoulder or a hip, or have no size, so that PCK says nothing of them."""
        return sum(int(np.isnan(person.torso)) for person in self.measured.people)

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures should know."""
        notes = list(self.annotations.notes)
        people = len(self.measured.people)
        if self.without_torso:
            notes.append(f"{self.without_torso} of {people} people lack a shoulder or a hip: PCK leaves them out")
        if people > self.images:
            notes.append(
                f"{people} people in {self.images} pictures; who found is whom is told by the overlap of boxes, and a "
                "system that finds one person a picture misses the others (--people largest leaves those out)"
            )
        if self.measured.left_out:
            name, reason = next(iter(self.measured.left_out.items()))
            notes.append(f"annotated pictures that were left out: {len(self.measured.left_out)}; {name}: {reason}")
        return notes

    @property
    def definition(self) -> str:
        """What the figures mean, in a sentence."""
        return (
            f"{len(self.measured.people)} people in {self.images} pictures, {len(self.points)} points; PCK: a point "
            f"within {self.thresholds[0]:g} of the torso (middle of the shoulders to middle of the hips as annotated); "
            "a person not found counts as wrong; in brackets 95 % (bootstrap over pictures)"
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures, for JSON; null where there is none."""
        return {
            "posegloss": posegloss.__version__,
            "annotations": self.annotations.source,
            "people": len(self.measured.people),
            "pictures": self.images,
            "without_torso": self.without_torso,
            "left_out": self.measured.left_out,
            "points": list(self.points),
            "thresholds": list(self.thresholds),
            "curve_thresholds": CURVE.tolist(),
            "notes": self.notes,
            "systems": [
                {
                    "system": row.system,
                    "pck": [[*map(_null, (one.value, one.low, one.high))] for one in row.pck],
                    "pck_by_point": dict(zip(self.points, map(_null, row.by_point.tolist()), strict=True)),
                    "found": row.found,
                    "pck_where_found": _null(row.where_found),
                    "pckh": [*map(_null, (row.pckh.value, row.pckh.low, row.pckh.high))],
                    "oks_ap": _null(row.oks_ap),
                    "pictures_per_second": _null(row.rate),
                    "curve": [_null(value) for value in row.curve.tolist()],
                }
                for row in self.rows
            ],
            "differences": [
                {
                    "system": one.system,
                    "other": one.other,
                    "pck": [*map(_null, (one.pck.value, one.pck.low, one.pck.high))],
                }
                for one in self.differences
            ],
        }

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """A line a figure: system, measure, point, threshold, value, low, high; an empty cell where there is none."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("system", "measure", "point", "threshold", "value", "low", "high"))
        for row in self.rows:
            figures = [("pck", "", threshold, one) for threshold, one in zip(self.thresholds, row.pck, strict=True)]
            figures += [
                ("pck", point, self.thresholds[0], Figure(value))
                for point, value in zip(self.points, row.by_point.tolist(), strict=True)
            ]
            figures += [
                ("pckh", "", HEAD_THRESHOLD, row.pckh),
                ("oks_ap", "", np.nan, Figure(row.oks_ap)),
                ("found", "", np.nan, Figure(row.found)),
                ("pck_where_found", "", self.thresholds[0], Figure(row.where_found)),
                ("pictures_per_second", "", np.nan, Figure(row.rate)),
            ]
            for measure, point, threshold, one in figures:
                numbers = (
                    "" if np.isnan(number) else f"{number:.6g}" for number in (threshold, one.value, one.low, one.high)
                )
                table.writerow((row.system, measure, point, *numbers))
        return text.getvalue()


def _null(value: float) -> float | None:
    return None if np.isnan(value) else value
