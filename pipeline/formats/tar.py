"""Reading a tar that may come from a stranger.

Nothing is unpacked onto the disk. What the archive claims is not believed: names that lead out of it and sizes beyond
reason are refused before anything of them is read.
"""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.options import MAX_FRAMES

TAR_SUFFIXES: Final = (".tar", ".tar.xz", ".txz", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2")
MAX_FILE: Final = 16 << 20
"""Bytes of one frame's file: some two thousand people in OpenPose's JSON."""
_MAX_SKIPPED: Final = 4 << 30
"""Bytes of a file that nobody wants, a video for instance."""
_MAX_FOLDERS: Final = 16


def is_tar(path: Path) -> bool:
    """Whether a path is named like a tar, compressed or not."""
    return path.name.lower().endswith(TAR_SUFFIXES)


def tar_files(path: Path, wanted: Callable[[PurePosixPath], bool]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The files of a tar that are wanted, with their contents, in the tar's order.

    Raises:
        FormatError: it is no tar, is damaged, or is made to do harm.
    """
    with told_as_format_error(path, "a tar"), _opened(path) as raw:
        metered = _Metered(raw)
        with tarfile.open(fileobj=metered, mode="r|") as tar:
            for count, member in enumerate(tar):
                where = PurePosixPath(member.name)
                shown = f"{path} holds {member.name[:80]!r}"
                if where.is_absolute() or ".." in where.parts or len(where.parts) > _MAX_FOLDERS:
                    raise FormatError(f"{shown}, which leads out of it; it is not read")
                is_wanted = member.isreg() and wanted(where)
                if member.size > (MAX_FILE if is_wanted else _MAX_SKIPPED) or count > 2 * MAX_FRAMES:
                    raise FormatError(f"{shown} of {member.size} bytes as member {count}; it is not read")
                file = tar.extractfile(member) if is_wanted else None
                if file:
                    yield where, file.read()
                tar.members = []  # type: ignore[attr-defined]  # all that went by, which nobody needs
                # What a sparse member claims does not lie in the archive.
                metered.renew(0 if is_wanted or member.issparse() else member.size)


def _opened(path: Path) -> IO[bytes]:
    name = path.name.lower()
    if name.endswith("xz"):
        return lzma.open(path)
    if name.endswith("gz"):
        return cast(IO[bytes], gzip.open(path))
    if name.endswith("bz2"):
        return bz2.open(path)
    return path.open("rb")


class _Metered(io.RawIOBase):
    """A stream that gives a limited number of bytes for each member of a tar, headers included.

    A few kilobytes of xz can be gigabytes of a header.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.renew()

    def renew(self, skipped: int = 0) -> None:
        """The next member begins, after so many bytes that are skipped."""
        self._left = 2 * MAX_FILE + skipped

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes."""
        if self._left <= 0:
            raise FormatError("a header in the archive is too large; it is not read")
        data = self._stream.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(data)
        return data
