"""Writing glosses as WebVTT subtitles, which browsers and players show (https://www.w3.org/TR/webvtt1/)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.formats.errors import FormatError

_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""With the last, no text holds the arrow that makes a line a cue's times."""


def write_vtt(path: Path, spans: Sequence[GlossSpan], note: str = "") -> None:
    """Write spans as subtitles.

    Args:
        path: of the .vtt file, which appears whole.
        spans: in seconds of the video; a span shorter than a millisecond becomes one.
        note: stands at the head of the file, where no player shows it.

    Raises:
        FormatError: the file cannot be written.
    """
    try:
        with whole_file(path) as part:
            # In bytes: lines end the same way on every system.
            part.write_bytes("\n".join(_blocks(spans, note)).encode())
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}") from error


def _blocks(spans: Sequence[GlossSpan], note: str) -> Iterator[str]:
    yield "WEBVTT\n"
    if note:
        yield f"NOTE {_text(note)}\n"
    # Cues must come in the order of their starts.
    for span in sorted(spans, key=lambda span: span.start_s):
        start = max(round(span.start_s * 1000), 0)
        end = max(round(span.end_s * 1000), start + 1)
        yield f"{_time(start)} --> {_time(end)}\n{_text(span.gloss)}\n"


def _time(milliseconds: int) -> str:
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def _text(text: str) -> str:
    """In one line: an empty one would end the cue."""
    return "".join(one if one.isprintable() else " " for one in text).strip().translate(_ESCAPED)
