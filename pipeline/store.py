"""KeypointStore: an append-only, crash-safe Parquet data set of keypoint sequences.

A store is a folder. ``clips/`` holds the shards, which pandas, polars and DuckDB read as they are
(``pandas.read_parquet("STORE/clips")``); ``store.json`` holds the settings that every clip in it was extracted
with. A shard is written beside its place, synced and renamed, so that it appears whole or not at all. One run writes
at a time (``exclusive``); readers are never kept out.
"""

import json
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from posegloss.pipeline.clip import ARRAYS, LABELS, ORIGIN, SCHEMA, Clip, Known, from_row, origin_of, to_table
from posegloss.pipeline.errors import StoreError, told_as_store_error
from posegloss.pipeline.files import remove_leftovers, whole_file
from posegloss.pipeline.run_state import held

__all__ = ["Clip", "KeypointStore", "told_as_store_error"]

DESCRIPTION: Final = "store.json"
"""The file that makes a folder a store."""
FORMAT: Final = 2
_READABLE: Final = (1, 2)
"""Format 1 lacks the columns from source_size on; they read as null."""


class KeypointStore:
    """A Parquet data set of clips, all extracted with the same settings.

    Open one with ``KeypointStore.open`` or make one with ``KeypointStore.create``.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self.settings = dict(settings)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a store that exists.

        Raises:
            StoreError: there is no store at the path, or it is of another format.
        """
        path = Path(path)
        return cls(path, _read_description(path)["settings"])

    @classmethod
    def open_with(cls, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> Self:
        """Open a store that exists and was made with the same settings.

        Raises:
            StoreError: there is no store at the path, or it is of another format or has other settings.
        """
        store = cls.open(path)
        if store.settings != dict(settings):
            changed = sorted(k for k in {*store.settings, *settings} if store.settings.get(k) != settings.get(k))
            differences = ", ".join(f"{k}: {store.settings.get(k)!r} there, {settings.get(k)!r} now" for k in changed)
            raise StoreError(f"{path} was extracted with other settings ({differences}); choose another --out")
        return store

    @classmethod
    def create(cls, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> Self:
        """Make a store, or open the one that is there if it was made with the same settings.

        Raises:
            StoreError: the store there has other settings, or the folder cannot be written.
        """
        path = Path(path)
        if (path / DESCRIPTION).exists():
            return cls.open_with(path, settings)
        store = cls(path, settings)
        with told_as_store_error(path):
            (path / "clips").mkdir(parents=True, exist_ok=True)
        store._describe()
        return store

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only one who writes, until the block ends. Readers are not kept out.

        What a killed run left half-written is removed, and a store of an older format becomes one of this.

        Raises:
            StoreError: another run has the store, it has other settings by now, or it cannot be written.
        """
        with held(self.path):
            # Two runs may have made the store in the same moment.
            self.open_with(self.path, self.settings)
            with told_as_store_error(self.path):
                remove_leftovers(self.path)
            if _read_description(self.path)["format"] != FORMAT:
                self._describe()
            yield

    def append(self, clips: Sequence[Clip]) -> None:
        """Add clips as one new shard, which appears whole or not at all.

        Raises:
            DiskFullError: the disk is full; the shards written before are whole.
            StoreError: the folder cannot be written.
        """
        if not clips:
            return
        # The time keeps the shards in order, the rest keeps two machines' apart.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:12]}.parquet"
        self._write_shard(name, to_table(clips))

    def replace(self, clips: Sequence[Clip]) -> None:
        """Put clips in the place of those of the same ids. At every moment each is there once, the old or the new.

        Raises:
            DiskFullError: the disk is full; each shard is as it was, or has its new clips.
            StoreError: the folder cannot be written.
        """
        new = {clip.clip_id: clip for clip in clips}

        def put(table: Any) -> Any:
            order = list(range(len(table)))
            coming: list[Clip] = []
            for row, clip_id in enumerate(table["clip_id"].to_pylist()):
                if clip_id in new:
                    order[row] = len(table) + len(coming)
                    coming.append(new[clip_id])
            return pa.concat_tables([table, to_table(coming)]).take(order)

        self._rewrite(new, put)

    def amend(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Change what the store says of clips; their keypoints stay. Each shard changes whole or not at all.

        Args:
            changes: for a clip's id the new values of labels (``LABELS``) or of the file (source, source_size,
                source_mtime_ns, source_sha256).

        Raises:
            DiskFullError: the disk is full; each shard is as it was, or changed.
            StoreError: the folder cannot be written.
        """
        columns = (*LABELS, *ORIGIN)

        def change(table: Any) -> Any:
            rows = table.select(["clip_id", *columns]).to_pylist()
            rows = [{**row, **changes.get(row["clip_id"], {})} for row in rows]
            for column in columns:
                place = table.schema.get_field_index(column)
                values = pa.array([row[column] for row in rows], table.schema.field(column).type)
                table = table.set_column(place, column, values)
            return table

        self._rewrite(changes, change)

    def _rewrite(self, clip_ids: Collection[str], edit: Callable[[Any], Any]) -> None:
        """Write the shards that hold clips anew, each after an edit."""
        if not clip_ids:
            return
        wanted = pads.field("clip_id").isin(list(clip_ids))
        with self._dataset() as dataset:
            found = dataset.to_table(columns=["__filename"], filter=wanted)["__filename"].unique()
            for shard in sorted(map(Path, found.to_pylist())):
                self._write_shard(shard.name, edit(pq.read_table(shard, schema=SCHEMA)))

    def _describe(self) -> None:
        with told_as_store_error(self.path), whole_file(self.path / DESCRIPTION) as part:
            part.write_text(json.dumps({"format": FORMAT, "settings": self.settings}, indent=2), "utf-8")

    def _write_shard(self, name: str, table: Any) -> None:
        sink = pa.BufferOutputStream()
        floats = [f"{name}.list.element" for name in ARRAYS]
        text = [name for name in SCHEMA.names if name not in ARRAYS]
        pq.write_table(
            table, sink, compression="zstd", use_dictionary=text, use_byte_stream_split=floats, row_group_size=256
        )
        path = self.path / "clips" / name
        # Written outside clips/, so that no reader ever sees a half of it.
        with told_as_store_error(self.path), whole_file(path, scratch=self.path) as part:
            part.write_bytes(sink.getvalue())

    def __len__(self) -> int:
        with self._dataset() as dataset:
            return int(dataset.count_rows())

    def clip_ids(self) -> set[str]:
        """The ids of all clips in the store."""
        with self._dataset() as dataset:
            return set(dataset.to_table(columns=["clip_id"])["clip_id"].to_pylist())

    def known(self) -> dict[str, Known]:
        """What the store knows of every clip, by its id."""
        with self._dataset() as dataset:
            rows = dataset.to_table(columns=["clip_id", *LABELS, *ORIGIN]).to_pylist()
        return {row["clip_id"]: Known(**{name: row[name] for name in LABELS}, origin=origin_of(row)) for row in rows}

    def index(self) -> pd.DataFrame:
        """All columns but the arrays, a row a clip, sorted by clip id."""
        columns = [name for name in SCHEMA.names if name not in ARRAYS]
        with self._dataset() as dataset:
            table: pd.DataFrame = dataset.to_table(columns=columns).to_pandas()
        return table.sort_values("clip_id", ignore_index=True)

    def clips(self) -> Iterator[Clip]:
        """All clips, in the order in which they were written, a shard in memory at a time."""
        with self._dataset() as dataset:
            # One shard after the other: a scan of all would read far ahead.
            batches = (shard.to_batches(schema=SCHEMA, batch_size=64) for shard in dataset.get_fragments())
            for batch in chain.from_iterable(batches):
                yield from map(from_row, batch.to_pylist())

    def get(self, clip_id: str) -> Clip:
        """One clip.

        Raises:
            KeyError: the store has no clip of that id.
        """
        with self._dataset() as dataset:
            rows = dataset.to_table(filter=pads.field("clip_id") == clip_id).to_pylist()
        if not rows:
            raise KeyError(clip_id)
        return from_row(rows[0])

    @contextmanager
    def _dataset(self) -> Iterator[Any]:
        # Arrow opens the shards only when they are read.
        try:
            yield pads.dataset(self.path / "clips", schema=SCHEMA, format="parquet")
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError(
                f"{self.path / 'clips'} cannot be read: {error}. If a shard is damaged, remove it and run the "
                "extraction again: it extracts what is missing"
            ) from error


def _read_description(path: Path) -> dict[str, Any]:
    try:
        description: dict[str, Any] = json.loads((path / DESCRIPTION).read_text("utf-8"))
        version = description["format"]
        dict(description["settings"])
    except FileNotFoundError:
        raise StoreError(
            f"{path} is not a keypoint store; make one with: posegloss extract VIDEOS --out {path}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path / DESCRIPTION} cannot be read ({error}); is {path} a keypoint store?") from error
    if version not in _READABLE:
        raise StoreError(f"{path} has store format {version}; this posegloss reads formats up to {FORMAT}")
    return description
