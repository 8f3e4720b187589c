"""Parquet for training elsewhere: one row a clip, plain nested lists, as Hugging Face ``datasets`` reads them.

``datasets.load_dataset("parquet", data_files="clips.parquet")`` gives (frames, 33, 4) in ``keypoints``; so do pandas,
polars and DuckDB. A store is Parquet already, with flat arrays; this is for those who would not know how to fold them.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import KEYPOINT_NAMES
from posegloss.pipeline.storing.clip import Clip

_FRAME: Final = pa.list_(pa.list_(pa.float32(), 4), len(KEYPOINT_NAMES))
_WORLD: Final = pa.list_(pa.list_(pa.float32(), 3), len(KEYPOINT_NAMES))
COLUMNS: Final = pa.schema(
    [
        ("clip_id", pa.string()),
        ("gloss", pa.string()),
        ("signer", pa.string()),
        ("split", pa.string()),
        ("synthetic", pa.bool_()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("timestamps", pa.list_(pa.float64())),
        ("keypoints", pa.list_(_FRAME)),
        ("world", pa.list_(_WORLD)),
    ]
)
_CLIPS: Final = 64


def write_table(clips: Iterable[Clip], path: Path) -> None:
    """Write clips as one Parquet file, which appears whole; a few at a time are in memory.

    Raises:
        FormatError: the file cannot be written.
    """
    rows = iter(clips)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part, pq.ParquetWriter(part, COLUMNS, compression="zstd") as writer:
            while some := list(islice(rows, _CLIPS)):
                writer.write_table(_table(some))
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}") from error


def _table(clips: list[Clip]) -> Any:
    columns: dict[str, Any] = {
        name: [getattr(clip, name) for clip in clips] for name in ("clip_id", "gloss", "signer", "split", "synthetic")
    }
    sequences = [clip.sequence for clip in clips]
    columns["width"], columns["height"] = zip(*(sequence.size for sequence in sequences), strict=True)
    columns["timestamps"] = [sequence.timestamps for sequence in sequences]
    columns["keypoints"] = _nested([sequence.keypoints for sequence in sequences], 4)
    columns["world"] = _nested([sequence.world for sequence in sequences], 3)
    return pa.table(columns, schema=COLUMNS)


def _nested(arrays: Sequence[FloatArray | None], width: int) -> Any:
    """A column of (frames, 33, width), null for None."""
    lengths = [0 if array is None else len(array) for array in arrays]
    flat = [np.empty(0, np.float32), *(array.ravel() for array in arrays if array is not None)]
    points = pa.FixedSizeListArray.from_arrays(pa.array(np.concatenate(flat)), width)
    frames = pa.FixedSizeListArray.from_arrays(points, len(KEYPOINT_NAMES))
    offsets = pa.array(np.cumsum([0, *lengths]), pa.int32())
    return pa.ListArray.from_arrays(offsets, frames, mask=pa.array([array is None for array in arrays]))
