"""How the keypoints were extracted that a model was trained on: what its folder says of it, and what may be used.

A landmark network of the user's own goes along in the model folder. There it has one fixed name, by which alone it is
known: a model from a stranger must not make us open a file of its choice.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from posegloss.pipeline.errors import PoseglossError, WeightsError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.landmark_file import read_unchanged
from posegloss.pipeline.models import LANDMARK_MODELS

LANDMARKS_FILE: Final = "landmarks.tflite"
"""The landmark network of the user's own, in a model folder or beside an exported file."""

_USUAL: Final = asdict(ExtractionSettings())


def described_extraction(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A store's extraction settings as a model says them: without the path of a network of the user's own."""
    return {**settings, "model": LANDMARKS_FILE} if settings.get("model_sha256") else dict(settings)


def trusted_extraction(settings: Any, folder: Path) -> ExtractionSettings:
    """The extraction settings that a model was trained with, None being the defaults.

    Args:
        settings: as the model says them.
        folder: the model's, which is where a network of the user's own lies if there is one.

    Raises:
        ValueError: there are no such settings, or they name another file.
    """
    if not isinstance(settings, dict | None):
        raise ValueError("extraction is no object")
    settings = settings or {}
    model = settings.get("model", LANDMARK_MODELS[0])
    if model == LANDMARKS_FILE:
        settings = {**settings, "model": str(_carried(settings, folder))}
    elif model not in LANDMARK_MODELS:
        raise ValueError(
            f"extraction names the model {model!r}, which is none of {', '.join(LANDMARK_MODELS)}, nor "
            f"{LANDMARKS_FILE} of the model's folder"
        )
    wrong = [name for name in ("smooth", "static", "world") if not isinstance(settings.get(name, True), bool)]
    if wrong:
        raise ValueError(f"extraction has no yes or no for {wrong[0]}")
    try:
        return ExtractionSettings(**settings)
    except (TypeError, PoseglossError) as error:
        raise ValueError(f"extraction cannot be read ({error})") from error


def extraction_to_use(settings: Any, folder: Path | None) -> ExtractionSettings:
    """The same, where videos are to be extracted so; ``folder`` is None for a model that has none.

    Raises:
        ValueError: there are no such settings.
        WeightsError: the network of the user's own is not there.
    """
    trusted = trusted_extraction(settings, folder or Path())
    if trusted.model_sha256 and not (folder and Path(trusted.model).is_file()):
        raise WeightsError(
            f"the model was trained on keypoints of its maker's own landmark network (sha256 "
            f"{trusted.model_sha256[:12]}), but there is no {LANDMARKS_FILE} in {folder or 'a folder of it'}; for "
            f"videos use the model folder, or copy its {LANDMARKS_FILE} beside the exported file"
        )
    return trusted


def landmarks_to_carry(settings: ExtractionSettings) -> bytes | None:
    """The landmark network of the user's own that a model folder must hold; None where it is one of ours.

    Raises:
        WeightsError: the file cannot be read, or has changed since.
    """
    return read_unchanged(settings.model, settings.model_sha256) if settings.model_sha256 else None


def extraction_differences(settings: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What differs between the settings of two stores or models, as text; "" if nothing that classifiers see does.

    Settings that one of them does not say (precision, layout, accurate, model_sha256) are the usual ones.
    """
    one, two = ({**_USUAL, **described_extraction(values)} for values in (settings, other))
    told, digest = [], "model_sha256"
    if one["model"] == two["model"] and one[digest] != two[digest]:
        told.append("another landmark network of your own")
    told += [
        f"{name} {_told(one.get(name))} instead of {_told(two.get(name))}"
        for name in {**one, **two}
        if name not in ("world", digest) and one.get(name) != two.get(name)
    ]
    return ", ".join(told)


def _told(value: Any) -> str:
    return {True: "yes", False: "no", None: "unknown"}.get(value, str(value))


def _carried(settings: Mapping[str, Any], folder: Path) -> Path:
    digest, path = settings.get("model_sha256"), folder / LANDMARKS_FILE
    # Without one, the settings would take that of whatever file is there.
    if not isinstance(digest, str) or len(digest) != 64:
        raise ValueError(f"extraction has no sha256 of {LANDMARKS_FILE}")
    if path.is_symlink():
        raise ValueError(f"extraction: {path} is a link, which may lead anywhere; put the file itself there")
    return path
