"""Frames in files of their own, in a folder or a tar, with the frame's number in the file's name."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Generic, TypeVar

from posegloss.pipeline.files import files_below
from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.options import check_frames
from posegloss.pipeline.formats.tar import MAX_FILE, is_tar, tar_files

_MOST_DIGITS: Final = 18
_SHOWN: Final = 200

T = TypeVar("T")


@dataclass
class NumberedFrames(Generic[T]):
    """The frames of one clip.

    Attributes:
        frames: for each number what its file holds, or None where that cannot be read.
        problems: why those cannot be read, a line each.
    """

    frames: dict[int, T | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, number: int, name: str, data: bytes, parse: Callable[[bytes], T]) -> None:
        """Parse a frame's file and add it."""
        if number in self.frames:
            self._tell(f"{name}: another file is frame {number}, too")
            return
        try:
            self.frames[number] = parse(data)
        # A damaged file is a missing frame; parsers tell of it by any error (OverflowError, tokenize.TokenError).
        except Exception as error:  # noqa: BLE001
            self.frames[number] = None
            self._tell(f"{name}: {' '.join(str(error).split())[:_SHOWN]}")

    def _tell(self, problem: str) -> None:
        # A name need not be text; warnings are.
        self.problems.append(problem.encode("utf-8", "backslashreplace").decode())

    def settled(self, path: object) -> tuple[list[int], list[T | None], list[str]]:
        """The numbers in order, what their files hold, and warnings.

        Raises:
            FormatError: there are none, too many, or fewer than half can be read.
        """
        numbers = sorted(self.frames)
        check_frames(numbers[-1] - numbers[0] + 1 if numbers else 0, path)
        unread = sum(frame is None for frame in self.frames.values())
        if 2 * unread > len(numbers):
            told = f"{unread} of {len(numbers)} frames cannot be read"
            raise FormatError(f"{path}: {told}; the first: {self.problems[0]}")
        first = self.problems[:1]
        warnings = [f"{len(self.problems)} files cannot be read; the first: {one}" for one in first]
        return numbers, [self.frames[number] for number in numbers], warnings


def clips_of_frames(
    path: Path, pattern: re.Pattern[str], parse: Callable[[bytes], T]
) -> dict[str, Callable[[], NumberedFrames[T]]]:
    """The clips of a folder, a tar or a single frame's file.

    Frames in one folder whose names are alike before the number are one clip. A folder's frames are read when they are
    asked for, a tar's at once: it can only be read from its beginning to its end.

    Args:
        path: of the input.
        pattern: matches the name of a frame's file; group 1 is what its clip's files have in common, 2 the number.
        parse: what a file holds; raises ValueError.

    Returns:
        For each clip's name (its folder in the input, and what its files have in common where others lie beside it) a
        function that reads it.

    Raises:
        FormatError: the input cannot be read, is a damaged or hostile tar, or has two clips of one name.
    """
    if is_tar(path):
        return _in_tar(path, pattern, parse)
    root = path.parent if path.is_file() else path
    with told_as_format_error(path, "a folder"):
        files = [path] if path.is_file() else [file for file in files_below(path) if file.name[0] != "."]
    found: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for file in files:
        if place := _place(PurePosixPath(file.relative_to(root).as_posix()), pattern):
            found.setdefault(place[:2], []).append((place[2], file))

    def reader(listed: Sequence[tuple[int, Path]]) -> Callable[[], NumberedFrames[T]]:
        def read() -> NumberedFrames[T]:
            frames: NumberedFrames[T] = NumberedFrames()
            for number, file in listed:
                frames.add(number, file.name, read_small(file), parse)
            return frames

        return read

    return {name: reader(listed) for name, listed in _named(path, found).items()}


def read_small(path: Path, limit: int = MAX_FILE) -> bytes:
    """The contents of a file that should be small.

    Raises:
        FormatError: it is too large, or cannot be read.
    """
    with told_as_format_error(path, "a file"), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise FormatError(f"{path} has more than {limit >> 20} MiB, too many for what it is named")
    return data


def _in_tar(
    path: Path, pattern: re.Pattern[str], parse: Callable[[bytes], T]
) -> dict[str, Callable[[], NumberedFrames[T]]]:
    found: dict[tuple[str, str], NumberedFrames[T]] = {}
    for where, data in tar_files(path, lambda where: _place(where, pattern) is not None):
        if place := _place(where, pattern):
            found.setdefault(place[:2], NumberedFrames()).add(place[2], str(where), data, parse)
    return {name: lambda frames=frames: frames for name, frames in _named(path, found).items()}  # type: ignore[misc]


def _place(where: PurePosixPath, pattern: re.Pattern[str]) -> tuple[str, str, int] | None:
    """The folder, the name before the number, and the number of a frame's file; None for another file."""
    found = pattern.fullmatch(where.name)
    if not found or len(found[2]) > _MOST_DIGITS:
        return None
    folder = "" if where.parent == PurePosixPath(".") else str(where.parent)
    return folder, found[1].rstrip("_-. "), int(found[2])


def _named(path: Path, found: Mapping[tuple[str, str], T]) -> dict[str, T]:
    beside = Counter(folder for folder, _ in found)
    named: dict[str, T] = {}
    for (folder, prefix), frames in sorted(found.items(), key=lambda one: one[0]):
        name = f"{folder}/{prefix}".strip("/") if beside[folder] > 1 else folder
        if name in named:
            raise FormatError(f"{path} has two clips {name!r}: files named so and a folder; rename one")
        named[name] = frames
    return named
