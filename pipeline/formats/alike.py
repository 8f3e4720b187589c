"""What the clips of one file have in common."""

from collections.abc import Iterable
from pathlib import Path

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.storing.clip import Clip


def layout_of(clips: Iterable[Clip], path: Path) -> str:
    """The points that clips have in common which go into one file.

    Raises:
        FormatError: they have different ones.
    """
    layouts = sorted({clip.sequence.layout for clip in clips})
    if len(layouts) > 1:
        raise FormatError(f"{path}: the clips are of {' and '.join(layouts)}; write a file for each")
    return layouts[0]
