"""Which clips a user means: a manifest, a folder of videos, single videos, or several of these.

A wrong row never stops the others: it becomes a ``RowProblem`` beside the clips that were found.
"""

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.pipeline.clip_source import ClipSource, span_suffix
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.files import files_below

COLUMNS: Final = ("path", "gloss", "signer", "split", "start", "end", "synthetic")
MANIFEST_SUFFIXES: Final = (".csv", ".tsv", ".parquet")
VIDEO_SUFFIXES: Final = frozenset(
    (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ts", ".mts", ".gif")
)
# A folder that holds one of these is read by it.
MANIFEST_NAMES: Final = ("manifest.csv", "manifest.parquet")

PathLike = str | os.PathLike[str]


class ManifestError(PoseglossError):
    """A manifest or folder cannot be used at all: unreadable, without a path column, or without any video."""


@dataclass(frozen=True)
class RowProblem:
    """A row of a manifest that gives no clip.

    Attributes:
        row_number: as a spreadsheet counts it: the header is row 1; 0 for what stands in no manifest.
        path: the path as written in the row.
        reason: what is wrong with it.
    """

    row_number: int
    path: str
    reason: str


@dataclass(frozen=True)
class ClipSources:
    """The clips that were found and the rows that gave none."""

    clips: tuple[ClipSource, ...]
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True)
class _Row:
    """A row of a manifest that is not blank; ``wrong`` says why it could not be taken apart, if it could not."""

    number: int
    cells: Mapping[str, str]
    wrong: str = ""


def find_clips(inputs: PathLike | Sequence[PathLike]) -> ClipSources:
    """The clips of a video, a folder, a manifest, or of several of these.

    A folder that holds ``manifest.csv`` or ``manifest.parquet`` is read by it. In any other folder all videos
    count, at any depth; where every one lies exactly one folder down (``gloss/clip.mp4``), that folder's name is
    the gloss. Linked folders count, each real folder once: by its own name where that lies in the folder, too.

    A clip's id is the name of that folder, or of the folder that the manifest or the single video lies in, and the path
    in it: it is the same from wherever and with whatever else a clip is named. A clip that is named twice counts once.

    Raises:
        ManifestError: an input does not exist or cannot be read, or nothing was found in any of them.
    """
    paths = [Path(p) for p in inputs] if not isinstance(inputs, str | os.PathLike) else [Path(inputs)]
    clips: dict[str, ClipSource] = {}
    problems: list[RowProblem] = []
    spans = set()
    for path in paths:
        found = _from_one(path)
        problems += found.problems
        for clip in found.clips:
            span = (clip.path.resolve(), clip.start_s, clip.end_s)
            if span in spans:
                continue
            spans.add(span)
            before = clips.setdefault(clip.clip_id, clip)
            if before is not clip:
                reason = f"its folder has the same name as that of {before.path}; extract it into another store"
                problems.append(RowProblem(0, str(clip.path), reason))
    if not clips and not problems:
        named = ", ".join(map(str, paths)) or "nothing"
        raise ManifestError(
            f"no videos in {named}; give a video, a folder of videos ({', '.join(sorted(VIDEO_SUFFIXES))}) "
            "or a manifest (CSV or Parquet with a column 'path')"
        )
    return ClipSources(tuple(clips.values()), tuple(problems))


def read_manifest(path: PathLike) -> ClipSources:
    """The clips of a CSV or Parquet file with the columns path, gloss, signer, split, start, end, synthetic.

    Only path is required; it is relative to the manifest. start and end are seconds, synthetic is
    true for clips that show no real person. Upper and lower case of the headers, a byte order mark, semicolons or tabs
    in place of commas (Excel's habit), and blank rows make no difference.

    Args:
        path: the manifest.

    Raises:
        ManifestError: the file cannot be read, has no path column, or no rows.
    """
    path = Path(path)
    prefix = _prefix(path.parent)
    clips: dict[str, ClipSource] = {}
    problems: list[RowProblem] = []
    for row in _rows(path):
        written = row.cells.get("path", "")
        try:
            if row.wrong:
                raise ValueError(row.wrong)
            clip = _to_clip(row.cells, path.parent, prefix)
            if clip.clip_id in clips:
                raise ValueError("the same clip as in an earlier row")
            clips[clip.clip_id] = clip
        except ValueError as error:
            problems.append(RowProblem(row.number, written, str(error)))
        except OSError as error:
            # A name longer than the file system allows, or a folder that may not be read.
            problems.append(RowProblem(row.number, written, f"cannot be read: {error.strerror or error}"))
    if not clips and not problems:
        raise ManifestError(f"{path} has a header but no rows; add a row for each clip")
    return ClipSources(tuple(clips.values()), tuple(problems))


def _prefix(folder: Path) -> str:
    """What the ids of the clips in a folder start with."""
    return f"{folder.resolve().name}/".removeprefix("/")


def _from_one(path: Path) -> ClipSources:
    try:
        return _found_in(path)
    except OSError as error:
        raise ManifestError(f"{path} cannot be read: {error.strerror or error}") from error


def _found_in(path: Path) -> ClipSources:
    if path.is_dir():
        for name in MANIFEST_NAMES:
            if (path / name).is_file():
                return read_manifest(path / name)
        return ClipSources(tuple(_scan_folder(path)))
    if not path.exists():
        raise ManifestError(f"{path} does not exist; check the path")
    if path.suffix.lower() in MANIFEST_SUFFIXES:
        return read_manifest(path)
    # Whether a single file is a video, whatever its name, is for the video reader to say.
    return ClipSources((ClipSource(_prefix(path.parent) + path.name, path),))


