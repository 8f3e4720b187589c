"""RWTH-PHOENIX-2014-T: ``PHOENIX-2014-T.train.corpus.csv`` and folders of pictures, 25 a second.

Layout: the archive of release 3; the columns are name|video|start|end|speaker|orth|translation, unquoted. A row is a
whole sentence: orth its glosses in their order, without times.
"""

from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, Content, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text

_SPLITS: Final = ("train", "dev", "test")
_FOLDERS: Final = ("", "PHOENIX-2014-T/", "PHOENIX-2014-T-release-v3/PHOENIX-2014-T/")
_COLUMNS: Final = ("name", "speaker", "orth", "translation")


class Phoenix:
    """Reads PHOENIX-2014-T: sentences with their glosses, for spotting."""

    about = About(
        name="phoenix-2014-t",
        title="RWTH-PHOENIX-Weather 2014 T",
        language="German (DGS)",
        url="https://www-i6.informatik.rwth-aachen.de/~koller/RWTH-PHOENIX-2014-T/",
        terms="CC BY-NC-SA 3.0",
        layout=(
            "annotations/manual/PHOENIX-2014-T.train.corpus.csv, .dev., .test.",
            "features/fullFrame-210x260px/train/NAME/images0001.png, dev/, test/",
        ),
        gives="gloss sequence, German sentence, signer, split; folders of pictures, which --pack makes videos of",
        reference="Camgoz et al. 2018, Neural Sign Language Translation",
        split=SplitKind.NOT_BY_SIGNER,
        signs=1_066,
        clips=8_257,
        signers=9,
        content=Content.PICTURES,
        frame_rate=25,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        files = {
            f"{folder}annotations/manual/PHOENIX-2014-T.{split}.corpus.csv": (folder, split)
            for folder in _FOLDERS
            for split in _SPLITS
        }
        for file in collector.require(*files):
            folder, split = files[file]
            for line, row in collector.rows(file, "|", needs=_COLUMNS, quoted=False):
                with collector.row(file, line):
                    name, signer, glosses, sentence = (text(row, column) for column in _COLUMNS)
                    collector.add(
                        file,
                        line,
                        [f"{folder}features/fullFrame-210x260px/{split}/{name}"],
                        signer=signer,
                        split=split,
                        gloss_sequence=glosses,
                        sentence=sentence,
                    )
        return collector.reading()
