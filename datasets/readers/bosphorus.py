"""BosphorusSign22k: ``BosphorusSign22k.csv`` and ``CLASS/USER_REPETITION.mp4``, as the set is delivered."""

from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text

_FILE: Final = "BosphorusSign22k.csv"
_COLUMNS: Final = ("ClassID", "ClassName_tr", "ClassName_eng", "UserID", "RepeatID")
_TEST_SIGNER: Final = "User_4"
"""Özdemir et al. 2020 test on this signer and train on the others."""


class Bosphorus:
    """Reads BosphorusSign22k; glosses are the Turkish ones, of which each is there once, unlike the English ones."""

    about = About(
        name="bosphorus",
        title="BosphorusSign22k",
        language="Turkish (TİD)",
        url="https://ogulcanozdemir.github.io/bosphorussign22k/",
        terms="research, on request",
        layout=(_FILE, "CLASS_ID/USER_ID_REPEAT_ID.mp4, such as 0004/User_2_001.mp4"),
        gives="gloss, English meaning, signer, split",
        reference="Özdemir et al. 2020, BosphorusSign22k Sign Language Recognition Dataset",
        split=SplitKind.BY_SIGNER,
        split_note=f"The paper tests on one signer, {_TEST_SIGNER}, and names no validation clips.",
        signs=744,
        clips=22_542,
        signers=6,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        (file,) = collector.require(_FILE)
        for line, row in collector.rows(file, needs=_COLUMNS):
            with collector.row(file, line):
                number, gloss, meaning, user, repeat = (text(row, name) for name in _COLUMNS)
                collector.add(
                    file,
                    line,
                    [f"{number}/{user}_{repeat}.mp4"],
                    gloss=gloss,
                    meaning=meaning,
                    signer=user,
                    split="test" if user == _TEST_SIGNER else "train",
                )
        return collector.reading()
