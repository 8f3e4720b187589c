"""AUTSL: ``train_labels.csv`` (``signerX_sampleY,label`` without a header) and ``signerX_sampleY_color.mp4``.

Layout: the description at ChaLearn LAP, dataset 40. ``SignList_ClassId_TR_EN.csv`` names the classes.
"""

import re
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.errors import RowError
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text, whole

_FILES: Final = {
    "train_labels.csv": ("train", "train"),
    "validation_labels.csv": ("val", "val"),
    "test_labels.csv": ("test", "test"),
}
_CLASSES: Final = "SignList_ClassId_TR_EN.csv"
_SAMPLE: Final = re.compile(r"(signer\d+)_sample\d+")


class Autsl:
    """Reads AUTSL; glosses are the Turkish ones, of which each is there once, unlike the English ones."""

    about = About(
        name="autsl",
        title="AUTSL (ChaLearn 2021)",
        language="Turkish (TİD)",
        url="https://cvml.ankara.edu.tr/datasets/",
        terms="academic research, on request",
        layout=(
            "train_labels.csv, validation_labels.csv, test_labels.csv",
            _CLASSES,
            "train/, val/, test/: signerX_sampleY_color.mp4 (the depth videos are not read)",
        ),
        gives="gloss, English meaning, signer, split",
        reference="Sincan and Keles 2020, AUTSL: A Large Scale Multi-Modal Turkish Sign Language Dataset",
        split=SplitKind.BY_SIGNER,
        signs=226,
        clips=36_302,
        signers=43,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        files = collector.require(*_FILES)
        names: dict[int, tuple[str, str]] = {}
        if collector.listing.has_file(_CLASSES):
            for line, row in collector.rows(_CLASSES, needs=("ClassId", "TR", "EN")):
                with collector.row(_CLASSES, line):
                    names[whole(row, "ClassId")] = text(row, "TR"), text(row, "EN")
        else:
            collector.remarks.append(f"{_CLASSES} is not there: the glosses are the numbers of the classes")
        for file in files:
            folder, split = _FILES[file]
            for line, row in collector.rows(file, header=("sample", "label")):
                with collector.row(file, line):
                    sample, number = text(row, "sample"), whole(row, "label")
                    found = _SAMPLE.fullmatch(sample)
                    if not found:
                        raise RowError(f"the sample {sample!r} is not of the form signerX_sampleY")
                    if names and number not in names:
                        raise RowError(f"the class {number} is not in {_CLASSES}")
                    gloss, meaning = names.get(number, (str(number), None))
                    paths = [f"{folder}/{sample}_color.mp4", f"{sample}_color.mp4"]
                    if split == "val":
                        paths.append(f"validation/{sample}_color.mp4")
                    collector.add(file, line, paths, gloss=gloss, meaning=meaning, signer=found[1], split=split)
        return collector.reading()
