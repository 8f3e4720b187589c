"""Rows and fields of metadata that may hold anything."""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from posegloss.datasets.readers.errors import RowError
from posegloss.datasets.readers.listing import has_controls


class UnreadableError(Exception):
    """A file of metadata cannot be read at all; the message says why."""


def read_text(path: Path) -> str:
    """A UTF-8 text, with or without a byte order mark.

    Raises:
        UnreadableError: it is none.
    """
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("it is not UTF-8 text") from None
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        UnreadableError: it is none.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"it is not JSON: {error}") from error


def read_rows(
    path: Path, delimiter: str = ",", *, header: Sequence[str] = (), needs: Sequence[str] = (), quoted: bool = True
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a table with their line numbers; a row that is too short lacks the last columns.

    Args:
        path: of the table.
        delimiter: between columns.
        header: the columns' names where the file has no header line.
        needs: columns that must be there.
        quoted: whether quotes enclose columns; without, they are part of the text.

    Raises:
        UnreadableError: it is no table, or lacks a column.
    """
    lines = read_text(path).split("\n")
    rows = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
    try:
        names = [name.strip() for name in (header or next(rows, []))]
        lacking = [name for name in needs if name not in names]
        if lacking:
            raise UnreadableError(f"it has no column {lacking[0]!r} (found: {', '.join(map(repr, names[:8]))})")
        for row in rows:
            if row:
                yield rows.line_num, dict(zip(names, row, strict=False))
    except csv.Error as error:
        raise UnreadableError(f"line {rows.line_num}: {error}") from error


def text(row: Mapping[str, Any], name: str) -> str:
    """A field that must hold a text.

    Raises:
        RowError: it is missing, empty or no text.
    """
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RowError(f"{name} is {value!r}, not a text" if value else f"{name} is missing")
    return value.strip()


def number(row: Mapping[str, Any], name: str) -> float:
    """A field that must hold a finite number, or a text that is one.

    Raises:
        RowError: it does not.
    """
    value = row.get(name)
    try:
        # bool is an int to Python, and no number to anybody else.
        result = math.nan if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)
    except (ValueError, OverflowError):
        result = math.nan
    if not math.isfinite(result):
        raise RowError(f"{name} is {value!r}, not a number")
    return result


def whole(row: Mapping[str, Any], name: str) -> int:
    """A field that must hold a whole number, or a text that is one.

    Raises:
        RowError: it does not.
    """
    result = number(row, name)
    if result != int(result):
        raise RowError(f"{name} is {row.get(name)!r}, not a whole number")
    return int(result)


def entry(value: Any) -> Mapping[str, Any]:
    """A value that must be a JSON object.

    Raises:
        RowError: it is none.
    """
    if not isinstance(value, dict):
        raise RowError(f"is {type(value).__name__}, not an object")
    return value


def label(value: str | None) -> str | None:
    """A label with single spaces; None where it is empty.

    Raises:
        RowError: it holds control characters.
    """
    tidy = " ".join((value or "").split())
    if has_controls(tidy):
        raise RowError(f"the label {value!r} holds control characters")
    return tidy or None
