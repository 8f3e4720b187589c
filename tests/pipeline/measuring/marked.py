"""People as annotators mark them, and systems that answer as they are told."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from posegloss.pipeline.measuring.people import Person, from_named
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.measuring.systems import ALL_POINTS, Found

# Upright, the torso 40 pixels long, the arms hanging, 20 pixels between the shoulders.
STANDING = {
    "left_shoulder": (60.0, 30.0),
    "right_shoulder": (40.0, 30.0),
    "left_wrist": (65.0, 75.0),
    "right_wrist": (35.0, 75.0),
    "left_hip": (58.0, 70.0),
    "right_hip": (42.0, 70.0),
    "left_ankle": (58.0, 140.0),
    "right_ankle": (42.0, 140.0),
}


def standing(image: str = "a.jpg", shift: tuple[float, float] = (0, 0), **options: object) -> Person:
    return Person(image, from_named(STANDING) + shift, **options)


def shifted(x: float, y: float) -> np.ndarray:
    """The standing person's points somewhere else."""
    return standing(shift=(x, y)).points


def write_pictures(folder: Path, *names: str, size: tuple[int, int] = (200, 160)) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((size[1], size[0], 3), 90, np.uint8))
    return folder


class Told:
    """A system that says of each picture what it was told to say."""

    def __init__(self, answers: dict[str, list[Found]], name: str = "told", places: Sequence[int] = ALL_POINTS) -> None:
        self.name, self.places, self.rate = name, places, None
        self._answers = answers

    def find(self, picture: Picture, people: Sequence[Person]) -> list[Found]:
        return self._answers.get(picture.name, [])

    def close(self) -> None:
        pass
