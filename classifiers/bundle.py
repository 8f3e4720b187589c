"""A classifier on disk is one folder, and its parts belong together or it is not loaded.

``model.json`` says what the classifier is and holds the sha256 of every other file: the weights, ``report.json``,
``report.html``, ``history.csv``, of families that can be taught ``prototypes.npz``, and ``landmarks.tflite`` where the
keypoints came from a landmark network of the user's own. The folder is written beside its place and renamed, so it is
never half there. Nothing in it is executed when it is loaded.
"""

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import posegloss
from posegloss.classifiers.base import FamilyError, GlossClassifier, History, classifier_family
from posegloss.classifiers.description import check_description, check_like
from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.extraction import LANDMARKS_FILE, trusted_extraction
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.classifiers.prototypes import PROTOTYPES_FILE, load_prototypes, save_prototypes
from posegloss.classifiers.settings import untrained
from posegloss.pipeline.errors import PoseglossError, SettingsError

FORMAT: Final = 1
MODEL_FILE: Final = "model.json"
REPORT_FILE: Final = "report.json"
REPORT_PAGE: Final = "report.html"
HISTORY_FILE: Final = "history.csv"


class BundleError(PoseglossError):
    """A model folder cannot be written, or its parts are missing or do not belong together."""


@dataclass(frozen=True)
class Bundle:
    """A classifier that was loaded from a folder.

    Attributes:
        path: the folder.
        classifier: ready to predict.
        training: what it was trained on, as ``training.train`` described it.
        report: the content of report.json.
        calibration: its temperature, which the classifier has, and from which confidence on an answer is sure.
    """

    path: Path
    classifier: GlossClassifier
    training: Mapping[str, Any]
    report: Mapping[str, Any]
    calibration: Calibration


