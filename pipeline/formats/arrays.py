"""Reading NumPy's .npy and .npz from strangers: no pickles, and no array larger than its file.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import io
import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.options import MAX_FRAMES

_KINDS: Final = frozenset("fiubUS")
_HEADERS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
MOST_BYTES: Final = 2 << 30
"""Of all arrays of a .npz together."""

Array = npt.NDArray[Any]


def parse_npy(data: bytes) -> Array:
    """The array in the bytes of a .npy file.

    Raises:
        ValueError: they are none, hold other things than numbers and text, or fewer than they claim.
    """
    return _read(io.BytesIO(data), len(data))


def read_npz(path: Path, wanted: Collection[str]) -> dict[str, Array]:
    """The arrays of these names in a .npz file; names that it has not are left out.

    Raises:
        FormatError: it is none, is damaged, or holds pickles.
    """
    arrays = {}
    total = 0
    with told_as_format_error(path, "a .npz file"), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name not in wanted:
                continue
            total += member.file_size
            if total > MOST_BYTES:
                raise FormatError(f"{path} claims {total >> 20} MiB or more; it is not read, split it")
            with archive.open(member) as file:
                arrays[name] = _read(file, member.file_size)
    return arrays


def npy_shape(path: Path) -> tuple[int, ...] | None:
    """The shape that a .npy file claims; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            return _header(file)[0]
    except Exception:  # noqa: BLE001 - damaged bytes raise nearly anything
        return None


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of .npy is not read")
    shape, by_column, dtype = _HEADERS[version](file)
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise ValueError(f"it holds {dtype}, not numbers or text")
    if not all(0 <= side <= MAX_FRAMES for side in shape) or len(shape) > 8:
        raise ValueError(f"it claims the shape {shape}")
    return shape, by_column, dtype


def _read(file: IO[bytes], size: int) -> Array:
    shape, by_column, dtype = _header(file)
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > size:
        raise ValueError(f"it claims {claimed} bytes and has fewer than {size}")
    data = file.read(claimed)
    if len(data) < claimed:
        raise ValueError(f"it claims {claimed} bytes and has {len(data)}")
    array = np.frombuffer(data, dtype) if claimed else np.empty(0, dtype)
    return array.reshape(shape, order="F" if by_column else "C")
