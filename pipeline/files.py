"""Files that appear when they are whole, and the files below a folder."""

import os
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posegloss.pipeline.errors import told_as_store_error


@contextmanager
def whole_file(path: Path, scratch: Path | None = None, *, sync: bool = True) -> Iterator[Path]:
    """A temporary path for a file, synced and moved onto it when the block ends without an error.

    When the block ends with an error, the temporary file is removed and what stood at the path stays.

    Args:
        path: of the file; its folder must exist.
        scratch: the folder of the temporary file, on the same file system; beside the file unless given.
        sync: wait until the disk has it; not worth it for a file that is soon replaced.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    handle, name = tempfile.mkstemp(suffix=f".part{path.suffix}", prefix=".", dir=scratch or path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if sync:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        # mkstemp makes files that only their owner reads.
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(out: Path, text: str) -> None:
    """Write a text file, which appears whole or not at all; its folder is made if there is none.

    Raises:
        StoreError: it cannot be written.
    """
    with told_as_store_error(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as part:
            part.write_text(text, "utf-8")


def files_below(folder: Path) -> list[Path]:
    """The files below a folder at any depth, sorted; a link to a folder counts as a folder.

    Each folder is looked into once, and by a link only if it cannot be reached without: neither a link that leads up
    nor one beside its own folder gives a file twice. A folder that may not be read gives nothing.

    Raises:
        OSError: a folder cannot be read for another reason than that it may not be.
    """
    return sorted(each_file_below(folder))


def each_file_below(folder: Path) -> Iterator[Path]:
    """The same, one by one as they are found, for who need not see them all.

    Raises:
        OSError: see ``files_below``.
    """
    seen: set[str] = set()
    # Links wait until everything that lies there by itself has been seen.
    starts = deque([str(folder)])
    while starts:
        for place, folders, files in os.walk(starts.popleft(), onerror=_raise_unless_forbidden):
            real = os.path.realpath(place)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            # The order of a disk is no order: which of two links comes first must not change.
            folders.sort()
            starts += (str(path) for path in (Path(place, name) for name in folders) if path.is_symlink())
            yield from (path for path in (Path(place, name) for name in files) if path.is_file())


def _raise_unless_forbidden(error: OSError) -> None:
    if not isinstance(error, PermissionError):
        raise error


def remove_leftovers(scratch: Path) -> None:
    """Remove the temporary files that a killed process left in a folder. Nobody else may be writing there.

    Raises:
        OSError: one cannot be removed.
    """
    for left in scratch.glob(".*.part*"):
        left.unlink(missing_ok=True)
