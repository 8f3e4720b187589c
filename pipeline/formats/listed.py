"""ListedClip: a clip that a file or folder holds, before its keypoints are read; and what its place says of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from posegloss.pipeline.sequence import KeypointSequence


@dataclass(frozen=True)
class ListedClip:
    """A clip in other people's format.

    Attributes:
        clip_id: unique in its input, and the same whenever that is listed.
        read: reads the keypoints; raises FormatError.
        gloss: the label of what is signed, where the input tells.
        signer: who signs, where the input tells.
        split: the part of a published split, where the input tells.
        synthetic: the clip shows no real person.
    """

    clip_id: str
    read: Callable[[], KeypointSequence]
    gloss: str | None = None
    signer: str | None = None
    split: str | None = None
    synthetic: bool = False


def place_clips(path: Path, names: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """The id and the gloss of each clip of an input, from its name in there.

    As with videos, an id is the input's own name and the name in it. Where all names are ``gloss/clip``, the folder is
    the gloss; folders around that (an archive's own one) are left out.

    Args:
        path: of the input.
        names: of the clips, with slashes; "" is the input itself.
    """
    parts = {name: tuple(name.split("/")) for name in names}
    inner = dict(parts)
    while all(len(one) > 2 for one in inner.values()) and len({one[0] for one in inner.values()}) == 1:
        inner = {name: one[1:] for name, one in inner.items()}
    labelled = all(len(one) == 2 for one in inner.values())
    root = path.resolve().name
    if len(inner) == 1 and not labelled:
        return dict.fromkeys(inner, (root, None))
    return {name: (f"{root}/{'/'.join(one)}".rstrip("/"), one[0] if labelled else None) for name, one in inner.items()}
