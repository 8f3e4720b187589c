"""All readers, by name."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from posegloss.datasets.readers.asl_citizen import AslCitizen
from posegloss.datasets.readers.asl_signs import AslSigns
from posegloss.datasets.readers.autsl import Autsl
from posegloss.datasets.readers.bosphorus import Bosphorus
from posegloss.datasets.readers.csl import Csl
from posegloss.datasets.readers.devisign import Devisign
from posegloss.datasets.readers.errors import NotThisDatasetError, UnknownDatasetError
from posegloss.datasets.readers.gsl import Gsl
from posegloss.datasets.readers.how2sign import How2Sign
from posegloss.datasets.readers.include import Include
from posegloss.datasets.readers.lsa64 import Lsa64
from posegloss.datasets.readers.msasl import MsAsl
from posegloss.datasets.readers.own import Folder, Manifest
from posegloss.datasets.readers.phoenix import Phoenix
from posegloss.datasets.readers.popsign import PopSign
from posegloss.datasets.readers.reading import Reader, Reading
from posegloss.datasets.readers.sem_lex import SemLex
from posegloss.datasets.readers.wlasl import Wlasl

_ALL: Final[tuple[Reader, ...]] = (
    *(AslCitizen(), AslSigns(), Autsl(), Bosphorus(), Csl(), Devisign(), Gsl(), Include(), Lsa64(), MsAsl()),
    *(PopSign(), SemLex(), Wlasl(), How2Sign(), Phoenix(), Folder(), Manifest()),
)
READERS: Final[Mapping[str, Reader]] = MappingProxyType({reader.about.name: reader for reader in _ALL})
"""The readers by name: sets of signs, then of sentences, then clips of one's own."""


def reader_of(name: str) -> Reader:
    """The reader of a dataset.

    Raises:
        UnknownDatasetError: there is none; names what comes near.
    """
    tidy = name.strip().lower().replace("_", "-")
    if tidy in READERS:
        return READERS[tidy]
    # MSASL for ms-asl: what people write differs in hyphens.
    flat = {known.replace("-", ""): known for known in READERS}
    if tidy.replace("-", "") in flat:
        return READERS[flat[tidy.replace("-", "")]]
    near = difflib.get_close_matches(tidy, READERS, 3, 0.7) or [one for one in READERS if tidy and tidy in one]
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise UnknownDatasetError(f"there is no reader for {name!r}; {meant}The readers are: {', '.join(READERS)}")


def read_dataset(name: str, root: str | os.PathLike[str], subset: str | None = None) -> Reading:
    """The clips of a dataset on this disk. What is missing there is told, and does not stop the rest.

    Args:
        name: of the reader, one of ``READERS``.
        root: the set's folder; for ``manifest`` the file.
        subset: one of those that the reader has, such as "100" of WLASL.

    Raises:
        UnknownDatasetError: there is no such reader or subset.
        NotThisDatasetError: the folder does not look like the set.
    """
    reader = reader_of(name)
    about, root = reader.about, Path(root)
    if subset is not None and subset not in about.subsets:
        there = f"they are {', '.join(about.subsets)}" if about.subsets else "it has none"
        raise UnknownDatasetError(f"{about.name} has no subset {subset!r}; {there}")
    if not root.exists():
        raise NotThisDatasetError(f"{root} does not exist; how to get the set: posegloss datasets show {about.name}")
    if root.is_file() and about.name != "manifest":
        raise NotThisDatasetError(f"{root} is a file; give the folder of {about.title}")
    return reader.read(root, subset)
