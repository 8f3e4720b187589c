"""Asking systems about the annotated people of pictures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.errors import SettingsError
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.matching import assign, box_in_picture, lies_in
from posegloss.pipeline.measuring.oks import PictureAnswers
from posegloss.pipeline.measuring.people import Annotations, Person
from posegloss.pipeline.measuring.pictures import Picture, decode, read_files
from posegloss.pipeline.measuring.systems import ALL_POINTS, Found, System

FloatArray = npt.NDArray[np.float64]


@dataclass(eq=False)
class Answers:
    """What one system said.

    Attributes:
        system: its name.
        places: which of the 33 points it can find.
        points: a (33, 2) for each annotated person in pixels; all NaN where nobody was found.
        pictures: everybody whom it found, picture by picture.
        seconds: spent in ``System.find``, the first picture's left out, on which networks warm up.
        rate: frames a second; NaN where unknown.
    """

    system: str
    places: Sequence[int]
    points: list[FloatArray] = field(default_factory=list)
    pictures: list[PictureAnswers] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    own_rate: float | None = None

    @property
    def rate(self) -> float:
        """Frames a second; NaN where unknown."""
        if self.own_rate is not None:
            return self.own_rate
        timed = self.seconds[1:]
        return len(timed) / sum(timed) if sum(timed) > 0 else np.nan


@dataclass(frozen=True, eq=False)
class Measured:
    """The annotated people of the pictures that could be read, and what each system said of them.

    Attributes:
        people: in the order of all answers.
        answers: of each system.
        left_out: picture to the reason why nobody was asked about it.
    """

    people: tuple[Person, ...]
    answers: tuple[Answers, ...]
    left_out: dict[str, str]


def measure(
    annotations: Annotations,
    images: Path,
    systems: Sequence[System],
    on_picture: Callable[[int], None] = lambda done: None,
) -> Measured:
    """Ask systems about the people of pictures.

    Args:
        annotations: who is where.
        images: the folder or tar of the pictures.
        systems: what is asked.
        on_picture: is told how many pictures are done.

    Raises:
        FormatError: no picture can be read.
        SettingsError: there are no systems, or two of one name.
    """
    names = [system.name for system in systems]
    if not names or len(set(names)) < len(names):
        raise SettingsError(f"systems of different names are measured, not {names}")
    by_image: dict[str, list[Person]] = {}
    for person in annotations.people:
        by_image.setdefault(person.image, []).append(person)
    people: list[Person] = []
    answers = tuple(Answers(system.name, system.places, own_rate=system.rate) for system in systems)
    left_out = dict.fromkeys(by_image, "there is no such picture")
    for done, (name, content) in enumerate(read_files(images, by_image), start=1):
        picture = decode(name, content)
        if picture is None:
            left_out[name] = "it is no picture that can be decoded"
            continue
        del left_out[name]
        here = by_image[name]
        people += here
        ignored = annotations.ignored.get(name, np.empty((0, 4)))
        for system, answer in zip(systems, answers, strict=True):
            start = time.perf_counter()
            found = system.find(picture, here)
            answer.seconds.append(time.perf_counter() - start)
            _keep(answer, picture, here, found, ignored)
        on_picture(done)
    if not people:
        raise FormatError(f"{images} has none of the {len(by_image)} pictures of {annotations.source} that can be read")
    return Measured(tuple(people), answers, left_out)


def _keep(
    answer: Answers, picture: Picture, people: Sequence[Person], found: Sequence[Found], ignored: FloatArray
) -> None:
    points = np.array([one.points for one in found]).reshape(-1, len(ALL_POINTS), 2)
    boxes = np.array([box_in_picture(one, picture.size) for one in points]).reshape(-1, 4)
    if any(one.of is not None for one in found):
        made_for = {one.of: place for place, one in enumerate(found)}
        pairs = [made_for.get(place) for place in range(len(people))]
    else:
        pairs = assign(np.array([person.box for person in people]), boxes)
    answer.points += [np.full(points.shape[1:], np.nan) if place is None else points[place] for place in pairs]
    scores = np.array([one.score for one in found])
    answer.pictures.append(PictureAnswers(people, points, scores, lies_in(boxes, ignored)))
