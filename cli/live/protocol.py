"""The messages of a client, checked: nothing else of what it sends is looked at.

A binary message is a frame: its number (uint32), when it was taken in milliseconds of the client's clock (float64),
both little-endian, and a JPEG. A text is a command: a flat JSON object.
"""

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from posegloss.cli.live.limits import LONGEST_GLOSS, LONGEST_PIECE, LONGEST_TEXT, Close, Refusal

_HEADER: Final = struct.Struct("<Id")


@dataclass(frozen=True)
class SentFrame:
    """A frame as it came: its number, the client's time in milliseconds, and the bytes of its JPEG."""

    number: int
    time_ms: float
    jpeg: bytes


def _is_gloss(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_GLOSS and value.isprintable() and value == value.strip()


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 31


def _is_name(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 200)


COMMANDS: Final[Mapping[str, Mapping[str, Callable[[Any], bool]]]] = {
    "hello": {"model": _is_name},
    "alive": {},
    "pause": {},
    "resume": {},
    "again": {},
    "threshold": {"value": _is_share},
    "clear": {},
    "save": {},
    "record": {"gloss": _is_gloss},
    "stop": {},
    "remove": {"take": _is_count},
    "learn": {},
}
"""What a client may ask for, with what it must say and what is true of it."""


def read_frame(message: bytes) -> SentFrame:
    """A binary message as a frame; of its JPEG nothing is looked at.

    Raises:
        Refusal: it is none.
    """
    if len(message) <= _HEADER.size:
        raise Refusal(Close.MALFORMED, "a frame is a header of 12 bytes and a JPEG")
    number, time_ms = _HEADER.unpack_from(message)
    return SentFrame(number, time_ms, message[_HEADER.size :])


def write_picture(jpeg: bytes) -> bytes:
    """A picture of the server's own camera, for the page to show."""
    return b"P" + jpeg


def write_archive(content: bytes) -> Iterator[bytes]:
    """A saved session in pieces, which the page puts together and hands to the person."""
    for start in range(0, len(content), LONGEST_PIECE):
        yield b"Z" + content[start : start + LONGEST_PIECE]


def read_command(text: str) -> dict[str, Any]:
    """A text message as a command: its type, and exactly what belongs to that.

    Raises:
        Refusal: it is none.
    """
    if len(text) > LONGEST_TEXT:
        raise Refusal(Close.TOO_LONG, f"a command has at most {LONGEST_TEXT} characters")
    try:
        command = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal(Close.MALFORMED, "a command is JSON") from None
    kind = command.get("type") if isinstance(command, dict) else None
    fields = COMMANDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise Refusal(Close.MALFORMED, "there is no such command")
    if command.keys() != {"type", *fields} or not all(holds(command[name]) for name, holds in fields.items()):
        raise Refusal(Close.MALFORMED, f"{kind} does not say what it should")
    return dict(command)
