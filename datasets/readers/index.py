"""A reading as a manifest that `posegloss extract` reads, and as a list of what is missing."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.datasets.readers.errors import DatasetError
from posegloss.datasets.readers.reading import DatasetClip, MissingClip
from posegloss.datasets.splits import split_clips
from posegloss.pipeline.files import whole_file

_SCHEMA: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("path", "gloss", "signer", "split")),
        *((name, pa.float64()) for name in ("start", "end")),
        ("synthetic", pa.bool_()),
        *((name, pa.string()) for name in ("meaning", "gloss_sequence", "sentence")),
        *((name, pa.float64()) for name in ("box_left", "box_top", "box_right", "box_bottom")),
        ("box_unit", pa.string()),
    ]
)
"""What every manifest has, and what readers add: extraction leaves the columns from meaning on alone."""
_OPTIONAL: Final = tuple(_SCHEMA.names[_SCHEMA.get_field_index("meaning") :])
FORMATS: Final = (".parquet", ".csv")


def write_manifest(clips: Sequence[DatasetClip], out: Path) -> None:
    """Write clips as a manifest, Parquet or CSV by its name.

    Paths are relative to the manifest where the clips lie below its folder, so that both can be moved together.

    Raises:
        DatasetError: the format is another, or the file cannot be written.
    """
    check_format(out)
    folder = _absolute(out).parent
    rows = [_row(clip, folder) for clip in clips]
    columns = [name for name in _SCHEMA.names if name not in _OPTIONAL or any(row[name] is not None for row in rows)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as part:
            if out.suffix.lower() == ".parquet":
                table = pa.Table.from_pylist(rows, schema=pa.schema([_SCHEMA.field(name) for name in columns]))
                pq.write_table(table, part, compression="zstd")
            else:
                _write_csv(part, columns, rows)
    except OSError as error:
        raise DatasetError(f"{out} cannot be written: {error.strerror or error}") from error


def check_format(out: Path) -> None:
    """Make sure that a manifest can have a name.

    Raises:
        DatasetError: its suffix is none of ``FORMATS``.
    """
    if out.suffix.lower() not in FORMATS:
        raise DatasetError(f"{out} is no name of a manifest; let it end in {' or '.join(FORMATS)}")


def write_missing(missing: Sequence[MissingClip], out: Path) -> None:
    """Write what is missing as CSV: path, gloss, signer, split, url, file, row.

    Raises:
        DatasetError: the file cannot be written.
    """
    columns = list(MissingClip.__slots__)
    try:
        with whole_file(out) as part:
            _write_csv(part, columns, ({name: getattr(one, name) for name in columns} for one in missing))
    except OSError as error:
        raise DatasetError(f"{out} cannot be written: {error.strerror or error}") from error


def split_by_signer(clips: Sequence[DatasetClip], seed: int = 0) -> tuple[list[DatasetClip], str]:
    """The clips with a split of our own, in which nobody is in two parts, and how it was made.

    A clip that belongs to no part (a gloss that only test signers show) has none.

    Raises:
        SplitError: a clip has no gloss, or there are too few clips.
        DatasetError: there are too few signers.
    """
    split = split_clips([clip.source for clip in clips], use_published=False, seed=seed)
    if not split.signer_independent:
        raise DatasetError("who signs is known of too few clips for a split by signer")
    parts: dict[int, str] = {}
    for name, indices in (("train", split.train), ("val", split.validation), ("test", split.test)):
        parts.update((int(index), name) for index in indices)
    own = [replace(clip, source=replace(clip.source, split=parts.get(i))) for i, clip in enumerate(clips)]
    return own, split.how


def _row(clip: DatasetClip, folder: Path) -> dict[str, Any]:
    source, box = clip.source, clip.box
    path = _absolute(source.path)
    return {
        "path": path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path),
        "gloss": source.gloss,
        "signer": source.signer,
        "split": source.split,
        "start": source.start_s,
        "end": source.end_s,
        "synthetic": source.synthetic,
        "meaning": clip.meaning,
        "gloss_sequence": clip.gloss_sequence,
        "sentence": clip.sentence,
        "box_left": box and box.left,
        "box_top": box and box.top,
        "box_right": box and box.right,
        "box_bottom": box and box.bottom,
        "box_unit": box and box.unit,
    }


def _absolute(path: Path) -> Path:
    """Without ``..``, and without following links: a set may be a folder of links into an archive."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
