"""INCLUDE and INCLUDE-50: lists of files (Category, Word, Video, FilePath) and one folder for each category.

Layout: the archives on Zenodo, and the lists that come with them. The lists write some categories with spaces and some
with underscores; the archives have one of the two.
"""

import re
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text

_FOLDERS: Final = ("Train_Test_Split/", "train_test_paths/", "")
_NUMBERED: Final = re.compile(r"\d+\.\s*")


class Include:
    """Reads INCLUDE; the subset 50 is INCLUDE-50."""

    about = About(
        name="include",
        title="INCLUDE",
        language="Indian (ISL)",
        url="https://zenodo.org/records/4010759",
        terms="CC BY 4.0",
        layout=(
            "Train_Test_Split/train_include.csv, test_include.csv, train_include50.csv, test_include50.csv",
            "CATEGORY/NUMBER. WORD/*.MOV",
        ),
        gives="gloss, split",
        reference="Sridhar et al. 2020, INCLUDE: A Large Scale Dataset for Indian Sign Language Recognition",
        split=SplitKind.NOT_BY_SIGNER,
        split_note="Who signs is not published, so that nothing can keep people apart.",
        signs=263,
        clips=4_292,
        signers=7,
        subsets=("50",),
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        splits = {f"{split}_include{subset or ''}.csv": split for split in ("train", "test")}
        for file in collector.require(*(folder + name for name in splits for folder in _FOLDERS)):
            for line, row in collector.rows(file, needs=("Word", "FilePath")):
                with collector.row(file, line):
                    path = text(row, "FilePath")
                    category, slash, rest = path.partition("/")
                    spellings = (category, category.replace("_", " "), category.replace(" ", "_"))
                    collector.add(
                        file,
                        line,
                        list(dict.fromkeys(one + slash + rest for one in spellings)),
                        gloss=_NUMBERED.sub("", text(row, "Word"), count=1),
                        split=splits[file.rpartition("/")[2]],
                    )
        return collector.reading()
