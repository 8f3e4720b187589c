"""The page of a measurement: the table, PCK over the threshold, and the people with whom it went worst."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

import posegloss
from posegloss.pipeline.files import write_whole
from posegloss.pipeline.html import render_html
from posegloss.pipeline.measuring.drawing import HEIGHT, WIDTH, curves, drawn
from posegloss.pipeline.measuring.pictures import decode, read_files
from posegloss.pipeline.measuring.result import CURVE, Result, Row

WORST: Final = 24
_FARTHEST: Final = 1.0
"""Beyond this, in torsos, all errors are alike: one wild point does not make a person the worst."""


@dataclass(frozen=True)
class Worst:
    """A person with whom it went badly: the picture, and what stands under it."""

    image: str
    told: str
    picture: str


def write_page(result: Result, images: Path, out: Path, worst: int = WORST) -> None:
    """Write the page, which needs nothing beside it; it appears whole or not at all.

    Args:
        result: the figures.
        images: the folder or tar of the pictures.
        out: the page; its folder is made if there is none.
        worst: so many people are shown.

    Raises:
        StoreError: the page cannot be written.
        FormatError: the pictures can no longer be read.
    """
    write_whole(out, render_page(result, images, worst))


def render_page(result: Result, images: Path, worst: int = WORST) -> str:
    """The page as HTML."""
    best = max(result.rows, key=lambda row: np.nan_to_num(row.pck[0].value, nan=-1.0))
    return render_html(
        Path(__file__).with_name("page.html"),
        result=result,
        version=posegloss.__version__,
        curves=curves([row.system for row in result.rows], CURVE, [row.curve for row in result.rows]),
        size=(WIDTH, HEIGHT),
        farthest=float(CURVE[-1]),
        best=best,
        worst=people_of(result, best, images, worst, missed=False),
        missed=people_of(result, best, images, worst, missed=True),
    )


def people_of(result: Result, row: Row, images: Path, most: int, *, missed: bool) -> list[Worst]:
    """The people whom a system found worst, with the truth, which often is what is wrong; or those it did not find."""
    answers = next(one for one in result.measured.answers if one.system == row.system)
    nobody = np.array([np.isnan(points).all() for points in answers.points])
    known = np.flatnonzero((~np.isnan(row.distances)).any(axis=1) & (nobody == missed))
    error = np.nanmean(np.minimum(row.distances[known], _FARTHEST), axis=1)
    chosen = known[np.argsort(-error, kind="stable")[:most]].tolist()
    people = result.measured.people
    pictures = {name: decode(name, content) for name, content in read_files(images, {people[i].image for i in chosen})}
    shown = []
    for i in chosen:
        picture = pictures.get(people[i].image)
        if picture is not None:
            shown.append(
                Worst(
                    people[i].image,
                    _told(row.distances[i], result.thresholds[0]),
                    drawn(picture, people[i].points, answers.points[i], result.places),
                )
            )
    return shown


def _told(distances: np.ndarray[tuple[int, ...], np.dtype[np.float64]], threshold: float) -> str:
    known = distances[~np.isnan(distances)]
    return f"{int((known <= threshold).sum())} of {len(known)} points right"
