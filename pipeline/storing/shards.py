"""The Parquet shards of a store, where several machines write them.

A shard that is written by a worker far away has the name of its clips: whoever extracts the same batch again, because
nobody heard that it was done, writes the same shard again. So a batch is never split, and no clip is there twice.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from posegloss.pipeline.storing.clip import ARRAYS, SCHEMA, Clip, to_table
from posegloss.pipeline.storing.storage import Storage, told_as_remote

FOLDER: Final = "clips"


def batch_name(clip_ids: Iterable[str]) -> str:
    """The name of the shard of a batch: the same for the same clips, whoever writes it and however often."""
    digest = hashlib.sha256("\0".join(sorted(clip_ids)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{FOLDER}/batch-{digest[:32]}.parquet"


def encode(table: Any) -> Any:
    """A shard's bytes, as an Arrow buffer."""
    sink = pa.BufferOutputStream()
    floats = [f"{name}.list.element" for name in ARRAYS]
    text = [name for name in SCHEMA.names if name not in ARRAYS]
    pq.write_table(
        table, sink, compression="zstd", use_dictionary=text, use_byte_stream_split=floats, row_group_size=256
    )
    return sink.getvalue()


def read(storage: Storage, name: str) -> Any | None:
    """A shard as an Arrow table; None if there is none.

    Raises:
        StoreError: it cannot be read.
    """
    data = storage.read(name)
    if data is None:
        return None
    with told_as_remote(f"{storage.place}/{name}"):
        return pq.read_table(pa.BufferReader(data), schema=SCHEMA)


def add_to(storage: Storage, name: str, clips: Sequence[Clip]) -> None:
    """Put clips into a shard, beside those that it has already; it changes as a whole.

    Raises:
        DiskFullError: there is no room for it.
        StoreError: it cannot be read or written.
    """
    if not clips:
        return
    new, there = to_table(clips), read(storage, name)
    if there is not None:
        kept = there.filter(pc.invert(pc.is_in(there["clip_id"], value_set=new["clip_id"].combine_chunks())))
        new = pa.concat_tables([kept, new])
    storage.write(name, encode(new))


def drop_repeats(storage: Storage) -> int:
    """Leave every clip in one shard only, the first; gives how many rows went.

    A clip can be there twice only where a worker was cut off and, after its run had ended, wrote a shard whose clips
    the next run had already begun. Nobody else may be writing.

    Raises:
        StoreError: a shard cannot be read or written.
    """
    with told_as_remote(storage.place):
        rows = storage.dataset(FOLDER, SCHEMA).scanner(["clip_id", "__filename"], cache_metadata=False).to_table()
    counts = Counter(rows["clip_id"].to_pylist())
    repeated = {clip_id for clip_id, count in counts.items() if count > 1}
    if not repeated:
        return 0
    among = rows.filter(pc.is_in(rows["clip_id"], value_set=pa.array(repeated, pa.string())))
    dropped, seen = 0, set[str]()
    for path in sorted(set(among["__filename"].to_pylist())):
        name = storage.name_of(path)
        table = read(storage, name)
        if table is None:
            continue
        ids = table["clip_id"].to_pylist()
        keep = [clip_id not in seen for clip_id in ids]
        seen |= repeated.intersection(ids)
        dropped += keep.count(False)
        if not any(keep):
            storage.delete(name)
        elif not all(keep):
            storage.write(name, encode(table.filter(pa.array(keep))))
    return dropped
