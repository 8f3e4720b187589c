"""What a reader finds: the clips that are there, those that are missing, and the rows that say nothing usable."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from posegloss.datasets.readers.about import About
from posegloss.pipeline.clip_source import ClipSource


@dataclass(frozen=True, slots=True)
class Box:
    """Where the signer is in the frame, as the metadata says: x right, y down.

    Attributes:
        left: smallest x.
        top: smallest y.
        right: largest x.
        bottom: largest y.
        unit: fractions of the frame's width and height, or pixels of the video as it was published.
    """

    left: float
    top: float
    right: float
    bottom: float
    unit: Literal["fraction", "pixels"]


@dataclass(frozen=True, slots=True)
class DatasetClip:
    """A clip of a dataset that is on the disk.

    Attributes:
        source: what posegloss extracts. Its path is a folder where the set's clips are folders of pictures.
        box: where the signer is, if the metadata says so.
        meaning: the gloss in English, where the set has its glosses in another language.
        gloss_sequence: the glosses of a sentence in their order, separated by spaces.
        sentence: what is said, in a spoken language.
    """

    source: ClipSource
    box: Box | None = None
    meaning: str | None = None
    gloss_sequence: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class MissingClip:
    """A clip that the metadata names and the disk lacks.

    Attributes:
        path: where it was looked for first, relative to the set's folder.
        gloss: what is signed in it.
        signer: who signs.
        split: the part of the published split.
        url: where the metadata says it came from.
        file: the metadata that names it; empty where the set's design does.
        row: the row there, counted as in ``MetadataProblem``.
    """

    path: str
    gloss: str | None = None
    signer: str | None = None
    split: str | None = None
    url: str = ""
    file: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class MetadataProblem:
    """A row of the metadata that gives no clip, or not all that it should.

    Attributes:
        file: relative to the set's folder.
        row: as a text editor counts lines (a header is line 1), for JSON the number of the entry; 0 is the whole file.
        reason: what is wrong with it.
    """

    file: str
    row: int
    reason: str


@dataclass(frozen=True)
class Reading:
    """All that a reader found.

    Attributes:
        clips: those on the disk, in the metadata's order.
        missing: those that the metadata names and the disk lacks.
        problems: rows that could not be used.
        remarks: what a reader of a result on this set should know.
    """

    clips: tuple[DatasetClip, ...]
    missing: tuple[MissingClip, ...] = ()
    problems: tuple[MetadataProblem, ...] = ()
    remarks: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one published dataset in its official layout."""

    @property
    def about(self) -> About:
        """What is published about the set."""
        ...

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder.

        Args:
            root: the set's folder.
            subset: one of ``about.subsets``; everything unless given.

        Raises:
            NotThisDatasetError: the folder does not look like the set.
        """
        ...
