"""A recogniser by its path, whichever way the model was written."""

from pathlib import Path

from posegloss.classifiers.exporting.exported_file import SUFFIX
from posegloss.classifiers.predict import GlossRecogniser


def load_recogniser(path: Path) -> GlossRecogniser:
    """A model folder or an exported file. What only one of them needs is imported only for it.

    Raises:
        BundleError: the folder is no model.
        ExportError: the file is no exported model.
    """
    if path.suffix == SUFFIX:
        from posegloss.classifiers.exporting.litert import load_exported

        return load_exported(path)
    return GlossRecogniser.load(path)
