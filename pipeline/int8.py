"""The int8 landmark networks: made from the shipped ones and a table that is part of posegloss, kept in the cache.

``int8_activations.npz`` says, for each network, what values its tensors take, as ``python -m benchmarks.int8_table``
measured them. A network is made within a second or so and then lies beside the weights, so that a worker only reads it.
"""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.pipeline import models
from posegloss.pipeline.errors import SettingsError, WeightsError
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.graph import without_outputs
from posegloss.pipeline.landmarks import SEGMENTATION_SHAPE
from posegloss.pipeline.quantize import Activation, with_int8

PRECISIONS: Final = ("float", "int8")
TABLE: Final = Path(__file__).with_name("int8_activations.npz")

_VERSION: Final = 1
"""Of the way in which a network is made; another one makes those in the cache anew."""
_DIGEST_BYTES: Final = 32


def load(name: str, precision: str, report: models.Report | None = None, table: Path = TABLE) -> bytes:
    """The contents of a landmark network in a precision.

    Args:
        name: "lite", "full" or "heavy".
        precision: "float", the network as it is shipped, or "int8".
        report: is told what is being fetched.
        table: the activations.

    Raises:
        SettingsError: there is no such precision.
        WeightsError: the weights cannot be had, or the table is not of these weights.
    """
    check_precision(precision)
    if precision == "float":
        return models.load(name, report)
    path = cached_path(name, table)
    content = _read(path)
    if content is None:
        content = _make(name, read_table(name, table), report)
        _keep(path, content)
    return content


def check_precision(precision: str) -> None:
    """Make sure that there is such a precision.

    Raises:
        SettingsError: there is not; the message lists those there are.
    """
    if precision not in PRECISIONS:
        raise SettingsError(f"there is no precision {precision!r}; choose one of {', '.join(PRECISIONS)}")


def cached_path(name: str, table: Path = TABLE) -> Path:
    """Where the int8 network of these weights and this table lies, once it is made."""
    weights = models.weights_of(name)
    key = hashlib.sha256(f"{_VERSION} {weights.sha256} {_fingerprint(table)}".encode()).hexdigest()
    return models.cache_folder() / f"{Path(weights.file).stem}.int8-{key[:16]}.tflite"


def read_table(name: str, table: Path = TABLE) -> Mapping[int, Activation]:
    """What values the tensors of a network take, by their place in its file.

    Raises:
        WeightsError: the table cannot be read, lacks the network, or was measured on other weights.
    """
    again = "install posegloss anew, or make the table: python -m benchmarks.int8_table"
    try:
        with np.load(table, allow_pickle=False) as arrays:
            measured_on = str(arrays[f"{name}.sha256"])
            tensors, bounds = arrays[f"{name}.tensors"], arrays[f"{name}.bounds"].astype(np.float64)
            # In 255th parts of the way from low to high.
            means = np.split(arrays[f"{name}.means"] / 255, np.cumsum(arrays[f"{name}.channels"])[:-1])
            found = zip(tensors.tolist(), bounds, means, strict=True)
            activations = {i: Activation(low, high, low + (high - low) * part) for i, (low, high), part in found}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{table} cannot be read for the network {name!r} ({error}); {again}") from error
    weights = models.weights_of(name)
    if measured_on != weights.sha256:
        raise WeightsError(
            f"{table} was measured on another {weights.file} (sha256 {measured_on[:12]}, not {weights.sha256[:12]}); "
            f"{again}"
        )
    return activations


def _make(name: str, activations: Mapping[int, Activation], report: models.Report | None) -> bytes:
    made = with_int8(models.load(name, report), activations)
    return without_outputs(made, lambda shape: shape == SEGMENTATION_SHAPE)


def _fingerprint(table: Path) -> str:
    try:
        return hashlib.sha256(table.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{table} cannot be read ({error.strerror}); install posegloss anew") from error


def _read(path: Path) -> bytes | None:
    """A network from the cache; None if it is not there or not as it was written."""
    try:
        file = path.read_bytes()
    except OSError:
        return None
    content, digest = file[:-_DIGEST_BYTES], file[-_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None


def _keep(path: Path, content: bytes) -> None:
    # The digest stands at the end, where no reader of the format looks.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_bytes(content + hashlib.sha256(content).digest())
    except OSError:
        # The weights lie in a folder then, too, and each process makes the network for itself.
        return
