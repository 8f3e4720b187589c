"""KeypointStore: an append-only, crash-safe Parquet data set of keypoint sequences.

A store is a folder. ``clips/`` holds the shards, which pandas, polars and DuckDB read as they are
(``pandas.read_parquet("STORE/clips")``); ``store.json`` holds the settings that every clip in it was extracted
with. A shard is written beside its place, synced and renamed, so that it appears whole or not at all.
"""

import errno
import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from posegloss.pipeline.errors import DiskFullError, StoreError
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import KEYPOINT_NAMES

FORMAT = 1

_SCHEMA = pa.schema(
    [
        ("clip_id", pa.string()),
        ("gloss", pa.string()),
        ("signer", pa.string()),
        ("split", pa.string()),
        ("synthetic", pa.bool_()),
        ("source", pa.string()),
        ("frame_rate", pa.float64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("frames", pa.int32()),
        ("frames_with_person", pa.int32()),
        ("warnings", pa.list_(pa.string())),
        ("layout", pa.string()),
        ("timestamps", pa.list_(pa.float64())),
        ("keypoints", pa.list_(pa.float32())),
        ("world", pa.list_(pa.float32())),
    ]
)
LABELS = ("gloss", "signer", "split", "synthetic")
"""The columns that say what the manifest says of a clip."""
_ARRAYS = ("timestamps", "keypoints", "world")


@dataclass(frozen=True)
class Clip:
    """One clip of a store: its sequence and what the manifest says of it.

    Attributes:
        clip_id: unique in its store.
        sequence: what the tracker saw.
        gloss: the label of what is signed, if known.
        signer: who signs, if known.
        split: the part of a published split that the clip belongs to, if any.
        synthetic: the clip shows no real person.
    """

    clip_id: str
    sequence: KeypointSequence
    gloss: str | None = None
    signer: str | None = None
    split: str | None = None
    synthetic: bool = False


class KeypointStore:
    """An append-only Parquet data set of clips, all extracted with the same settings.

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
        try:
            description = json.loads((path / "store.json").read_text("utf-8"))
            version, settings = description["format"], description["settings"]
        except FileNotFoundError:
            raise StoreError(
                f"{path} is not a keypoint store; make one with: posegloss extract VIDEOS --out {path}"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path / 'store.json'} cannot be read ({error}); is {path} a keypoint store?") from error
        if version != FORMAT:
            raise StoreError(f"{path} has store format {version}; this posegloss reads format {FORMAT}")
        return cls(path, settings)

    @classmethod
    def create(cls, path: str | os.PathLike[str], settings: Mapping[str, Any]) -> Self:
        """Make a store, or open the one that is there if it was made with the same settings.

        Raises:
            StoreError: the store there has other settings, or the folder cannot be written.
        """
        path = Path(path)
        if (path / "store.json").exists():
            store = cls.open(path)
            if store.settings != dict(settings):
                changed = sorted(k for k in {*store.settings, *settings} if store.settings.get(k) != settings.get(k))
                differences = ", ".join(
                    f"{k}: {store.settings.get(k)!r} there, {settings.get(k)!r} now" for k in changed
                )
                raise StoreError(f"{path} was extracted with other settings ({differences}); choose another --out")
            return store
        store = cls(path, settings)
        description = json.dumps({"format": FORMAT, "settings": store.settings}, indent=2)
        with told_as_store_error(path):
            (path / "clips").mkdir(parents=True, exist_ok=True)
            with whole_file(path / "store.json") as part:
                part.write_text(description, "utf-8")
        return store

    def append(self, clips: Sequence[Clip]) -> None:
        """Add clips as one new shard, which appears whole or not at all.

        Raises:
            DiskFullError: the disk is full; the shards written before are whole.
            StoreError: the folder cannot be written.
        """
        if not clips:
            return
        # The time keeps the shards in order, the rest keeps two runs at once apart.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:12]}.parquet"
        self._write_shard(name, pa.Table.from_pylist([_to_row(clip) for clip in clips], schema=_SCHEMA))

    def relabel(self, labels: Mapping[str, Mapping[str, Any]]) -> None:
        """Change what the store says of clips; their keypoints stay. Each shard changes whole or not at all.

        Args:
            labels: for a clip's id the new values of any of gloss, signer, split and synthetic.

        Raises:
            StoreError: the folder cannot be written.
        """
        for shard in sorted((self.path / "clips").glob("*.parquet")):
            table = pq.read_table(shard, schema=_SCHEMA)
            rows = table.select(["clip_id", *LABELS]).to_pylist()
            if labels.keys().isdisjoint(row["clip_id"] for row in rows):
                continue
            changed = [{**row, **labels.get(row["clip_id"], {})} for row in rows]
            for column in LABELS:
                place = table.schema.get_field_index(column)
                values = pa.array([row[column] for row in changed], table.schema.field(column).type)
                table = table.set_column(place, column, values)
            self._write_shard(shard.name, table)

    def _write_shard(self, name: str, table: Any) -> None:
        sink = pa.BufferOutputStream()
        floats = [f"{name}.list.element" for name in _ARRAYS]
        text = [name for name in _SCHEMA.names if name not in _ARRAYS]
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

    def known(self) -> dict[str, dict[str, Any]]:
        """For the id of every clip its source and its labels: gloss, signer, split and synthetic."""
        with self._dataset() as dataset:
            rows = dataset.to_table(columns=["clip_id", "source", *LABELS]).to_pylist()
        return {row["clip_id"]: row for row in rows}

    def index(self) -> pd.DataFrame:
        """All columns but the arrays, a row a clip, sorted by clip id."""
        columns = [name for name in _SCHEMA.names if name not in _ARRAYS]
        with self._dataset() as dataset:
            table: pd.DataFrame = dataset.to_table(columns=columns).to_pandas()
        return table.sort_values("clip_id", ignore_index=True)

    def clips(self) -> Iterator[Clip]:
        """All clips, in the order in which they were written, a shard in memory at a time."""
        with self._dataset() as dataset:
            # One shard after the other: a scan of all would read far ahead.
            batches = (shard.to_batches(schema=_SCHEMA, batch_size=64) for shard in dataset.get_fragments())
            for batch in chain.from_iterable(batches):
                yield from map(_from_row, batch.to_pylist())

    def get(self, clip_id: str) -> Clip:
        """One clip.

        Raises:
            KeyError: the store has no clip of that id.
        """
        with self._dataset() as dataset:
            rows = dataset.to_table(filter=pads.field("clip_id") == clip_id).to_pylist()
        if not rows:
            raise KeyError(clip_id)
        return _from_row(rows[0])

    @contextmanager
    def _dataset(self) -> Iterator[Any]:
        # Arrow opens the shards only when they are read.
        try:
            yield pads.dataset(self.path / "clips", schema=_SCHEMA, format="parquet")
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError(
                f"{self.path / 'clips'} cannot be read: {error}. If a shard is damaged, remove it and run the "
                "extraction again: it extracts what is missing"
            ) from error


def _to_row(clip: Clip) -> dict[str, Any]:
    sequence = clip.sequence
    return {
        "clip_id": clip.clip_id,
        "gloss": clip.gloss,
        "signer": clip.signer,
        "split": clip.split,
        "synthetic": clip.synthetic,
        "source": sequence.source,
        "frame_rate": sequence.frame_rate,
        "width": sequence.size[0],
        "height": sequence.size[1],
        "frames": len(sequence),
        "frames_with_person": int(sequence.present.sum()),
        "warnings": list(sequence.warnings),
        "layout": sequence.layout,
        "timestamps": sequence.timestamps,
        "keypoints": sequence.keypoints.ravel(),
        "world": None if sequence.world is None else sequence.world.ravel(),
    }


def _from_row(row: Mapping[str, Any]) -> Clip:
    frames, points = row["frames"], len(KEYPOINT_NAMES)
    world = row["world"]
    sequence = KeypointSequence(
        keypoints=np.array(row["keypoints"], np.float32).reshape(frames, points, 4),
        timestamps=np.array(row["timestamps"], np.float64),
        size=(row["width"], row["height"]),
        source=row["source"] or "",
        layout=row["layout"],
        world=None if world is None else np.array(world, np.float32).reshape(frames, points, 3),
        warnings=tuple(row["warnings"] or ()),
    )
    return Clip(row["clip_id"], sequence, row["gloss"], row["signer"], row["split"], row["synthetic"])


@contextmanager
def told_as_store_error(path: Path) -> Iterator[None]:
    """Turn an operating system's error under a store's path into one that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"the disk that holds {path} is full; what was written before is whole. "
                "Free some space and run the same command again: it goes on where it was"
            ) from error
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
