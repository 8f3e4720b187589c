"""The model that recognises the signs: what it says of itself, and itself."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from posegloss.classifiers.bundle import MODEL_FILE, read_description
from posegloss.classifiers.exporting.exported_file import SUFFIX, read_exported
from posegloss.classifiers.extraction import extraction_to_use
from posegloss.classifiers.loading import load_recogniser
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.pipeline.extract import ExtractionSettings


@dataclass(frozen=True)
class SpottingModel:
    """What a model says of itself. Reading that is quick, and needs no TensorFlow.

    Attributes:
        path: the model folder or exported file.
        extraction: the settings of the keypoints that it was trained on.
        synthetic: it was trained on no real people.
        sha256: of what names all its parts.
    """

    path: Path
    extraction: ExtractionSettings
    synthetic: bool
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """A model folder or an exported file.

        Raises:
            BundleError: the folder is no model.
            ExportError: the file is no exported model.
            WeightsError: a landmark network of the user's own belongs to it, and is not there.
        """
        exported = path.suffix == SUFFIX
        training = (read_exported(path)[1] if exported else read_description(path))["training"]
        digest = hashlib.sha256((path if exported else path / MODEL_FILE).read_bytes()).hexdigest()
        extraction = extraction_to_use(training["extraction"], path.parent if exported else path)
        return cls(path, extraction, bool(training["synthetic"]), digest)

    def load(self) -> GlossRecogniser:
        """The model itself.

        Raises:
            BundleError: the folder is no model any more.
            ExportError: the file is no exported model any more.
        """
        return load_recogniser(self.path)
