"""Published datasets as they lie on the disk: a reader for each, by name. Nothing is ever downloaded.

``read_dataset("wlasl", "WLASL/")`` finds the clips that are there, and says what is missing; ``write_manifest`` makes
a manifest of them that `posegloss extract` reads.
"""

from posegloss.datasets.readers.about import About, Content, SplitKind
from posegloss.datasets.readers.errors import DatasetError, NotThisDatasetError, UnknownDatasetError
from posegloss.datasets.readers.index import split_by_signer, write_manifest, write_missing
from posegloss.datasets.readers.reading import Box, DatasetClip, MetadataProblem, MissingClip, Reader, Reading
from posegloss.datasets.readers.registry import READERS, read_dataset, reader_of

__all__ = [
    "READERS",
    "About",
    "Box",
    "Content",
    "DatasetClip",
    "DatasetError",
    "MetadataProblem",
    "MissingClip",
    "NotThisDatasetError",
    "Reader",
    "Reading",
    "SplitKind",
    "UnknownDatasetError",
    "read_dataset",
    "reader_of",
    "split_by_signer",
    "write_manifest",
    "write_missing",
]
