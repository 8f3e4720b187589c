"""Sem-Lex: ``semlex_metadata.csv`` (video_id, signer_id, duration, split, label_type, label, ...) and ``train/*.webm``.

Layout: the archives that the project's page leads to. Some 3,000 rows of the metadata repeat others; a few videos are
in two parts of the split, of which the first row counts.
"""

from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text

_FILE: Final = "semlex_metadata.csv"
_COLUMNS: Final = ("video_id", "signer_id", "split", "label_type", "label")


class SemLex:
    """Reads Sem-Lex; the subset asllex leaves out what was labelled with free text or from other lexicons."""

    about = About(
        name="sem-lex",
        title="Sem-Lex",
        language="American (ASL)",
        url="https://github.com/leekezar/SemLex",
        terms="terms of use to be agreed to before the download",
        layout=(_FILE, "train/, val/, test/: VIDEO_ID.webm; also train/train-videos/ and so on"),
        gives="gloss, signer, split",
        reference="Kezar et al. 2023, The Sem-Lex Benchmark: Modeling ASL Signs and Their Phonemes",
        split=SplitKind.NOT_SAID,
        split_note="`posegloss datasets index` counts the test signers that are in training, too.",
        signs=3_149,
        clips=91_148,
        signers=41,
        subsets=("asllex",),
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        (file,) = collector.require(_FILE)
        for line, row in collector.rows(file, needs=_COLUMNS):
            with collector.row(file, line):
                video, signer, split, kind, gloss = (text(row, name) for name in _COLUMNS)
                if subset in (None, kind):
                    folders = (f"{split}/", f"{split}/{split}-videos/", f"{split}-videos/", "videos/", "")
                    paths = [f"{folder}{video}.webm" for folder in folders]
                    collector.add(file, line, paths, gloss=gloss, signer=signer, split=split)
        return collector.reading()
