"""Journal: finished clips that are in no shard yet, in one file of a local store, so that a killed run loses none.

A shard is written for many clips at once. Until then each clip stands in the journal, whole: after its length in bytes,
as a shard of its own. What was cut off at the end by the kill is ignored.
"""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.pipeline.errors import told_as_store_error
from posegloss.pipeline.storing.clip import SCHEMA, Clip, from_row, to_table
from posegloss.pipeline.storing.shards import encode

_NAME: Final = ".journal"
_LENGTH_BYTES: Final = 8


class Journal:
    """Where a run notes its clips. Only one run may write a store.

    Args:
        folder: the store's.

    Raises:
        StoreError: the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        with told_as_store_error(folder):
            self._file = self._path.open("ab", buffering=0)

    def add(self, clip: Clip) -> None:
        """Note a clip.

        Raises:
            DiskFullError: there is no room for it.
            StoreError: the file cannot be written.
        """
        data = encode(to_table([clip]))
        with told_as_store_error(self._path.parent):
            self._file.write(len(data).to_bytes(_LENGTH_BYTES, "little") + data.to_pybytes())

    def clear(self) -> None:
        """All that was noted is in shards now."""
        with told_as_store_error(self._path.parent):
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file; it goes if nothing stands in it."""
        self._file.close()
        with told_as_store_error(self._path.parent):
            if not self._path.stat().st_size:
                self._path.unlink()


def read_journal(folder: Path) -> list[Clip]:
    """The clips that a killed run noted in a store's folder.

    Raises:
        StoreError: the file cannot be read.
    """
    with told_as_store_error(folder):
        try:
            data = (folder / _NAME).read_bytes()
        except FileNotFoundError:
            return []
    clips: list[Clip] = []
    place = 0
    while place < len(data):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(data[place:start], "little")
        try:
            rows = pq.read_table(pa.BufferReader(data[start:place]), schema=SCHEMA).to_pylist()
        except (pa.ArrowException, OSError):
            break
        clips += map(from_row, rows)
    return clips


def remove_journal(folder: Path) -> None:
    """Remove it: all that stood in it is in shards.

    Raises:
        StoreError: it cannot be removed.
    """
    with told_as_store_error(folder):
        (folder / _NAME).unlink(missing_ok=True)
