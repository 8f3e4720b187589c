"""Storage: the place of a store, a local folder or anything that pyarrow.fs and fsspec open (``s3://bucket/store``).

S3 is Arrow's own client: it reads the usual variables (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_PROFILE, and AWS_ENDPOINT_URL
for servers that are not Amazon's). What Arrow does not know is opened by fsspec, if that and its driver are installed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.fs as pafs

from posegloss.pipeline.errors import DiskFullError, StoreError, told_as_store_error
from posegloss.pipeline.files import whole_file

_ADVICE: Final = (
    (("NO_SUCH_BUCKET",), "there is no such bucket; make it first"),
    (
        ("ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "UNRECOGNIZED_CLIENT", "Forbidden"),
        "the credentials do not allow it; see the bucket's policy, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
        "or AWS_PROFILE, on every machine that takes part",
    ),
    (
        ("NETWORK_CONNECTION", "curlCode"),
        "its server cannot be reached; see the network, AWS_REGION, and AWS_ENDPOINT_URL for a server of your own",
    ),
    (("credentials", "Credentials"), "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
)
"""What remote errors say, and what that means; they have no error numbers."""
_FULL: Final = ("QuotaExceeded", "StorageFull", "InsufficientStorage", "No space left")


class Storage:
    """Files under one place. Names are relative to it, with slashes.

    A file appears whole or not at all: locally it is written beside its place, synced and renamed; an object store
    shows an object only when all of it is there. Instances can be pickled and sent to other machines.

    Attributes:
        place: as the user wrote it.
        folder: the local folder, as the user wrote it; None if the place is remote.
    """

    def __init__(self, place: str | os.PathLike[str]) -> None:
        self._files, self._root, self.folder = _open(os.fspath(place))
        self.place = str(self.folder or place)

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        # Another machine has another working folder.
        return type(self), (str(self.folder.absolute()) if self.folder else self.place,)

    def make(self, folder: str = "") -> None:
        """Make a folder; an object store has none, and needs none.

        Raises:
            StoreError: it cannot be made.
        """
        if self.folder:
            with told_as_store_error(self.folder):
                (self.folder / folder).mkdir(parents=True, exist_ok=True)

    def write(self, name: str, data: bytes | pa.Buffer, *, sync: bool = True) -> None:
        """Write a file, which appears whole or not at all and takes the place of one of its name.

        Args:
            name: of the file.
            data: what stands in it.
            sync: wait until the disk has it; not worth it for a file that is soon replaced.

        Raises:
            DiskFullError: there is no room for it.
            StoreError: it cannot be written.
        """
        if self.folder:
            # Beside the store's own files and not in the folder of the shards, so that no reader sees a half.
            path = self.folder / name
            with told_as_store_error(self.folder), whole_file(path, scratch=self.folder, sync=sync) as part:
                part.write_bytes(data)
            return
        with self._told():
            stream = self._files.open_output_stream(self._path(name))
            try:
                stream.write(data)
            except BaseException:
                # Closing would make what was written so far the object.
                if hasattr(stream, "abort"):
                    stream.abort()
                raise
            stream.close()

    def read(self, name: str) -> bytes | None:
        """The contents of a file; None if there is none.

        Raises:
            StoreError: it cannot be read.
        """
        with self._told():
            try:
                with self._files.open_input_file(self._path(name)) as file:
                    return bytes(file.read())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name.

        Raises:
            StoreError: the place cannot be read.
        """
        with self._told():
            return bool(self._files.get_file_info(self._path(name)).type == pafs.FileType.File)

    def delete(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            StoreError: it cannot be removed.
        """
        with self._told():
            try:
                self._files.delete_file(self._path(name))
            except FileNotFoundError:
                return

    def size(self) -> int:
        """Bytes of all files under the place; one that goes away meanwhile may be left out.

        Raises:
            StoreError: the place cannot be read.
        """
        with self._told():
            everything = pafs.FileSelector(self._root, allow_not_found=True, recursive=True)
            return sum(info.size or 0 for info in self._files.get_file_info(everything))

    def dataset(self, folder: str, schema: pa.Schema) -> Any:
        """The Parquet files of a folder as one Arrow data set. Its errors are Arrow's: they also arise when it is read.

        A local folder that is not there is such an error; in an object store a folder without files is none.
        """
        # Found by listing: then Arrow knows their sizes and does not ask for each.
        where = pafs.FileSelector(self._path(folder), allow_not_found=self.folder is None)
        kind, options = pads.ParquetFileFormat(), pads.FileSystemFactoryOptions()
        return pads.FileSystemDatasetFactory(self._files, where, kind, options).finish(schema)

    def name_of(self, path: str) -> str:
        """The name of a file from its path in a data set (``__filename``)."""
        return path.removeprefix(self._root).lstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    @contextmanager
    def _told(self) -> Iterator[None]:
        with told_as_remote(self.place):
            yield


@contextmanager
def told_as_remote(place: str) -> Iterator[None]:
    """Turn an error of Arrow's or fsspec's file systems into one that says what to do."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        text = str(error)
        if any(word in text for word in _FULL):
            raise DiskFullError(
                f"{place} has no room left; what was written before is whole. Make some room and run the same command "
                "again: it goes on where it was"
            ) from error
        for words, advice in _ADVICE:
            if any(word in text for word in words):
                raise StoreError(f"{place}: {advice} ({text})") from error
        raise StoreError(f"{place} cannot be read or written: {text}") from error


def is_remote(place: str | os.PathLike[str]) -> bool:
    """Whether a place is a URI of something that is not the local file system."""
    scheme, colon, _ = os.fspath(place).partition("://")
    return bool(colon) and scheme.isalnum() and scheme != "file"


def _open(place: str) -> tuple[Any, str, Path | None]:
    if not is_remote(place):
        folder = Path(place.removeprefix("file://"))
        return pafs.LocalFileSystem(), folder.absolute().as_posix(), folder
    try:
        files, root = pafs.FileSystem.from_uri(place)
    except pa.ArrowInvalid:
        files, root = _open_with_fsspec(place)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{place} cannot be opened: {error}") from error
    return files, root.rstrip("/"), None


def _open_with_fsspec(place: str) -> tuple[Any, str]:
    scheme = place.partition("://")[0]
    try:
        import fsspec

        files, root = fsspec.core.url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise StoreError(
            f"{place}: nothing that is installed opens {scheme}:// ({error}); pip install fsspec and its driver for "
            f"{scheme}"
        ) from error
    return pafs.PyFileSystem(pafs.FSSpecHandler(files)), root
