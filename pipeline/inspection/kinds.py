"""Messages of one kind: the same words about other files and other numbers."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.running.outcome import FAILURES
from posegloss.pipeline.storing.storage import Storage

# Both also in RE2's dialect, which Arrow speaks. A number begins a word: the 264 of H.264 is part of a name.
NUMBER: Final = r"""(^|[\s(\[#=:/'"])-?\d+(?:[.,]\d+)*"""
NUMBER_REPLACED: Final = r"\1N"
_ABSOLUTE_PATH: Final = re.compile(r"""(^|[\s('"])/[^\s'",;)]+""")
_NUMBER: Final = re.compile(NUMBER)
_COLUMNS: Final = ("clip_id", "path", "error", "reason")


@dataclass(frozen=True)
class Kind:
    """Failures or warnings of one kind.

    Attributes:
        kind: the message, FILE standing for paths and N for numbers.
        clips: how many clips have it.
        clip_id: the first of them; of a failure without a clip its path.
        example: the message there.
        error: the class of the error; empty for a warning.
    """

    kind: str
    clips: int
    clip_id: str
    example: str
    error: str = ""


def kind_of(message: str, path: str = "") -> str:
    """A message without what differs from clip to clip.

    Args:
        message: what a failure says.
        path: the file that it is about, if known.
    """
    if path:
        message = message.replace(path, "FILE")
    message = _ABSOLUTE_PATH.sub(r"\1FILE", message)
    return " ".join(_NUMBER.sub(NUMBER_REPLACED, message).split())


def failure_kinds(store: Storage) -> tuple[Kind, ...]:
    """The kinds of failures in a store's ``failures.csv``, the most frequent first; none if there is no such file.

    A row that is not whole is left out: the file may be read while a run writes it.

    Raises:
        StoreError: the file cannot be read, or is no list of failures.
    """
    kinds: dict[tuple[str, str], Kind] = {}
    for row in _rows(store):
        kind = kind_of(row["reason"], row["path"])
        first = kinds.get((row["error"], kind))
        kinds[row["error"], kind] = (
            Kind(kind, 1, row["clip_id"] or row["path"], row["reason"], row["error"])
            if first is None
            else Kind(kind, first.clips + 1, first.clip_id, first.example, first.error)
        )
    return tuple(sorted(kinds.values(), key=lambda one: -one.clips))


def _rows(store: Storage) -> Iterator[dict[str, str]]:
    file = f"{store.place}/{FAILURES}"
    data = store.read(FAILURES)
    if data is None:
        return
    try:
        reader = csv.DictReader(io.StringIO(data.decode(errors="replace"), newline=""))
        if not {*_COLUMNS} <= {*(reader.fieldnames or ())}:
            raise StoreError(
                f"{file} is not a list of failures (its columns are not {', '.join(_COLUMNS)}); "
                "remove it, and the next run writes a new one"
            )
        for row in reader:
            if all(isinstance(row[name], str) for name in _COLUMNS):
                yield row
    except csv.Error as error:
        raise StoreError(f"{file} cannot be read ({error}); remove it, and the next run writes a new one") from error
