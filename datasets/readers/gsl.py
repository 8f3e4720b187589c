"""GSL isolated: ``train_greek_iso.csv`` (``FOLDER|GLOSS`` without a header) and folders of pictures.

Layout: the archives GSL_isol and GSL_iso_files of the project's page. A line of ``bbox_for_gsl_isolated.txt`` is
``FOLDER |x1:170, x2:493, y1:40, y2:480``, in pixels of the pictures.
"""

import re
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, Content, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.errors import RowError
from posegloss.datasets.readers.reading import Box, Reading
from posegloss.datasets.readers.tables import text

_LISTS: Final = {"train": "train", "val": "val", "dev": "val", "test": "test"}
_FOLDERS: Final = ("", "GSL_iso_files/", "GSL_split/GSL_isolated/")
_BOXES: Final = "bbox_for_gsl_isolated.txt"
_SIGNER: Final = re.compile(r"_(signer\d+)_")
_BOX: Final = re.compile(r"x1:(\d+), x2:(\d+), y1:(\d+), y2:(\d+)")


class Gsl:
    """Reads the isolated signs of GSL."""

    about = About(
        name="gsl",
        title="GSL isolated",
        language="Greek (GSL)",
        url="https://vcl.iti.gr/dataset/gsl/",
        terms="research; the project's page says which",
        layout=(
            "GSL_iso_files/train_greek_iso.csv, val_greek_iso.csv, test_greek_iso.csv",
            f"GSL_iso_files/{_BOXES}",
            "GSL_isol/DIALOGUE_SIGNER_REPETITION_glosses/glossesNNNN/*.jpg",
        ),
        gives="gloss, signer, split, box in pixels; folders of pictures, which --pack makes videos of",
        reference="Adaloglou et al. 2021, A Comprehensive Study on Deep Learning-based Methods for SLR",
        split=SplitKind.BY_SIGNER,
        split_note="Validation and test clips are of one and the same signer, who is not in training.",
        signs=310,
        clips=40_785,
        signers=7,
        content=Content.PICTURES,
        frame_rate=30,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        boxes = self._boxes(collector)
        for file in collector.require(*(f"{f}{name}_greek_iso.csv" for name in _LISTS for f in _FOLDERS)):
            split = _LISTS[file.rpartition("/")[2].partition("_")[0]]
            for line, row in collector.rows(file, "|", header=("folder", "gloss"), quoted=False):
                with collector.row(file, line):
                    folder = text(row, "folder")
                    signer = _SIGNER.search(folder)
                    if not signer:
                        raise RowError(f"the folder {folder!r} does not name a signer")
                    paths = [f"GSL_isol/{folder}", folder]
                    gloss = text(row, "gloss")
                    collector.add(file, line, paths, gloss=gloss, signer=signer[1], split=split, box=boxes.get(folder))
        return collector.reading()

    def _boxes(self, collector: Collector) -> dict[str, Box]:
        boxes = {}
        for file in (f"{folder}{_BOXES}" for folder in _FOLDERS):
            if not collector.listing.has_file(file):
                continue
            for line, row in collector.rows(file, "|", header=("folder", "box"), quoted=False):
                with collector.row(file, line):
                    found = _BOX.fullmatch(text(row, "box"))
                    if not found:
                        raise RowError(f"{row['box']!r} is no box")
                    left, right, top, bottom = map(float, found.groups())
                    boxes[text(row, "folder")] = Box(left, top, right, bottom, "pixels")
        return boxes
