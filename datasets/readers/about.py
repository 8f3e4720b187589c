"""What is published about a dataset: what it holds, where to get it, and what its split means."""

from dataclasses import dataclass
from enum import StrEnum


class Content(StrEnum):
    """What the files of a dataset are."""

    VIDEOS = "videos"
    PICTURES = "folders of pictures"
    LANDMARKS = "landmarks"


class SplitKind(StrEnum):
    """What the split that a dataset publishes says about people that a model never saw."""

    BY_SIGNER = "by signer"
    NOT_BY_SIGNER = "not by signer"
    NONE = "none"
    NOT_SAID = "not said"
    YOURS = "yours"


@dataclass(frozen=True)
class About:
    """What is published about a dataset.

    Attributes:
        name: what the command line calls it.
        title: its own name, with the version that the reader knows.
        language: the sign language.
        url: the project's page, where the data is to be had.
        terms: the licence's name, or what has to be agreed to.
        layout: the files that the reader looks for, one to a line, the set's folder being left out.
        gives: what the reader makes of them.
        reference: the paper that describes the set.
        split: what the published split means.
        split_note: the same in a sentence, where there is more to say.
        signs: how many different ones, None where that says nothing (a folder of one's own).
        clips: how many, with the videos that are dead by now.
        signers: how many; None where it is not published.
        subsets: what ``subset`` may be.
        content: what the files are.
        frame_rate: pictures a second, where the files are pictures.
    """

    name: str
    title: str
    language: str
    url: str
    terms: str
    layout: tuple[str, ...]
    gives: str
    reference: str
    split: SplitKind
    split_note: str = ""
    signs: int | None = None
    clips: int | None = None
    signers: int | None = None
    subsets: tuple[str, ...] = ()
    content: Content = Content.VIDEOS
    frame_rate: float | None = None
