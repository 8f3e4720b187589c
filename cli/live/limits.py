"""What a client may ask of the server, and how it is told that it asked for more."""

from enum import IntEnum
from typing import Final

LONGEST_MESSAGE: Final = 1 << 19
"""Bytes of a message: a picture of 1280x720 of good quality has half of that."""
LONGEST_TEXT: Final = 2048
LARGEST_SIDE: Final = 1280
SMALLEST_SIDE: Final = 32
MESSAGES_A_SECOND: Final = 100
"""A camera gives 30 to 60 frames a second."""
IDLE_S: Final = 60.0
"""The page says every few seconds that it is there, also while it is paused."""
SEND_S: Final = 10.0
"""Who does not read an answer for so long has gone, whatever the network says."""
LONGEST_PIECE: Final = 1 << 16
"""Bytes of an archive that go out at once: answers wait behind no more, and a slow network takes so much in time."""
LONGEST_RECORD: Final = 20 * 60 * 30
"""Frames that a session remembers: 20 minutes at 30 a second."""
MOST_SIGNS: Final = 5000
MOST_TAKES: Final = 60
LONGEST_GLOSS: Final = 40


class Close(IntEnum):
    """Why a socket was closed; from 4000 on the numbers are free to use (RFC 6455, section 7.4.2)."""

    FAILED = 1011
    TOO_LONG = 1009
    MALFORMED = 4400
    IDLE = 4408
    TOO_MANY_MESSAGES = 4429
    TOO_MANY_SESSIONS = 4503


class Refusal(Exception):
    """The client sent what it may not, or cannot be served: its socket closes, with a code and a reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Budget:
    """So many messages a second, and for a moment twice as many (a token bucket).

    Args:
        rate: messages a second.
        now_s: a monotonic clock's time.
    """

    def __init__(self, rate: float, now_s: float) -> None:
        self._rate = rate
        self._left = 2 * rate
        self._at_s = now_s

    def spend(self, now_s: float) -> None:
        """Pay for a message.

        Raises:
            Refusal: there have been too many.
        """
        self._left = min(self._left + (now_s - self._at_s) * self._rate, 2 * self._rate) - 1
        self._at_s = now_s
        if self._left < 0:
            raise Refusal(Close.TOO_MANY_MESSAGES, f"more than {self._rate:g} messages a second")
