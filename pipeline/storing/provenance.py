"""What a clip was made of and by what, and whether its file is still the one that it was made of.

Imports nothing heavy: the workers use it, too.
"""

import hashlib
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import Final, Self

_CHUNK_BYTES: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Origin:
    """A video file as it was when its clip was extracted; None is what was not recorded.

    Attributes:
        source: its path; absolute, since the next run may begin in another folder.
        size: bytes.
        mtime_ns: when it was last written, in nanoseconds since 1970.
        sha256: of its contents, in hexadecimal digits.
    """

    source: str
    size: int | None = None
    mtime_ns: int | None = None
    sha256: str | None = None

    @classmethod
    def of(cls, path: Path, on_read: Callable[[], None] | None = None) -> Self:
        """A file as it is now. What is no file to be read twice (a pipe, a camera) has only its path.

        Args:
            path: of the file.
            on_read: is called after every few megabytes.

        Raises:
            OSError: the file cannot be read.
        """
        # Looked at before it is read: a file that is written meanwhile then has another time at the next look.
        status, source = path.stat(), str(path.absolute())
        if not stat.S_ISREG(status.st_mode):
            return cls(source)
        digest = hashlib.sha256()
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                if on_read:
                    on_read()
        return cls(source, status.st_size, status.st_mtime_ns, digest.hexdigest())

    def is_elsewhere(self, path: Path) -> bool:
        """Whether this is another file than the one at a path, which still exists."""
        before = Path(self.source)
        try:
            return before.is_file() and not before.samefile(path)
        except OSError:
            return False


@dataclass(frozen=True)
class Provenance:
    """Where a stored sequence comes from.

    Attributes:
        origin: the video file.
        model: the landmark network.
        settings: all extraction settings, as JSON.
        version: of posegloss.
        extracted_at: when, with its time zone.
    """

    origin: Origin
    model: str
    settings: str
    version: str
    extracted_at: datetime


class Verdict(Enum):
    """What a clip of a corpus is to a store.

    NEW: the store does not have it. THERE: it has it. CHANGED: the file is another than the one that the stored clip
    was made of. STRANGER: the stored clip was made of another file, which still exists. DOUBTFUL: only the file's
    contents can tell.
    """

    NEW = auto()
    THERE = auto()
    CHANGED = auto()
    STRANGER = auto()
    DOUBTFUL = auto()


def judge(path: Path, before: Origin | None, *, verify: bool = False) -> Verdict:
    """Compare a file with the one that a stored clip was made of, by size and time alone.

    Args:
        path: the clip's file.
        before: what the store's clip of that id was made of; None if there is no such clip.
        verify: never trust size and time.
    """
    if before is None:
        return Verdict.NEW
    try:
        now = path.stat()
    except OSError:
        return Verdict.THERE  # what cannot be looked at says nothing
    if before.size is None:
        # Stored before sizes were: the same path is the same file.
        return Verdict.DOUBTFUL if before.is_elsewhere(path) else Verdict.THERE
    if now.st_size != before.size:
        return Verdict.STRANGER if before.is_elsewhere(path) else Verdict.CHANGED
    return Verdict.DOUBTFUL if verify or now.st_mtime_ns != before.mtime_ns else Verdict.THERE


def settle(before: Origin, now: Origin) -> Verdict:
    """End a doubt by the contents: THERE, CHANGED or STRANGER.

    Raises:
        OSError: a file of another path, whose contents were not recorded, cannot be read.
    """
    if now.sha256 == (before.sha256 or Origin.of(Path(before.source)).sha256):
        return Verdict.THERE
    return Verdict.STRANGER if before.is_elsewhere(Path(now.source)) else Verdict.CHANGED
