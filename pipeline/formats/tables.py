"""Parquet for training elsewhere: one row a clip, plain nested lists, as Hugging Face ``datasets`` reads them.

``datasets.load_dataset("parquet", data_files="clips.parquet")`` gives (frames, 33, 4) in ``keypoints``, or with hands
(frames, 75, 4); so do pandas, polars and DuckDB. A store is Parquet already, with flat arrays; this is for those who
would not know how to fold them.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.alike import layout_of
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import BLAZEPOSE33, KEYPOINT_NAMES, LAYOUTS
from posegloss.pipeline.storing.clip import Clip

_CLIPS: Final = 64


def columns_of(layout: str) -> Any:
    """The schema of a file whose clips have the points of a layout."""
    points, body = len(LAYOUTS[layout]), len(KEYPOINT_NAMES)
    return pa.schema(
        [
            ("clip_id", pa.string()),
            ("gloss", pa.string()),
            ("signer", pa.string()),
            ("split", pa.string()),
            ("synthetic", pa.bool_()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("timestamps", pa.list_(pa.float64())),
            ("keypoints", pa.list_(pa.list_(pa.list_(pa.float32(), 4), points))),
            ("world", pa.list_(pa.list_(pa.list_(pa.float32(), 3), body))),
        ]
    )


def write_table(clips: Iterable[Clip], path: Path) -> None:
    """Write clips as one Parquet file, which appears whole; a few at a time are in memory.

    Raises:
        FormatError: the clips have different points, or the file cannot be written.
    """
    rows = iter(clips)
    some = list(islice(rows, _CLIPS))
    columns = columns_of(some[0].sequence.layout if some else BLAZEPOSE33)
    first = some[:1]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part, pq.ParquetWriter(part, columns, compression="zstd") as writer:
            while some:
                layout_of([*first, *some], path)
                writer.write_table(_table(some, columns))
                some = list(islice(rows, _CLIPS))
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}") from error


def _table(clips: list[Clip], schema: Any) -> Any:
    columns: dict[str, Any] = {
        name: [getattr(clip, name) for clip in clips] for name in ("clip_id", "gloss", "signer", "split", "synthetic")
    }
    sequences = [clip.sequence for clip in clips]
    columns["width"], columns["height"] = zip(*(sequence.size for sequence in sequences), strict=True)
    columns["timestamps"] = [sequence.timestamps for sequence in sequences]
    points = len(LAYOUTS[sequences[0].layout])
    columns["keypoints"] = _nested([sequence.keypoints for sequence in sequences], points, 4)
    columns["world"] = _nested([sequence.world for sequence in sequences], len(KEYPOINT_NAMES), 3)
    return pa.table(columns, schema=schema)


def _nested(arrays: Sequence[FloatArray | None], count: int, width: int) -> Any:
    """A column of (frames, count, width), null for None."""
    lengths = [0 if array is None else len(array) for array in arrays]
    flat = [np.empty(0, np.float32), *(array.ravel() for array in arrays if array is not None)]
    points = pa.FixedSizeListArray.from_arrays(pa.array(np.concatenate(flat)), width)
    frames = pa.FixedSizeListArray.from_arrays(points, count)
    offsets = pa.array(np.cumsum([0, *lengths]), pa.int32())
    return pa.ListArray.from_arrays(offsets, frames, mask=pa.array([array is None for array in arrays]))
