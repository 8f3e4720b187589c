"""ASL Citizen: ``splits/train.csv``, ``val.csv``, ``test.csv`` and ``videos/``, as the archive of the set has them."""

from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text

_FILES: Final = {"splits/train.csv": "train", "splits/val.csv": "val", "splits/test.csv": "test"}
_COLUMNS: Final = ("Participant ID", "Video file", "Gloss")


class AslCitizen:
    """Reads ASL Citizen. A gloss ends in a number where the set has several signs for it."""

    about = About(
        name="asl-citizen",
        title="ASL Citizen 1.0",
        language="American (ASL)",
        url="https://www.microsoft.com/en-us/research/project/asl-citizen/",
        terms="Microsoft's licence for the set: non-commercial research",
        layout=("splits/train.csv, splits/val.csv, splits/test.csv", "videos/*.mp4"),
        gives="gloss, signer, split",
        reference="Desai et al. 2023, ASL Citizen: A Community-Sourced Dataset",
        split=SplitKind.BY_SIGNER,
        signs=2_731,
        clips=83_399,
        signers=52,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        for file in collector.require(*_FILES):
            for line, row in collector.rows(file, needs=_COLUMNS):
                with collector.row(file, line):
                    signer, video, gloss = (text(row, name) for name in _COLUMNS)
                    collector.add(file, line, [f"videos/{video}"], gloss=gloss, signer=signer, split=_FILES[file])
        return collector.reading()
