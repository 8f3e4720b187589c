"""Passes: which spans of long videos are extracted in one pass over their video, so that it is decoded once."""

from collections.abc import Iterable, Iterator
from typing import Final

from posegloss.pipeline.clip_source import ClipSource

PASS_S: Final = 120.0
"""Seconds of video that a pass covers at most: it is done by one worker, and the others are to have work, too."""
GAP_S: Final = 5.0
"""A longer gap between two spans is sought over rather than decoded: keyframes are seldom so far apart."""


def in_passes(sources: Iterable[ClipSource]) -> Iterator[tuple[ClipSource, ...]]:
    """Group clips into passes; each is of one video, in the order of time, without overlap.

    A clip that is a whole video, or that no other follows closely, is a pass of its own. Passes come in the order of
    the first of their video's clips.
    """
    videos: dict[object, list[ClipSource]] = {}
    for source in sources:
        # A whole video shares its pass with nothing.
        key = source.clip_id if source.end_s is None else source.path
        videos.setdefault(key, []).append(source)
    for spans in videos.values():
        spans.sort(key=lambda source: (source.start_s or 0.0, source.end_s or 0.0))
        begun: list[ClipSource] = []
        for span in spans:
            if begun and not _fits(span, begun):
                yield tuple(begun)
                begun = []
            begun.append(span)
        yield tuple(begun)


def _fits(span: ClipSource, begun: list[ClipSource]) -> bool:
    first_s, last_s = begun[0].start_s or 0.0, begun[-1].end_s or 0.0
    start_s, end_s = span.start_s or 0.0, span.end_s or 0.0
    return last_s <= start_s <= last_s + GAP_S and end_s - first_s <= PASS_S