def _scan_folder(folder: Path) -> Iterator[ClipSource]:
    videos = [
        file for file in files_below(folder) if file.suffix.lower() in VIDEO_SUFFIXES and not file.name.startswith(".")
    ]
    relative = [video.relative_to(folder) for video in videos]
    prefix = _prefix(folder)
    labelled = all(len(path.parts) == 2 for path in relative)
    for video, short in zip(videos, relative, strict=True):
        yield ClipSource(prefix + short.as_posix(), video, gloss=short.parts[0] if labelled else None)


def _rows(path: Path) -> Iterator[_Row]:
    try:
        return _parquet_rows(path) if path.suffix.lower() == ".parquet" else _csv_rows(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ManifestError(f"{path} cannot be read as a manifest: {error}") from error


def _parquet_rows(path: Path) -> Iterator[_Row]:
    table = pq.read_table(path)
    table = table.rename_columns([name.strip().lower() for name in table.column_names])
    _require_path_column(path, table.column_names)
    columns = [name for name in COLUMNS if name in table.column_names]
    rows = ({name: _text(value) for name, value in row.items()} for row in table.select(columns).to_pylist())
    return (_Row(number, cells) for number, cells in enumerate(rows, start=2) if any(cells.values()))


def _text(value: object) -> str:
    # Not every program writes null for what is missing in a column of numbers.
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "" if missing else str(value).strip()


def _csv_rows(path: Path) -> Iterator[_Row]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ManifestError(
            f"{path} is not UTF-8 text; save it as 'CSV UTF-8' (in Excel: Save as, CSV UTF-8), or give a Parquet file"
        ) from None
    if not text.strip() or "\0" in text:
        raise ManifestError(f"{path} is {'empty' if not text.strip() else 'not a CSV file'}; it needs a column 'path'")
    lines = text.splitlines(keepends=True)
    delimiter = max(",;\t", key=lambda d: (_header(lines[0], d).count("path"), lines[0].count(d)))
    header = _header(lines[0], delimiter)
    _require_path_column(path, header)
    # Excel writes 1,5 for 1.5 wherever it writes semicolons for commas.
    comma_is_decimal = delimiter != ","
    return (
        _Row(number, _cells(header, cells, comma_is_decimal), wrong)
        for number, (cells, wrong) in enumerate(_split_rows(lines[1:], delimiter), start=2)
        if wrong or any(cell.strip() for cell in cells)
    )


def _split_rows(lines: Sequence[str], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """The cells of each row and what is wrong with it; then the cells are those of its first line, as far as they go.

    Where quotation marks do not match, the next line is a row again: what they would swallow are rows of their own.
    """
    at = 0
    while at < len(lines):
        rows = csv.reader((lines[n] for n in range(at, len(lines))), delimiter=delimiter, strict=True)
        try:
            cells, wrong, length = next(rows), "", rows.line_num
        except csv.Error as error:
            cells, length = _split_line(lines[at], delimiter, strict=False), 1
            wrong = (
                f"its quotation marks do not match, or a cell is too long ({error}); "
                'put them around whole cells, and write "" for one within'
            )
        yield cells, wrong
        at += length


def _split_line(line: str, delimiter: str, *, strict: bool) -> list[str]:
    """The cells of a line; none where it cannot be taken apart."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=strict), [])
    except csv.Error:
        return []


def _header(line: str, delimiter: str) -> list[str]:
    return [cell.strip().lower() for cell in _split_line(line, delimiter, strict=True)]


def _cells(header: Sequence[str], cells: Sequence[str], comma_is_decimal: bool) -> dict[str, str]:
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    if comma_is_decimal:
        row.update({name: row[name].replace(",", ".") for name in ("start", "end") if name in row})
    return row


def _require_path_column(path: Path, header: Sequence[str]) -> None:
    if "path" not in header:
        found = ", ".join(repr(name) for name in header[:8]) or "none; are its quotation marks closed?"
        raise ManifestError(
            f"{path} has no column 'path' (found: {found}); its first line must name the columns, "
            f"of {', '.join(COLUMNS)}; only path is required"
        )


def _to_clip(row: Mapping[str, str], folder: Path, prefix: str) -> ClipSource:
    written = row.get("path", "")
    if not written:
        raise ValueError("the path is empty")
    # A manifest that was written on Windows is read everywhere.
    portable = written.replace("\\", "/")
    video = folder / written if (folder / written).exists() else folder / portable
    if not video.is_file():
        raise ValueError("is a folder, not a video" if video.is_dir() else "no such file")
    start, end = _seconds(row, "start"), _seconds(row, "end")
    if end is not None and end <= (start or 0):
        raise ValueError(f"the clip ends at {end:g} s, not after its start at {start or 0:g} s")
    known = {name: row.get(name) or None for name in ("gloss", "signer", "split")}
    synthetic = row.get("synthetic", "").lower() in ("true", "1", "yes")
    clip_id = f"{prefix}{portable}{span_suffix(start, end)}"
    return ClipSource(clip_id, video, **known, start_s=start, end_s=end, synthetic=synthetic)


def _seconds(row: Mapping[str, str], column: str) -> float | None:
    text = row.get(column, "")
    if not text or text.lower() == "nan":
        return None
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError(f"{column} is {text!r}, not a number of seconds") from None
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{column} is {text!r}, not a number of seconds from 0 on")
    return seconds
