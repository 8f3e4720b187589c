"""Preparing examples: files that are made once, part by part, so that a killed preparation goes on where it was."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from posegloss.pipeline.errors import SettingsError, told_as_store_error
from posegloss.pipeline.files import remove_leftovers
from posegloss.pipeline.measuring.people import Annotations, Person
from posegloss.pipeline.network.collecting import Warn, files_in, footage, marked_people
from posegloss.pipeline.network.example import CONTEXT, SIDE, Example, about_examples, write_examples
from posegloss.pipeline.network.teacher import Teacher

VERSION: Final = 3
"""Of the way in which examples are made: files of another one are made anew."""
_PICTURES: Final = 500
_FILES: Final = 20

OnStep = Callable[[int], None]


@dataclass(frozen=True)
class LazyTeacher:
    """A teacher that is loaded when something is to be labelled.

    Attributes:
        name: "lite", "full" or "heavy"; None for no teacher.
        load: loads it.
    """

    name: str | None
    load: Callable[[], Teacher | None]


@dataclass(frozen=True)
class Part:
    """Some of the examples: a file of them.

    Attributes:
        name: of the file.
        settings: all that decides which examples these are.
        steps: how many pictures, videos or signers it is made of.
        draw: makes them, and tells how many steps are done.
    """

    name: str
    settings: Mapping[str, Any]
    steps: int
    draw: Callable[[OnStep], Iterator[Example]]


def prepare(parts: Sequence[Part], folder: Path, on_step: OnStep = lambda done: None) -> list[Path]:
    """Make the files that are not there yet, or that were made of something else.

    Args:
        parts: what is wanted.
        folder: of the files; made if there is none.
        on_step: is told how many steps of all parts are done.

    Returns:
        The files, in the order of the parts.

    Raises:
        StoreError: a file cannot be written.
    """
    files, before = [], 0
    with told_as_store_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
    for part in parts:
        path = folder / f"{part.name}.parquet"
        about = {"settings": json.dumps({**part.settings, "version": VERSION, "side": SIDE, "context": CONTEXT})}
        if (about_examples(path) or {}).get("settings") != about["settings"]:

            def step(done: int, start: int = before) -> None:
                on_step(start + done)

            with told_as_store_error(path):
                write_examples(path, part.draw(step), about)
        before += part.steps
        on_step(before)
        files.append(path)
    return files


def annotated_parts(
    annotations: Annotations, images: Path, teacher: LazyTeacher, *, seed: int = 0, warn: Warn = lambda text: None
) -> list[Part]:
    """The people who are marked in pictures, five hundred pictures a file."""
    parts = []
    name = f"marked-{_digest(str(images.absolute()), annotations.source)[:8]}"
    for start in range(0, len(annotations.images), _PICTURES):
        some = annotations.of_images(annotations.images[start : start + _PICTURES])
        settings = {
            "images": str(images.absolute()),
            "changed": images.stat().st_mtime if images.exists() else None,
            "people": _digest(*map(_told, some.people), *(some.ignored_in(name).tobytes() for name in some.images)),
            "teacher": teacher.name,
            "seed": seed,
        }

        def draw(on_step: OnStep, some: Annotations = some) -> Iterator[Example]:
            return marked_people(some, images, teacher.load(), seed=seed, on_picture=on_step, warn=warn)

        parts.append(Part(f"{name}-{start // _PICTURES:04}", settings, len(some.images), draw))
    return parts


def footage_parts(
    paths: Sequence[Path], teacher: LazyTeacher, *, every_s: float, warn: Warn = lambda text: None
) -> list[Part]:
    """The people whom the teacher sees in videos and pictures, twenty files a file.

    Raises:
        SettingsError: there is no teacher, or nothing at a path.
    """
    if paths and teacher.name is None:
        raise SettingsError("videos and pictures that nobody has marked need a teacher: lite, full or heavy")
    for path in paths:
        if not path.exists():
            raise SettingsError(f"there is nothing at {path}")
    files = list(files_in(paths).values())
    parts = []
    for start in range(0, len(files), _FILES):
        some = files[start : start + _FILES]
        seen = [(str(file.absolute()), file.stat().st_size, file.stat().st_mtime) for file in some]
        settings = {"files": _digest(json.dumps(seen)), "every_s": every_s, "teacher": teacher.name}

        def draw(on_step: OnStep, some: list[Path] = some) -> Iterator[Example]:
            taught = teacher.load()
            assert taught is not None
            return footage(some, taught, every_s=every_s, on_file=on_step, warn=warn)

        parts.append(Part(f"footage-{_digest(seen[0][0])[:8]}-{start // _FILES:04}", settings, len(some), draw))
    return parts


def _told(person: Person) -> bytes:
    """All that an example is made of."""
    return b"\0".join([person.image.encode(), *(a.tobytes() for a in (person.points, person.others, person.box))])


def _digest(*contents: str | bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content.encode() if isinstance(content, str) else content)
        digest.update(b"\0")
    return digest.hexdigest()
