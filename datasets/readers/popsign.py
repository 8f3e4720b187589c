"""PopSign ASL v1.0: ``game/train/SIGN/*.mp4`` and ``non-game/train/SIGN/*.mp4``, as its archives unpack.

A file is named like ``gtsignstudy4a.8032-hat-2023_01_24_20_44_49.323-0.mp4``: participant, sign, time, take.
"""

from pathlib import Path
from typing import Final

from posegloss.datasets.manifest import VIDEO_SUFFIXES
from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading

_PARTS: Final = ("game", "non-game")
_SPLITS: Final = ("train", "val", "test")


class PopSign:
    """Reads PopSign; the subset game is the 250 signs of the published benchmark."""

    about = About(
        name="popsign",
        title="PopSign ASL v1.0",
        language="American (ASL)",
        url="https://signdata.cc.gatech.edu/",
        terms="CC BY 4.0",
        layout=("game/train/SIGN/*.mp4, game/val/, game/test/", "non-game/train/SIGN/*.mp4 and so on"),
        gives="gloss, signer (from the file's name), split",
        reference="Starner et al. 2023, PopSign ASL v1.0: An Isolated American Sign Language Dataset",
        split=SplitKind.BY_SIGNER,
        signs=250,
        clips=217_866,
        signers=47,
        subsets=_PARTS,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        listing = collector.listing
        wanted = [f"{part}/{split}" for part in _PARTS if subset in (None, part) for split in _SPLITS]
        folders = [folder for folder in wanted if listing.has_folder(folder)]
        if not folders:
            collector.refuse([f"{folder}/" for folder in wanted])
        for folder in folders:
            for sign, is_folder in listing.names(folder).items():
                for name in listing.names(f"{folder}/{sign}") if is_folder else ():
                    if Path(name).suffix.lower() in VIDEO_SUFFIXES:
                        path = f"{folder}/{sign}/{name}"
                        signer, hyphen, _ = name.partition("-")
                        with collector.row(path, 0):
                            split = folder.rpartition("/")[2]
                            collector.add("", 0, [path], gloss=sign, signer=signer if hyphen else None, split=split)
        collector.remarks.append("no list of the files is published: what is missing is not known")
        return collector.reading()