def save_bundle(
    path: str | os.PathLike[str],
    classifier: GlossClassifier,
    *,
    calibration: Calibration,
    training: Mapping[str, Any],
    report: Mapping[str, Any],
    report_page: str,
    history: History,
    landmarks: bytes | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a trained classifier and its report as one folder, whole or not at all.

    ``landmarks`` is the landmark network that ``training`` names, if that is one of the user's own.

    Raises:
        BundleError: there is something at the path that may not be replaced, or it cannot be written.
    """
    path = Path(path)
    check_free(path, overwrite)
    with _told_as_bundle_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as beside:
            folder = Path(beside) / "model"
            folder.mkdir()
            parts = [
                classifier.save_weights(folder),
                _written(folder / REPORT_FILE, json.dumps(report, ensure_ascii=False, indent=1)),
                _written(folder / REPORT_PAGE, report_page),
                _written(folder / HISTORY_FILE, _as_csv(history)),
            ]
            if classifier.prototypes is not None:
                parts.append(save_prototypes(folder, classifier.prototypes))
            if landmarks is not None:
                parts.append(folder / LANDMARKS_FILE)
                parts[-1].write_bytes(landmarks)
            about = {
                "format": FORMAT,
                "posegloss": posegloss.__version__,
                "family": classifier.name,
                "config": classifier.config(),
                "glosses": classifier.glosses,
                "preprocessing": classifier.preprocessing.to_dict(),
                "preprocessing_fingerprint": classifier.preprocessing.fingerprint,
                "calibration": calibration.to_dict(),
                "training": training,
                "parts": {part.name: _sha256(part) for part in parts},
            }
            _written(folder / MODEL_FILE, json.dumps(about, ensure_ascii=False, indent=1))
            if path.exists():
                path.rename(Path(beside) / "replaced")
            folder.rename(path)
    return path


def load_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Load a classifier.

    Raises:
        BundleError: the folder is no model, or a part of it is missing, changed or of another model.
    """
    path = Path(path)
    about = read_description(path)
    try:
        family = classifier_family(about["family"])
    except FamilyError as error:
        raise BundleError(f"{path / MODEL_FILE}: {error}; a newer posegloss may know it") from error
    landmarks = trusted_extraction(about["training"]["extraction"], path).model_sha256
    needed = {family.weights_file, REPORT_FILE, REPORT_PAGE, HISTORY_FILE} | ({LANDMARKS_FILE} if landmarks else set())
    _check_parts(path, about["parts"], needed)
    if landmarks and about["parts"][LANDMARKS_FILE] != landmarks:
        raise BundleError(
            f"{path / LANDMARKS_FILE} is not the landmark network that the model was trained with (the sha256 of "
            f"training.extraction in {MODEL_FILE} differs); {_AGAIN}"
        )
    try:
        check_like(about["preprocessing"], Preprocessing().to_dict(), "preprocessing")
        preprocessing = Preprocessing.from_dict(about["preprocessing"])
    except (KeyError, TypeError, ValueError, PoseglossError) as error:
        raise BundleError(f"{path / MODEL_FILE}: preprocessing settings cannot be read ({error}); {_AGAIN}") from error
    if preprocessing.fingerprint != about["preprocessing_fingerprint"]:
        raise BundleError(
            f"{path / MODEL_FILE}: the preprocessing is not the one that the model was trained with (trained by "
            f"posegloss {about['posegloss']}, this is {posegloss.__version__}); {_AGAIN}"
        )
    try:
        classifier = untrained(family.name, about["config"], preprocessing)
    except SettingsError as error:
        raise BundleError(f"{path / MODEL_FILE}: config cannot be read ({error}); {_AGAIN}") from error
    try:
        classifier.load_weights(path, about["glosses"])
        # What does not fit a family may show only when it answers.
        answer = classifier.predict_inputs([np.zeros((2, len(classifier.preprocessing.points), 2), np.float32)])
        if answer.shape != (1, len(about["glosses"])):
            raise ValueError(f"they answer for {answer.shape[-1]} glosses")
    # Zip, HDF5, Keras, TensorFlow and scikit-learn each have errors of their own for a file that is not theirs.
    except Exception as error:
        raise BundleError(
            f"{path / family.weights_file}: the weights do not fit {len(about['glosses'])} glosses and the config "
            f"of {MODEL_FILE} ({error}); {_AGAIN}"
        ) from error
    # Families that cannot be taught lack them, and so do models from before others could.
    if PROTOTYPES_FILE in about["parts"]:
        try:
            classifier.prototypes = load_prototypes(path, len(about["glosses"]))
        except ValueError as error:
            raise BundleError(f"{path / PROTOTYPES_FILE} cannot be read ({error}); {_AGAIN}") from error
    # Models from before confidence was calibrated lack it.
    calibration = Calibration.from_dict(about.get("calibration", {}))
    classifier.temperature = calibration.temperature
    return Bundle(path, classifier, about["training"], _read_report(path / REPORT_FILE), calibration)


def read_description(path: Path) -> dict[str, Any]:
    """The content of a model folder's model.json, without loading the model.

    Raises:
        BundleError: the folder is no model, of another format, or its model.json does not hold what it should.
    """
    try:
        about = json.loads((path / MODEL_FILE).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        what = "has no model.json" if path.is_dir() else "does not exist" if not path.exists() else "is no folder"
        raise BundleError(
            f"{path} is not a model folder (it {what}); make one with: posegloss train STORE --out MODEL"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path / MODEL_FILE} cannot be read ({error}); {_AGAIN}") from error
    # Another format may hold other things, so it is looked at first.
    if isinstance(about, dict) and about.get("format", FORMAT) != FORMAT:
        raise BundleError(f"{path} has model format {about['format']}; this posegloss reads format {FORMAT}")
    try:
        check_description(about, path)
    except ValueError as error:
        raise BundleError(f"{path / MODEL_FILE}: {error}; {_AGAIN}") from error
    return dict(about)


def check_free(path: Path, overwrite: bool = False) -> None:
    """Make sure that a model may be written to a path.

    Raises:
        BundleError: something else is there, or a model and ``overwrite`` is False.
    """
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not (path / MODEL_FILE).is_file():
        raise BundleError(f"{path} exists and is not a model folder; choose another --out")
    if not overwrite:
        raise BundleError(
            f"{path} holds another model already; choose another --out, or pass --overwrite to replace it"
        )


_AGAIN = "copy the whole folder again, or train again"


def _check_parts(path: Path, parts: Mapping[str, str], needed: Set[str]) -> None:
    # Exactly these: a file that is not named would be read unchecked, and another name may lie outside the folder.
    wrong = sorted(needed ^ (parts.keys() - {PROTOTYPES_FILE}))
    if wrong:
        what = "does not name" if wrong[0] in needed else "names"
        raise BundleError(f"{path / MODEL_FILE}: parts {what} {wrong[0]!r}, but must be {sorted(needed)}; {_AGAIN}")
    for name, expected in parts.items():
        if not (path / name).is_file():
            raise BundleError(f"{path} lacks {name}; {_AGAIN}")
        try:
            found = _sha256(path / name)
        except OSError as error:
            raise BundleError(f"{path / name} cannot be read ({error.strerror or error}); {_AGAIN}") from error
        if found != expected:
            raise BundleError(
                f"{path / name} is not the file that belongs to this model (its sha256 differs); {_AGAIN}"
            )


def _read_report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read ({error}); {_AGAIN}") from error
    if not isinstance(report, dict):
        raise BundleError(f"{path} holds no report; {_AGAIN}")
    return report


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def _as_csv(history: History) -> str:
    names = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["epoch", *names], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"epoch": i, **row} for i, row in enumerate(history, start=1))
    return text.getvalue()


@contextmanager
def _told_as_bundle_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BundleError(f"{path} cannot be written: {error.strerror or error}; choose another --out") from error
