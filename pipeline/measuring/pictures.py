"""The pictures that annotations name, out of a folder or a tar."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

import cv2
import numpy as np

from posegloss.pipeline.files import files_below
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.tar import is_tar, tar_files
from posegloss.pipeline.roi import Image


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture.

    Attributes:
        name: as the annotations give it.
        pixels: (H, W, 3) uint8 RGB.
    """

    name: str
    pixels: Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


def read_files(source: Path, names: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The files of pictures, in any order; one that is not there does not come.

    A picture is known by its path below the source, else by its file's name alone, since sets are packed under
    different folders.

    Args:
        source: a folder or a tar.
        names: of the pictures.

    Raises:
        FormatError: the source is neither, is damaged, or a picture in it cannot be read.
    """
    wanted = _Wanted(names)
    if source.is_dir():
        # Paths first: another folder may hold another picture of that name.
        paths = (path.relative_to(source) for path in files_below(source))
        for path in sorted(paths, key=lambda path: not wanted.is_path(path)):
            if (name := wanted.take(PurePosixPath(path.as_posix()))) is not None:
                try:
                    yield name, (source / path).read_bytes()
                except OSError as error:
                    raise FormatError(f"{source / path} cannot be read: {error.strerror or error}") from error
    elif is_tar(source):
        for where, content in tar_files(source, lambda where: wanted.of(where) is not None):
            if (name := wanted.take(where)) is not None:
                yield name, content
    else:
        raise FormatError(f"{source} is neither a folder of pictures nor a tar")


def decode(name: str, content: bytes, *, upright: bool = False) -> Picture | None:
    """The picture in a file's bytes; None where there is none that can be decoded.

    Args:
        name: of the picture.
        content: of its file.
        upright: turn it as its EXIF says. Not where somebody marked it: annotators marked it as it is stored.
    """
    if not content:
        return None
    try:
        how = cv2.IMREAD_COLOR_RGB | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    except cv2.error:
        return None
    return None if pixels is None else Picture(name, np.asarray(pixels, np.uint8))


class _Wanted:
    """Which name of the annotations a file has."""

    def __init__(self, names: Collection[str]) -> None:
        self._by_path = {PurePosixPath(name).as_posix(): name for name in names}
        self._by_file: dict[str, str | None] = {}
        for name in names:
            file = PurePosixPath(name).name
            # Two pictures of one file name are told apart by their folders only.
            self._by_file[file] = None if file in self._by_file else name

    def is_path(self, where: PurePath) -> bool:
        """Whether a file lies just where a name says."""
        return where.as_posix() in self._by_path

    def of(self, where: PurePosixPath) -> str | None:
        """The name that a file has; None where nobody asked for it."""
        return self._by_path.get(where.as_posix()) or self._by_file.get(where.name)

    def take(self, where: PurePosixPath) -> str | None:
        """The same, once."""
        name = self.of(where)
        if name is not None:
            self._by_path.pop(PurePosixPath(name).as_posix(), None)
            self._by_file.pop(PurePosixPath(name).name, None)
        return name
