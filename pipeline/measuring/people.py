"""What people marked in pictures: the annotated persons, and where the landmark network should have looked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.roi import ROI_SCALE, RegionOfInterest
from posegloss.pipeline.skeleton import INDEX, KEYPOINT_NAMES

FloatArray = npt.NDArray[np.float64]

SHOULDERS: Final = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
HIPS: Final = [INDEX["left_hip"], INDEX["right_hip"]]


@dataclass(frozen=True, eq=False)
class Person:
    """An annotated person.

    Attributes:
        image: the picture's name, as the annotations give it.
        points: (33, 2) x, y in pixels in the order of ``blazepose33``; NaN where nothing was marked.
        others: (E, 2) what was marked besides these, the neck or the top of the head; tells only how far the body goes.
        marked_box: (4,) left, top, right, bottom in pixels as annotated; None where only points are.
        area: pixels that the person covers, as annotated; None where it is not.
        head: the size of the head in pixels for PCKh; NaN where it is unknown.
    """

    image: str
    points: FloatArray
    others: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    marked_box: FloatArray | None = None
    area: float | None = None
    head: float = np.nan

    @property
    def box(self) -> FloatArray:
        """(4,) the annotated box, else the one around all that is marked; NaN where nothing is."""
        if self.marked_box is not None:
            return self.marked_box
        return box_around(np.concatenate([self.points, self.others]))

    @property
    def torso(self) -> float:
        """Pixels from the middle of the shoulders to the middle of the hips; NaN where one is missing or it is zero."""
        size = float(np.hypot(*(self.points[SHOULDERS].mean(axis=0) - self.points[HIPS].mean(axis=0))))
        return size if size > 0 else np.nan

    @property
    def region(self) -> RegionOfInterest | None:
        """The landmark network's region of interest as the paper aligns it; None where there is nothing to go by.

        The middle of the hips in the middle, the line to the middle of the shoulders upright, a circle around all that
        is marked (Bazarevsky et al. 2020, section 2.6), and around it what the detector's region has
        (``roi.ROI_SCALE``). Without shoulders or hips: upright around the box.
        """
        if np.isfinite(self.torso):
            hips = self.points[HIPS].mean(axis=0)
            up = (self.points[SHOULDERS].mean(axis=0) - hips) / self.torso
            radius = np.nanmax(np.hypot(*(np.concatenate([self.points, self.others]) - hips).T))
            region = RegionOfInterest.from_alignment_points(hips, hips + up * radius)
            return region and region.scaled(ROI_SCALE)
        left, top, right, bottom = self.box.tolist()
        side = max(right - left, bottom - top)
        middle = ((left + right) / 2, (top + bottom) / 2)
        return RegionOfInterest(middle, side * ROI_SCALE) if np.isfinite(side) and side > 0 else None


@dataclass(frozen=True, eq=False)
class Annotations:
    """The people of many pictures.

    Attributes:
        source: what was read, for people to read.
        people: those that are measured.
        ignored: picture to (K, 4) boxes of people of whom no answer is asked and none is held against a system.
        notes: what a reader of the figures should know of how they were read.
    """

    source: str
    people: tuple[Person, ...]
    ignored: Mapping[str, FloatArray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def images(self) -> tuple[str, ...]:
        """The pictures, each once, in their order."""
        return tuple(dict.fromkeys(person.image for person in self.people))

    def ignored_in(self, image: str) -> FloatArray:
        """(K, 4) boxes of those who are ignored in a picture."""
        return self.ignored.get(image, np.empty((0, 4)))

    def of_images(self, names: Collection[str]) -> "Annotations":
        """Only the people of some pictures.

        Raises:
            FormatError: nobody is annotated in any of them.
        """
        wanted = frozenset(names)
        people = tuple(person for person in self.people if person.image in wanted)
        if not people:
            raise FormatError(f"{self.source} marks nobody in any of the {len(wanted)} pictures that are listed")
        return replace(self, people=people)

    def largest(self) -> "Annotations":
        """Only the person with the largest box of each picture; the others are ignored."""
        by_image: dict[str, list[Person]] = {}
        for person in self.people:
            by_image.setdefault(person.image, []).append(person)
        kept, ignored = [], dict(self.ignored)
        for name, several in by_image.items():
            first, *rest = sorted(several, key=lambda person: -box_area(person.box))
            kept.append(first)
            if rest:
                ignored[name] = np.concatenate([self.ignored_in(name), [person.box for person in rest]])
        return replace(self, people=tuple(kept), ignored=ignored)


def from_named(marked: Mapping[str, tuple[float, float]]) -> FloatArray:
    """(33, 2) points out of those marked by the names of ``blazepose33``; others' names are left out."""
    points = np.full((len(KEYPOINT_NAMES), 2), np.nan)
    for name, place in marked.items():
        if name in INDEX:
            points[INDEX[name]] = place
    return points


def box_around(points: FloatArray) -> FloatArray:
    """(4,) left, top, right, bottom around (N, 2) points, those missing left out; NaN where all are."""
    there = points[np.isfinite(points).all(axis=1)]
    if not len(there):
        return np.full(4, np.nan)
    return np.concatenate([there.min(axis=0), there.max(axis=0)])


def box_area(box: FloatArray) -> float:
    """Of (4,) left, top, right, bottom, in square pixels; 0 where it is unknown."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return float(area) if np.isfinite(area) else 0.0
