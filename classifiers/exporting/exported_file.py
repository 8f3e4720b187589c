"""An exported classifier on disk: one LiteRT file that is a zip, too, and says in it what it is.

LiteRT files carry what belongs to them as a zip archive behind the network (TensorFlow Lite Metadata, "associated
files"): ``unzip -p model.tflite posegloss.json`` shows it, and nobody has to keep two files together.
"""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from posegloss.classifiers.description import check_like
from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.extraction import trusted_extraction
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.files import whole_file

SUFFIX: Final = ".tflite"
FORMAT: Final = 1
_DESCRIPTION: Final = "posegloss.json"
_MOST_BYTES: Final = 1 << 24
_AGAIN: Final = "export it again with: posegloss export MODEL --out FILE"

# What a description has, and of which types.
_PATTERN: Final[Mapping[str, Any]] = {
    "format": FORMAT,
    "posegloss": "",
    "family": "",
    "precision": "",
    "glosses": [],
    "points": [],
    "preprocessing": Preprocessing().to_dict(),
    "calibration": {},
    "training": {"synthetic": False},
}


class ExportError(PoseglossError):
    """A classifier cannot be exported, or a file is no exported classifier."""


def check_free(path: Path, overwrite: bool) -> None:
    """Make sure that a file may be written to a path.

    Raises:
        ExportError: its name does not end as it must, or something is there that may not be replaced.
    """
    if path.suffix != SUFFIX:
        raise ExportError(f"{path} is no name for a LiteRT file; let --out end in {SUFFIX}")
    if path.is_dir():
        raise ExportError(f"{path} is a folder; choose another --out")
    if path.exists() and not overwrite:
        raise ExportError(f"{path} exists already; choose another --out, or pass --overwrite to replace it")


def write_exported(path: Path, network: bytes, about: Mapping[str, Any]) -> None:
    """Write a network and what it is as one file, whole or not at all.

    Raises:
        ExportError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary:
            temporary.write_bytes(network)
            with zipfile.ZipFile(temporary, "a") as archive:
                archive.writestr(_DESCRIPTION, json.dumps(about, ensure_ascii=False, indent=1))
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}; choose another --out") from error


def read_exported(path: Path) -> tuple[bytes, dict[str, Any]]:
    """The content of an exported classifier's file, and what it says of itself.

    Raises:
        ExportError: it cannot be read, was exported by something else or by a newer posegloss.
    """
    try:
        content = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            # A file may come from a stranger, and a small archive may hold a text that fills the memory.
            if archive.getinfo(_DESCRIPTION).file_size > _MOST_BYTES:
                raise ValueError(f"its {_DESCRIPTION} is too large")
            about = json.loads(archive.read(_DESCRIPTION))
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror or error}") from error
    except (KeyError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ExportError(f"{path} is no model that posegloss exported; {_AGAIN}") from error
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path} does not say what it is ({error}); {_AGAIN}") from error
    if isinstance(about, dict) and about.get("format", FORMAT) != FORMAT:
        raise ExportError(f"{path} has export format {about['format']}; this posegloss reads format {FORMAT}")
    try:
        _check(about, path.parent)
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(f"{path} does not say what it is ({error}); {_AGAIN}") from error
    return content, about


def _check(about: Any, folder: Path) -> None:
    check_like(about, _PATTERN, "description")
    missing = sorted(_PATTERN.keys() - about.keys())
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    for name in ("glosses", "points"):
        if not about[name] or not all(isinstance(value, str) for value in about[name]):
            raise ValueError(f"{name} is no list of names")
    Preprocessing.from_dict(about["preprocessing"])
    Calibration.from_dict(about["calibration"])
    trusted_extraction(about["training"]["extraction"], folder)
    if "synthetic" not in about["training"]:
        raise ValueError("training lacks synthetic")
