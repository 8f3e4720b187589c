"""KeypointStore: an append-only, crash-safe Parquet data set of keypoint sequences.

A store is a folder, here or in an object store (``storage.py``). ``clips/`` holds the shards, which pandas, polars
and DuckDB read as they are (``pandas.read_parquet("STORE/clips")``); ``store.json`` holds the settings that every clip
in it was extracted with. A shard appears whole or not at all. One run writes at a time (``exclusive``); readers are
never kept out.
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

from posegloss.pipeline.errors import StoreError, told_as_store_error
from posegloss.pipeline.files import remove_leftovers
from posegloss.pipeline.running.run_state import held
from posegloss.pipeline.skeleton import BLAZEPOSE33
from posegloss.pipeline.storing import shards
from posegloss.pipeline.storing.clip import ARRAYS, LABELS, ORIGIN, SCHEMA, Clip, Known, from_row, origin_of, to_table
from posegloss.pipeline.storing.journal import read_journal, remove_journal
from posegloss.pipeline.storing.lease import leased
from posegloss.pipeline.storing.storage import Storage

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

    def __init__(self, storage: Storage, settings: Mapping[str, Any]) -> None:
        self.storage = storage
        self.settings = dict(settings)

    @property
    def layout(self) -> str:
        """The points of all its sequences (``skeleton.LAYOUTS``); a store that does not say has the default's."""
        return str(self.settings.get("layout", BLAZEPOSE33))

    @property
    def place(self) -> str:
        """Its folder or URI, as the user wrote it."""
        return self.storage.place

    @property
    def path(self) -> Path:
        """Its folder on this machine.

        Raises:
            StoreError: it lies in an object store.
        """
        if self.storage.folder is None:
            raise StoreError(f"{self.place} is no folder of this machine")
        return self.storage.folder

    @classmethod
    def open(cls, place: str | os.PathLike[str]) -> Self:
        """Open a store that exists.

        Args:
            place: its folder, or a URI such as ``s3://bucket/store``.

        Raises:
            StoreError: there is no store at the place, or it is of another format.
        """
        storage = Storage(place)
        return cls(storage, _read_description(storage)["settings"])

    @classmethod
    def open_with(cls, place: str | os.PathLike[str], settings: Mapping[str, Any]) -> Self:
        """Open a store that exists and was made with the same settings.

        Raises:
            StoreError: there is no store at the place, or it is of another format or has other settings.
        """
        store = cls.open(place)
        _compare(store.place, store.settings, settings)
        return store

    @classmethod
    def create(cls, place: str | os.PathLike[str], settings: Mapping[str, Any]) -> Self:
        """Make a store, or open the one that is there if it was made with the same settings.

        Raises:
            StoreError: the store there has other settings, or the place cannot be written.
        """
        storage = Storage(place)
        if storage.exists(DESCRIPTION):
            return cls.open_with(place, settings)
        store = cls(storage, settings)
        storage.make(shards.FOLDER)
        store._describe(replace=False)
        # Another run may have made it in the same moment.
        return cls.open_with(place, settings)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only one who writes, until the block ends. Readers are not kept out.

        What a killed run left half-written is removed, what it had finished is taken in, and a store of an older format
        becomes one of this.

        Raises:
            StoreError: another run has the store, it has other settings by now, or it cannot be written.
        """
        folder = self.storage.folder
        with held(folder) if folder else leased(self.storage):
            # Two runs may have made the store in the same moment.
            description = _read_description(self.storage)
            _compare(self.place, description["settings"], self.settings)
            if folder:
                with told_as_store_error(folder):
                    remove_leftovers(folder)
            if description["format"] != FORMAT:
                self._describe()
            if folder:
                self._take_in(read_journal(folder))
                remove_journal(folder)
            yield

    def _take_in(self, clips: Sequence[Clip]) -> None:
        if not clips:
            return
        # The run may have been killed between writing the shard and clearing the journal.
        there = self.clip_ids()
        self.replace([clip for clip in clips if clip.clip_id in there])
        self.append([clip for clip in clips if clip.clip_id not in there])

    def append(self, clips: Sequence[Clip]) -> None:
        """Add clips as one new shard, which appears whole or not at all.

        Raises:
            DiskFullError: the disk is full; the shards written before are whole.
            StoreError: the folder cannot be written, or a clip has other points than the store.
        """
        if not clips:
            return
        self._check_layout(clips)
        # The time keeps the shards in order, the rest keeps two machines' apart.
        name = f"{shards.FOLDER}/{time.time_ns():020d}-{uuid.uuid4().hex[:12]}.parquet"
        self.storage.write(name, shards.encode(to_table(clips)))

    def replace(self, clips: Sequence[Clip]) -> None:
        """Put clips in the place of those of the same ids. At every moment each is there once, the old or the new.

        Raises:
            DiskFullError: the disk is full; each shard is as it was, or has its new clips.
            StoreError: the folder cannot be written, or a clip has other points than the store.
        """
        self._check_layout(clips)
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

    def _check_layout(self, clips: Sequence[Clip]) -> None:
        for clip in clips:
            if clip.sequence.layout != self.layout:
                raise StoreError(
                    f"{self.place} has sequences of {self.layout}; {clip.clip_id} is of {clip.sequence.layout}; "
                    "choose another store"
                )

    def _rewrite(self, clip_ids: Collection[str], edit: Callable[[Any], Any]) -> None:
        """Write the shards that hold clips anew, each after an edit."""
        if not clip_ids:
            return
        wanted = pads.field("clip_id").isin(list(clip_ids))
        for path in sorted(self.columns(["__filename"], wanted)["__filename"].unique().to_pylist()):
            name = self.storage.name_of(path)
            table = shards.read(self.storage, name)
            # Whoever removes shards meanwhile wants these clips gone.
            if table is not None:
                self.storage.write(name, shards.encode(edit(table)))

    def _describe(self, *, replace: bool = True) -> None:
        text = json.dumps({"format": FORMAT, "settings": self.settings}, indent=2).encode()
        folder = self.storage.folder
        if replace or not folder:
            self.storage.write(DESCRIPTION, text)
            return
        scratch = f".{uuid.uuid4().hex}.part.json"
        self.storage.write(scratch, text)
        try:
            # Unlike a rename it never takes the place of another's.
            (folder / DESCRIPTION).hardlink_to(folder / scratch)
        except (FileExistsError, FileNotFoundError):
            pass  # another has made the store, and may have tidied it up already
        except OSError:
            self.storage.write(DESCRIPTION, text)  # a file system without hard links
        finally:
            self.storage.delete(scratch)

    def __len__(self) -> int:
        with self._reading():
            return int(self._dataset().scanner(columns=[], cache_metadata=False).count_rows())

    def columns(self, names: Sequence[str], wanted: Any = None) -> Any:
        """Some columns of all clips, as an Arrow table; "__filename" is a clip's shard.

        Args:
            names: of the columns.
            wanted: an Arrow expression that says which clips; all unless given.

        Raises:
            StoreError: a shard cannot be read.
        """
        with self._reading():
            # Of 15,000 shards the footers, if they are kept, take ten times as much memory as the columns.
            return self._dataset().scanner(columns=list(names), filter=wanted, cache_metadata=False).to_table()

    def clip_ids(self) -> set[str]:
        """The ids of all clips in the store."""
        return set(self.columns(["clip_id"])["clip_id"].to_pylist())

    def known(self, *, tidy: bool = False) -> dict[str, Known]:
        """What the store knows of every clip, by its id.

        Args:
            tidy: leave clips that are there twice (``shards.drop_repeats``) in one shard only; needs ``exclusive``.
        """
        table = self.columns(["clip_id", *LABELS, *ORIGIN])
        # Not all at once: Python's rows take ten times as much memory as Arrow's.
        rows = chain.from_iterable(batch.to_pylist() for batch in table.to_batches(max_chunksize=10_000))
        known = {row["clip_id"]: Known(**{name: row[name] for name in LABELS}, origin=origin_of(row)) for row in rows}
        if tidy and len(known) < len(table) and shards.drop_repeats(self.storage):
            return self.known()
        return known

    def index(self) -> pd.DataFrame:
        """All columns but the arrays, a row a clip, sorted by clip id."""
        table: pd.DataFrame = self.columns([name for name in SCHEMA.names if name not in ARRAYS]).to_pandas()
        return table.sort_values("clip_id", ignore_index=True)

    def clips(self) -> Iterator[Clip]:
        """All clips, in the order in which they were written, a shard in memory at a time."""
        with self._reading():
            # One shard after the other: a scan of all would read far ahead.
            batches = (shard.to_batches(schema=SCHEMA, batch_size=64) for shard in self._dataset().get_fragments())
            for batch in chain.from_iterable(batches):
                yield from map(from_row, batch.to_pylist())

    def get(self, clip_id: str) -> Clip:
        """One clip.

        Raises:
            KeyError: the store has no clip of that id.
        """
        rows = self.columns(SCHEMA.names, pads.field("clip_id") == clip_id).to_pylist()
        if not rows:
            raise KeyError(clip_id)
        return from_row(rows[0])

    def _dataset(self) -> Any:
        return self.storage.dataset(shards.FOLDER, SCHEMA)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError(
                f"{self.place}/{shards.FOLDER} cannot be read: {error}. If a shard is damaged, remove it and run the "
                "extraction again: it extracts what is missing"
            ) from error


def _compare(place: str, there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    digest = there.get("model_sha256")
    if digest and digest == now.get("model_sha256"):
        there = {**there, "model": now.get("model")}  # the same network, wherever its file lies now
    if dict(there) != dict(now):
        changed = sorted(name for name in {*there, *now} if there.get(name) != now.get(name))
        differences = ", ".join(f"{name}: {there.get(name)!r} there, {now.get(name)!r} now" for name in changed)
        raise StoreError(f"{place} was extracted with other settings ({differences}); choose another --out")


def _read_description(storage: Storage) -> dict[str, Any]:
    place = storage.place
    data = storage.read(DESCRIPTION)
    if data is None:
        raise StoreError(f"{place} is not a keypoint store; make one with: posegloss extract VIDEOS --out {place}")
    try:
        description: dict[str, Any] = json.loads(data.decode())
        version = description["format"]
        dict(description["settings"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{place}/{DESCRIPTION} cannot be read ({error}); is {place} a keypoint store?") from error
    if version not in _READABLE:
        raise StoreError(f"{place} has store format {version}; this posegloss reads formats up to {FORMAT}")
    return description
