from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import SettingsError
from posegloss.pipeline.measuring.people import Annotations, Person
from posegloss.pipeline.network.example import Example, Examples
from posegloss.pipeline.network.preparing import LazyTeacher, OnStep, Part, annotated_parts, footage_parts, prepare

from .made_up import example

NO_TEACHER = LazyTeacher(None, lambda: None)


class Drawn:
    """Parts of one example a step, and how often each was drawn."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.dies_in: str | None = None

    def part(self, name: str, steps: int = 2, **settings: object) -> Part:
        def draw(on_step: OnStep) -> Iterator[Example]:
            self.parts.append(name)
            for step in range(steps):
                if self.dies_in == name and step:
                    raise KeyboardInterrupt
                yield example(f"{name}-{step}", seed=step)
                on_step(step + 1)

        return Part(name, settings, steps, draw)


def test_what_is_there_is_not_made_again_and_what_was_interrupted_is(tmp_path: Path) -> None:
    drawn = Drawn()
    parts = [drawn.part("a"), drawn.part("b", 3)]
    drawn.dies_in = "b"
    with pytest.raises(KeyboardInterrupt):
        prepare(parts, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet"]
    drawn.dies_in, told = None, []
    files = prepare(parts, tmp_path, told.append)
    assert drawn.parts == ["a", "b", "b"]
    assert [file.name for file in files] == ["a.parquet", "b.parquet"]
    # The first part counts as done at once, the second step by step.
    assert told == [2, 3, 4, 5, 5]
    assert Examples.read(files).origins.tolist() == ["a-0", "a-1", "b-0", "b-1", "b-2"]


def test_other_settings_make_a_file_anew(tmp_path: Path) -> None:
    drawn = Drawn()
    for teacher in ("lite", "lite", "heavy"):
        prepare([drawn.part("a", teacher=teacher)], tmp_path)
    assert drawn.parts == ["a", "a"]


def test_pictures_are_cut_into_parts_that_know_what_was_marked(tmp_path: Path) -> None:
    def annotations(shift: float) -> Annotations:
        points = np.full((33, 2), np.nan)
        points[[11, 12, 23, 24]] = [[60, 40], [40, 40], [58, 80], [42, 80]]
        moved = points.copy()
        moved[11] += shift
        people = [Person(f"{i:04}.jpg", points) for i in range(600)]
        return Annotations("made.csv", (*people, Person("0600.jpg", moved)))

    first = annotated_parts(annotations(0), tmp_path, NO_TEACHER)
    again = annotated_parts(annotations(0), tmp_path, NO_TEACHER)
    other = annotated_parts(annotations(5), tmp_path, NO_TEACHER)
    assert [part.steps for part in first] == [500, 101]
    assert [part.name for part in first] == [part.name for part in other]
    assert [part.settings for part in first] == [part.settings for part in again]
    assert [a.settings == b.settings for a, b in zip(first, other, strict=True)] == [True, False]
    taught = annotated_parts(annotations(0), tmp_path, LazyTeacher("heavy", lambda: pytest.fail("not needed yet")))
    assert taught[0].settings != first[0].settings


def test_footage_needs_a_teacher_and_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="need a teacher"):
        footage_parts([tmp_path], NO_TEACHER, every_s=1)
    with pytest.raises(SettingsError, match=r"nothing at .*gone"):
        footage_parts([tmp_path / "gone"], LazyTeacher("lite", lambda: None), every_s=1)
    for number in range(21):
        (tmp_path / f"{number:02}.mp4").write_bytes(b"not read yet")
    parts = footage_parts([tmp_path], LazyTeacher("lite", lambda: None), every_s=1)
    assert [part.steps for part in parts] == [20, 1]
    assert len({part.name for part in parts}) == 2
