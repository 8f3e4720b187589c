"""DEVISIGN-G, -D and -L: ``PSS_R/PSS_NNNN_R_T_DATE.oni/color.avi``, and tables of what the numbers mean.

Layout and split: the technical report that comes with the set. SS is the signer, NNNN the sign's number in the subset,
which is the second column of ``Documents/4414To2000(DEVISIGN_L)_ID&Meaning.txt``; signers 1 to 4 train, 5 to 8 test.
"""

import re
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.errors import RowError
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text

_TABLES: Final = {
    "L": "Documents/4414To2000(DEVISIGN_L)_ID&Meaning.txt",
    "D": "Documents/4414To500(DEVISIGN_D)_ID&Meaning.txt",
    "G": "Documents/4414To36(DEVISIGN_G)_ID&Meaning.txt",
}
_SESSION: Final = re.compile(r"P\d\d_\d")
_CLIP: Final = re.compile(r"(P(\d\d))_(\d{4})_\d+_\d+_\d{8}(\.oni)?")
_TRAINING_SIGNERS: Final = 4


class Devisign:
    """Reads DEVISIGN; the subset says which table the numbers are of, where several tables are there."""

    about = About(
        name="devisign",
        title="DEVISIGN-L (and -G, -D)",
        language="Chinese (CSL)",
        url="http://vipl.ict.ac.cn/homepage/ksl/data.html",
        terms="research, on request",
        layout=(
            _TABLES["L"],
            "P01_1/P01_0000_1_0_20130601.oni/color.avi, or one folder of that name deeper (depth is not read)",
        ),
        gives="gloss, signer, split",
        reference="Chai et al. 2014, The DEVISIGN Large Vocabulary of Chinese Sign Language Database",
        split=SplitKind.BY_SIGNER,
        split_note="There are no validation clips.",
        signs=2_000,
        clips=24_000,
        signers=8,
        subsets=("G", "D", "L"),
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        listing = collector.listing
        sessions = [name for name, is_folder in listing.names().items() if is_folder and _SESSION.fullmatch(name)]
        if not sessions:
            collector.refuse(["P01_1/P01_0000_1_0_20130601.oni/color.avi"])
        names = self._names(collector, subset)
        for session in sessions:
            for name, is_folder in listing.names(session).items():
                found = _CLIP.fullmatch(name)
                if not is_folder or not found:
                    continue
                with collector.row(f"{session}/{name}", 0):
                    number = found[3]
                    if names and number not in names:
                        raise RowError(f"the table of signs has no number {number}")
                    collector.add(
                        "",
                        0,
                        [f"{session}/{name}/color.avi", f"{session}/{name}/{name}/color.avi"],
                        gloss=names.get(number, number),
                        signer=found[1],
                        split="train" if int(found[2]) <= _TRAINING_SIGNERS else "test",
                    )
        return collector.reading()

    def _names(self, collector: Collector, subset: str | None) -> dict[str, str]:
        names: dict[str, str] = {}
        wanted = [subset] if subset else list(_TABLES)
        file = next((_TABLES[one] for one in wanted if collector.listing.has_file(_TABLES[one])), None)
        if file is None:
            collector.remarks.append("no table of signs is there: the glosses are the numbers of the signs")
            return names
        for line, row in collector.rows(file, "\t", header=("original", "number", "meaning"), quoted=False):
            if line > 1:
                with collector.row(file, line):
                    names[text(row, "number")] = text(row, "meaning")
        return names
