"""A plain CSV of marked points: a row a person.

``image`` names the picture; ``left_shoulder_x``, ``left_shoulder_y`` and so on are pixels, by the names of
``blazepose33``; an empty cell is a point that was not marked. Optional: ``left``, ``top``, ``right``, ``bottom`` of the
person's box, ``area``, and ``head_size`` for PCKh.
"""

import csv
import io
from collections.abc import Mapping
from typing import Final

import numpy as np

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.people import Annotations, Person, from_named
from posegloss.pipeline.skeleton import KEYPOINT_NAMES

BOX: Final = ("left", "top", "right", "bottom")


def read_table(text: str, source: str) -> Annotations:
    """The people of a CSV.

    Raises:
        FormatError: a column is missing, or a cell is no number; the message names the row.
    """
    rows = csv.DictReader(io.StringIO(text))
    columns = rows.fieldnames or []
    named = [name for name in KEYPOINT_NAMES if f"{name}_x" in columns and f"{name}_y" in columns]
    if "image" not in columns or not named:
        raise FormatError(
            f"{source} lacks the column image, or has no pair of columns as left_shoulder_x, left_shoulder_y"
        )
    people = []
    for number, row in enumerate(rows, start=2):
        person = _person(row, named, f"{source}, line {number}")
        if np.isfinite(person.points).any():
            people.append(person)
    return Annotations(source, tuple(people))


def _person(row: Mapping[str, str | None], named: list[str], where: str) -> Person:
    def number(column: str) -> float:
        text = (row.get(column) or "").strip()
        try:
            value = float(text) if text else np.nan
        except ValueError:
            raise FormatError(f"{where}: {column} is {text[:40]!r}, which is no number") from None
        return value if np.isfinite(value) else np.nan

    if not row["image"]:
        raise FormatError(f"{where} names no picture")
    box = np.array([number(side) for side in BOX])
    area, head = number("area"), number("head_size")
    return Person(
        row["image"],
        from_named({name: (number(f"{name}_x"), number(f"{name}_y")) for name in named}),
        marked_box=box if np.isfinite(box).all() else None,
        area=area if area > 0 else None,
        head=head if head > 0 else np.nan,
    )
