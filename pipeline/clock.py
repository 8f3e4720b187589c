"""Clock: from the timestamps that a file claims to a time that can be relied on."""

from typing import Final

import numpy as np

NEW_START_S: Final = 0.5
"""A stamp so far behind the last is no single wrong one: the file's clock began anew."""


class Clock:
    """Makes the stamps of a file a time that always goes forward, and comes back to the truth after a wrong one.

    Args:
        origin_s: the stamp that is time 0, in seconds.
        tick_s: how far frames are apart where their stamps don't tell.

    Attributes:
        now: time of the last frame in seconds.
        unknown: how many frames had no stamp.
        behind: how many had one that did not follow the frame before.
    """

    def __init__(self, origin_s: float, tick_s: float) -> None:
        self.now = -np.inf
        self.unknown = self.behind = 0
        self._origin_s, self._tick_s = origin_s, tick_s
        self._in_a_row = 0

    def read(self, stamp_s: float | None) -> float:
        """The time of the next frame, given its stamp in seconds."""
        if stamp_s is None:
            self.unknown += 1
            self.now = max(self.now + self._tick_s, 0.0)
            return self.now
        time_s = stamp_s - self._origin_s
        if time_s > self.now:
            self._in_a_row = 0
        else:
            self.behind += 1
            self._in_a_row += 1
            if self.now - time_s > NEW_START_S:
                # Two recordings in one file, say: the clock began anew.
                time_s = self.now + self._tick_s
                self._origin_s = stamp_s - time_s
            else:
                # Damage puts single frames too late; a small step leaves the next one its own time.
                time_s = self.now + self._tick_s / (8 if self._in_a_row == 1 else 1)
        self.now = time_s
        return time_s
