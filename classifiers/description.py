"""What model.json must hold before anything is done with it: a model folder may come from a stranger."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.extraction import trusted_extraction

BEFORE: Final = "before"
"""Of ``training.signers``: those of the models that a training started from."""

_NEEDED: Final[Mapping[str, type]] = {
    "format": int,
    "posegloss": str,
    "family": str,
    "config": dict,
    "glosses": list,
    "preprocessing": dict,
    "preprocessing_fingerprint": str,
    "training": dict,
    "parts": dict,
}
_NEEDED_OF_TRAINING: Final[Mapping[str, type]] = {"synthetic": bool, "split": str, "clips": dict, "signers": dict}


def check_description(about: Any, folder: Path) -> None:
    """Make sure that the content of a folder's model.json has the keys and types that the rest relies on.

    Raises:
        ValueError: it has not; the message names the key.
    """
    if not isinstance(about, dict):
        raise ValueError("it holds no object")
    _check_keys(about, _NEEDED, "")
    if not _is_texts(about["glosses"]) or not about["glosses"] or len(set(about["glosses"])) < len(about["glosses"]):
        raise ValueError("glosses is no list of different names")
    if not _is_texts(list(about["parts"].values())):
        raise ValueError("parts does not hold a sha256 for each file")
    Calibration.from_dict(about.get("calibration", {}))
    _check_training(about["training"], folder)
    taught = about["training"].get("taught", {})
    if not isinstance(taught, dict) or any(type(takes) is not int or takes < 1 for takes in taught.values()):
        raise ValueError("training.taught does not say how many takes each gloss was taught with")
    if not taught.keys() < set(about["glosses"]):
        raise ValueError("training.taught names a gloss that is none of the model's, or leaves none that was trained")


def check_like(values: Any, pattern: Any, name: str) -> None:
    """Make sure that settings have the types of a pattern; what the pattern lacks is not looked at.

    Raises:
        ValueError: they have not; the message says which.
    """
    if isinstance(pattern, Mapping):
        if not isinstance(values, Mapping):
            raise ValueError(f"{name} is no object")
        for key in pattern.keys() & values.keys():
            check_like(values[key], pattern[key], f"{name}.{key}")
        return
    kinds: tuple[type, ...] = {float: (float, int), tuple: (list, tuple)}.get(type(pattern), (type(pattern),))
    if pattern is not None and type(values) not in kinds:
        raise ValueError(f"{name} cannot be {values!r}")


def _check_training(training: Mapping[str, Any], folder: Path) -> None:
    _check_keys(training, _NEEDED_OF_TRAINING, "training.")
    for part in ("train", "validation"):
        if not _is_texts(training["signers"].get(part)):
            raise ValueError(f"training.signers.{part} is no list of names")
        if type(training["clips"].get(part)) is not int:
            raise ValueError(f"training.clips.{part} is no number")
    if not _is_texts(training["signers"].get(BEFORE, [])):
        raise ValueError(f"training.signers.{BEFORE} is no list of names")
    if not _is_texts(training.get("seen", [])):
        raise ValueError("training.seen is no list of digests")
    if type(training.get("without_signer", 0)) is not int:
        raise ValueError("training.without_signer is no number")
    if "extraction" not in training:
        raise ValueError("it lacks training.extraction")
    try:
        trusted_extraction(training["extraction"], folder)
    except ValueError as error:
        raise ValueError(f"training.{error}") from error


def _check_keys(values: Mapping[str, Any], needed: Mapping[str, type], prefix: str) -> None:
    missing = sorted(needed.keys() - values.keys())
    if missing:
        raise ValueError(f"it lacks {', '.join(prefix + name for name in missing)}")
    for name, kind in needed.items():
        if not isinstance(values[name], kind):
            raise ValueError(f"{prefix}{name} cannot be read")


def _is_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
