"""Which landmark network is meant: one of Google's by its name, or one of the user's own by the path of its file."""

import hashlib
from pathlib import Path
from typing import Final

from posegloss.pipeline import int8, models
from posegloss.pipeline.errors import SettingsError, WeightsError
from posegloss.pipeline.landmarks import LandmarkModel

SUFFIX: Final = ".tflite"
CHOICES: Final = f"{', '.join(models.LANDMARK_MODELS)}, or a network of your own by the path of its {SUFFIX}"
"""What a user may name."""


def is_file(model: str) -> bool:
    """Whether a model is a file of the user's, not a name of ours."""
    return model.lower().endswith(SUFFIX)


def open_landmarks(
    model: str, precision: str = "float", *, threads: int = 1, report: models.Report | None = None
) -> LandmarkModel:
    """The landmark network of a name or a path, ready to run.

    Args:
        model: "lite", "full", "heavy", or the path of a ``.tflite`` with the same input and outputs.
        precision: "float", the network as it is, or "int8", which there is of ours only.
        threads: threads of the network.
        report: is told what is being fetched.

    Raises:
        SettingsError: there is no such precision of this network.
        WeightsError: the weights cannot be had, or the file cannot be read or is no such network.
    """
    if not is_file(model):
        return LandmarkModel(int8.load(model, precision, report), threads=threads)
    check_precision(model, precision)
    content = _read(model)
    try:
        return LandmarkModel(content, threads=threads)
    except WeightsError as error:
        raise WeightsError(
            f"{model}: {error}; a landmark network has the input and the outputs of MediaPipe's (docs/extraction.md)"
        ) from error


def check_precision(model: str, precision: str) -> None:
    """Make sure that there is a precision of a network.

    Raises:
        SettingsError: there is not.
    """
    int8.check_precision(precision)
    if precision != "float" and is_file(model):
        # It is made from a table of what values the tensors of Google's networks take.
        raise SettingsError(
            f"{model} cannot be run in {precision}, which there is of {', '.join(models.LANDMARK_MODELS)} only; "
            "choose the precision float"
        )


def sha256_of(model: str) -> str:
    """Of a user's file, in hexadecimal digits.

    Raises:
        WeightsError: it cannot be read.
    """
    return hashlib.sha256(_read(model)).hexdigest()


def read_unchanged(model: str, sha256: str) -> bytes:
    """The content of a user's file that must be the one that is meant: another worker's, or this machine's, may differ.

    Raises:
        WeightsError: it is another, or cannot be read.
    """
    content = _read(model)
    if (now := hashlib.sha256(content).hexdigest()) != sha256:
        raise WeightsError(
            f"{model} is not the network that was asked for (sha256 {now[:12]}, not {sha256[:12]}); it must stay as it "
            "is while it is used, and be the same on all machines"
        )
    return content


def _read(model: str) -> bytes:
    try:
        return Path(model).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WeightsError(f"the landmark network {model} cannot be read: {reason}") from error
