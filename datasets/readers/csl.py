"""CSL isolated (CSL-500, SLR500): 500 signs by 50 signers by 5 takes, ``NNN/PSS_AA_BB_T._color.mp4``.

Layout and split: the readme that comes with the set. The sign's number is (AA - 1) * 20 + BB, SS the signer from 1, T
the take from 0; the first 36 signers train, the last 14 test. Line NNN + 1 of ``gloss_label.txt`` names the sign.
"""

import re
from itertools import product
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import read_text

_NAMES: Final = "gloss_label.txt"
_FOLDERS: Final = ("", "color/")
_SIGN: Final = re.compile(r"\d{3}")
_SIGNS: Final = 500
_TRAINING_SIGNERS: Final = 36


class Csl:
    """Reads CSL isolated. The design says what should be there, as the set has no list of its files."""

    about = About(
        name="csl",
        title="CSL isolated (CSL-500)",
        language="Chinese (CSL)",
        url="http://home.ustc.edu.cn/~pjh/openresources/cslr-dataset-2015/index.html",
        terms="research, on request",
        layout=(_NAMES, "NNN/PSS_AA_BB_T._color.mp4, or these in color/"),
        gives="gloss, signer, split",
        reference="Huang et al. 2019, Attention-Based 3D-CNNs for Large-Vocabulary Sign Language Recognition",
        split=SplitKind.BY_SIGNER,
        split_note="There are no validation clips.",
        signs=_SIGNS,
        clips=125_000,
        signers=50,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        folders = [f for f in _FOLDERS if any(map(_SIGN.fullmatch, collector.listing.names(f.rstrip("/"))))]
        if not folders:
            collector.refuse(["000/P01_01_00_0._color.mp4", "color/000/P01_01_00_0._color.mp4"])
        names = self._names(collector)
        for sign, signer, take in product(range(_SIGNS), range(1, 51), range(5)):
            name = f"P{signer:02}_{sign // 20 + 1:02}_{sign % 20:02}_{take}._color.mp4"
            collector.add(
                "",
                0,
                [f"{folders[0]}{sign:03}/{name}"],
                gloss=names[sign] if names else f"{sign:03}",
                signer=f"P{signer:02}",
                split="train" if signer <= _TRAINING_SIGNERS else "test",
            )
        return collector.reading()

    def _names(self, collector: Collector) -> list[str]:
        names: list[str] = []
        if collector.listing.has_file(_NAMES):
            with collector.file(_NAMES) as path:
                names = [line.strip() for line in read_text(path).splitlines()]
                if len(names) != _SIGNS or not all(names):
                    collector.problem(_NAMES, 0, f"it has {len(names)} lines, not a name for each of {_SIGNS} signs")
                    names = []
        if not names:
            collector.remarks.append(f"{_NAMES} does not name the signs: the glosses are their numbers")
        return names
