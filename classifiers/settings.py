"""The settings of model families: those that there are, and those that a person wrote, checked before any training."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from posegloss.classifiers.base import GlossClassifier, classifier_family
from posegloss.classifiers.description import check_like
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.errors import SettingsError


def usual_settings(family: str) -> dict[str, Any]:
    """All settings of a family with their usual values.

    Raises:
        FamilyError: there is no such family.
    """
    return classifier_family(family).from_config({}).config()


def read_settings(text: str) -> dict[str, Any]:
    """Settings from JSON, or from a file of it.

    Raises:
        SettingsError: it is no JSON object, or the file cannot be read.
    """
    origin = "the settings"
    if not text.lstrip().startswith("{"):
        origin = text
        try:
            text = Path(text).read_text("utf-8")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SettingsError(
                f"settings are JSON in braces, or a file of it; {origin!r} cannot be read ({reason})"
            ) from error
    try:
        settings = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{origin} cannot be read as JSON: {error}") from error
    if not isinstance(settings, dict):
        raise SettingsError(f"{origin} holds no JSON object of settings")
    return settings


def untrained(
    family: str, config: Mapping[str, Any], preprocessing: Preprocessing | None = None, epochs: int | None = None
) -> GlossClassifier:
    """A classifier that was not trained yet.

    Args:
        family: a name of ``base.FAMILIES``.
        config: settings that differ from the usual ones.
        preprocessing: how it reads sequences.
        epochs: at most so many, in families that count them.

    Raises:
        FamilyError: there is no such family.
        SettingsError: it has no such setting, or the setting cannot be this.
    """
    usual = usual_settings(family)
    try:
        check_like(config, usual, family)
        _check_known(config, usual, family, "")
        if epochs is not None and "epochs" in usual.get("training", {}):
            config = {**config, "training": {**config.get("training", {}), "epochs": epochs}}
        return classifier_family(family).from_config(config, preprocessing)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"these settings cannot be: {error}") from error


def _check_known(config: Mapping[str, Any], usual: Mapping[str, Any], family: str, place: str) -> None:
    for name, value in config.items():
        if name not in usual:
            raise SettingsError(f"{family} has no setting {place}{name}; it has {place}({', '.join(usual)})")
        if isinstance(usual[name], Mapping) and isinstance(value, Mapping):
            _check_known(value, usual[name], family, f"{place}{name}.")
        # What has no usual value is a number that depends on the clips.
        elif usual[name] is None and value is not None and type(value) not in (int, float):
            raise SettingsError(f"{place}{name} of {family} is a number, not {value!r}")


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
