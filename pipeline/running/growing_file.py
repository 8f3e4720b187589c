"""GrowingFile: a text file that grows under any storage, also where nothing can be added to a file."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Self, TextIO

from posegloss.pipeline.errors import StoreError, told_as_store_error
from posegloss.pipeline.storing.storage import Storage

_WRITE_S: Final = 15.0
"""So often a file in an object store is written at most."""


class GrowingFile:
    """A file that takes the place of one of its name, empty at first.

    In a local folder a reader sees what was added at once. An object store cannot add to an object: there the file is
    written anew every 15 seconds, if something was added, and at the end.

    Args:
        storage: where it lies.
        name: of the file.

    Raises:
        StoreError: it cannot be written.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self._name = storage, name
        self._file: TextIO | None = None
        self._text: list[str] = []
        self._written = 0.0
        self._pending = False

    def __enter__(self) -> Self:
        if self._storage.folder:
            path: Path = self._storage.folder / self._name
            with told_as_store_error(self._storage.folder):
                self._file = path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
        else:
            self._put()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file and self._storage.folder:
            # Closing writes again what could not be written.
            with told_as_store_error(self._storage.folder):
                self._file.close()
        elif self._pending:
            self._put()

    def write(self, text: str) -> None:
        """Add to it.

        Raises:
            StoreError: it cannot be written.
        """
        if self._file and self._storage.folder:
            with told_as_store_error(self._storage.folder):
                self._file.write(text)
                self._file.flush()
        else:
            self._text.append(text)
            self._pending = True

    def write_if_due(self) -> None:
        """Bring the file up to date if it has been behind for too long."""
        if self._pending and time.monotonic() - self._written >= _WRITE_S:
            # The network may be away for a moment; at the end it is told.
            with suppress(StoreError):
                self._put()

    def _put(self) -> None:
        self._written = time.monotonic()
        self._text = ["".join(self._text)]
        self._storage.write(self._name, self._text[0].encode(errors="backslashreplace"))
        self._pending = False
