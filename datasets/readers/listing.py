"""Which files there are, by listing folders: asking for 100,000 files one by one takes minutes on a network disk."""

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from posegloss.datasets.manifest import VIDEO_SUFFIXES
from posegloss.datasets.readers.errors import RowError


def has_controls(text: str) -> bool:
    """Whether a text holds control characters or halves of surrogate pairs, which no name needs."""
    return any(unicodedata.category(one) in ("Cc", "Cs") for one in text)


def inside(written: str) -> str:
    """A path that metadata names, with slashes, sure to stay in the set's folder.

    Raises:
        RowError: it is empty, absolute, climbs by ``..``, or holds control characters.
    """
    portable = written.strip().replace("\\", "/")
    path = PurePosixPath(portable)
    if not path.parts:
        raise RowError("the path is empty")
    if path.is_absolute() or PureWindowsPath(portable).drive or ".." in path.parts or has_controls(portable):
        raise RowError(f"the path {written!r} leads out of the set's folder or is none; nothing is read there")
    return path.as_posix()


class Listing:
    """The files below a folder. Each folder is listed once, when somebody asks for what is in it.

    Args:
        root: the folder; all paths are relative to it, with slashes.

    Attributes:
        unreadable: folders that could not be listed.
    """

    def __init__(self, root: Path) -> None:
        self.unreadable: list[str] = []
        self._root = root
        self._folders: dict[str, Mapping[str, bool]] = {}
        self._stems: dict[str, dict[str, str]] = {}

    def names(self, folder: str = "") -> Mapping[str, bool]:
        """What is in a folder, sorted by name, and whether that is a folder; nothing if there is no such folder."""
        if folder not in self._folders:
            found: dict[str, bool] = {}
            try:
                with os.scandir(self._root / folder) as entries:
                    found = {one.name: one.is_dir() for one in entries if one.is_dir() or one.is_file()}
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError:
                self.unreadable.append(folder or ".")
            self._folders[folder] = dict(sorted(found.items()))
        return self._folders[folder]

    def has_file(self, path: str) -> bool:
        """Whether there is a file."""
        folder, name = _split(path)
        return self.names(folder).get(name) is False

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder."""
        folder, name = _split(path)
        return self.names(folder).get(name) is True

    def find_video(self, path: str) -> str | None:
        """The video at a path, or beside it one of the same name in other letters or another format."""
        if self.has_file(path):
            return path
        folder, name = _split(path)
        if folder not in self._stems:
            files = [PurePosixPath(one) for one, is_folder in self.names(folder).items() if not is_folder]
            self._stems[folder] = {
                one.stem.casefold(): one.name for one in files if one.suffix.lower() in VIDEO_SUFFIXES
            }
        found = self._stems[folder].get(PurePosixPath(name).stem.casefold())
        return None if found is None else _join(folder, found)


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
