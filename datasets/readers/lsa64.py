"""LSA64: 64 signs by 10 signers by 5 takes, ``GGG_SSS_RRR.mp4``, as the project's page says."""

import re
from itertools import product
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading

_NAME: Final = re.compile(r"\d{3}_\d{3}_\d{3}\.\w+")
_FOLDERS: Final = ("", "all_cut", "all")


class Lsa64:
    """Reads LSA64. The design says what should be there, as the set has no metadata."""

    about = About(
        name="lsa64",
        title="LSA64",
        language="Argentinian (LSA)",
        url="https://facundoq.github.io/datasets/lsa64/",
        terms="CC BY-NC-SA 4.0",
        layout=("GGG_SSS_RRR.mp4 (sign, signer, take), or these in all_cut/ (cut to the sign) or all/ (raw)",),
        gives="gloss (the sign's number), signer",
        reference="Ronchetti et al. 2016, LSA64: An Argentinian Sign Language Dataset",
        split=SplitKind.NONE,
        split_note="The paper splits at random; --signer-independent makes a split by signer.",
        signs=64,
        clips=3_200,
        signers=10,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        folders = [f for f in _FOLDERS if any(map(_NAME.fullmatch, collector.listing.names(f)))]
        if not folders:
            collector.refuse(["001_001_001.mp4", "all_cut/001_001_001.mp4", "all/001_001_001.mp4"])
        prefix = f"{folders[0]}/".removeprefix("/")
        for sign, signer, take in product(range(1, 65), range(1, 11), range(1, 6)):
            path = f"{prefix}{sign:03}_{signer:03}_{take:03}.mp4"
            collector.add("", 0, [path], gloss=f"{sign:03}", signer=f"{signer:03}")
        collector.remarks.append("the glosses are the numbers of the signs; the project's page names them")
        return collector.reading()
