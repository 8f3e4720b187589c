"""ClipSource: where a clip's frames lie and what is known about it before anybody has looked at them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ClipSource:
    """A video, or a span of one, that is to become one keypoint sequence.

    Attributes:
        clip_id: stable name of the clip: the path as written in the manifest or relative to the folder, with
            slashes, and ``#start-end`` where the clip is a span of a longer video.
        path: the video file.
        gloss: the label of what is signed, if known.
        signer: who signs, if known.
        split: the part of a published split that the clip belongs to, if any.
        start_s: seconds into the video at which the clip starts; None is its beginning.
        end_s: seconds into the video at which the clip ends; None is its end.
        synthetic: the clip shows no real person; every result of it says so.
    """

    clip_id: str
    path: Path
    gloss: str | None = None
    signer: str | None = None
    split: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    synthetic: bool = False


def span_suffix(start_s: float | None, end_s: float | None) -> str:
    """The part of a clip's id that says which span of a video it is, "#start-end"; nothing for a whole video."""
    if start_s is None and end_s is None:
        return ""
    # Microseconds: as exact as times are written anywhere, and the same id whoever computed them.
    return "#" + "-".join("" if one is None else f"{one:.6f}".rstrip("0").rstrip(".") for one in (start_s, end_s))
