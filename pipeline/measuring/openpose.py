"""OpenPose's answers, from the JSON files that it wrote for the same pictures (``--write_json``)."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.names import BODY, COCO_18
from posegloss.pipeline.formats.openpose import parse_frame
from posegloss.pipeline.measuring.people import Person
from posegloss.pipeline.measuring.pictures import Picture, read_files
from posegloss.pipeline.measuring.systems import Found
from posegloss.pipeline.skeleton import INDEX

PLACES: Final = tuple(INDEX[BODY[name]] for name in COCO_18 if name in BODY)
"""The points that BODY_25 and COCO-18 both have; the feet, which BODY_25 alone has, are left out."""


class OpenPose:
    """What OpenPose said of each picture.

    Args:
        answers: the people found by the picture's name.
        name: what tables call it.
        rate: frames a second; NaN where it is unknown.
    """

    def __init__(self, answers: Mapping[str, Sequence[Found]], name: str = "OpenPose", rate: float = np.nan) -> None:
        self.name = name
        self.rate: float | None = rate
        self.places: Sequence[int] = PLACES
        self._answers = answers

    def find(self, picture: Picture, people: Sequence[Person]) -> list[Found]:
        """The people of whom the JSON tells.

        Raises:
            FormatError: there is no JSON for this picture.
        """
        if picture.name not in self._answers:
            raise FormatError(f"{self.name} has no {json_name(picture.name)}, so it says nothing of {picture.name}")
        return list(self._answers[picture.name])

    def close(self) -> None:
        """Nothing to free."""


def read_answers(source: Path, pictures: Collection[str]) -> dict[str, list[Found]]:
    """The people that OpenPose found in each picture for which there is a file.

    Args:
        source: a folder or tar of ``NAME_keypoints.json``, NAME being the picture's without its ending.
        pictures: the names of the pictures.

    Raises:
        FormatError: a file is not OpenPose's JSON, or two pictures would have the same.
    """
    files: dict[str, str] = {}
    for picture in pictures:
        if (other := files.setdefault(json_name(picture), picture)) != picture:
            raise FormatError(f"{picture} and {other} would have the same file of OpenPose's, {json_name(picture)}")
    return {files[name]: _people(content, f"{source}: {name}") for name, content in read_files(source, files)}


def json_name(picture: str) -> str:
    """What OpenPose calls the file of a picture."""
    return f"{PurePosixPath(picture).stem}_keypoints.json"


def _people(content: bytes, where: str) -> list[Found]:
    try:
        people = parse_frame(content).astype(np.float64)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where} is not OpenPose's JSON ({error})") from error
    return [Found(person[:, :2], float(np.nan_to_num(person[:, 2]).sum() / len(PLACES))) for person in people]
