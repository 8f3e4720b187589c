"""Clock: from the timestamps that a file claims to a time that can be relied on."""

from typing import Final

import numpy as np

NEW_START_S: Final = 0.5
"""A stamp so far behind the last is no single wrong one: the file's clock began anew."""
LEAP_S: Final = 10.0
"""A stamp so far ahead of the last is believed only when the next one is later still. Shorter gaps are common."""


class Clock:
    """Makes the stamps of a file a time that always goes forward, and comes back to the truth after a wrong one.

    A stamp that leaps ahead (by more than ``LEAP_S``, or 5 ticks where those are longer) may be wild. Its frame is put
    a tick after the last. If the next stamp is later still, the leap was a gap, and time goes on behind it; leaps no
    longer than that are believed at once from then on. Otherwise the time before the leap goes on.

    Args:
        origin_s: the stamp that is time 0, in seconds.
        tick_s: how far frames are apart where their stamps don't tell.

    Attributes:
        now: time of the last frame in seconds.
        unknown: how many frames had no stamp.
        wrong: how many had one that did not follow the frame before, or leapt too far ahead of it.
    """

    def __init__(self, origin_s: float, tick_s: float) -> None:
        self.now = -np.inf
        self.unknown = self.wrong = 0
        self._origin_s, self._tick_s = origin_s, tick_s
        self._in_a_row = 0
        self._leap_s = max(LEAP_S, 5 * tick_s)
        self._doubted_s = np.inf

    def read(self, stamp_s: float | None) -> float:
        """The time of the next frame, given its stamp in seconds."""
        if stamp_s is None:
            self.unknown += 1
            self.now = max(self.now + self._tick_s, 0.0)
            return self.now
        time_s = stamp_s - self._origin_s
        step_s, doubted_s, self._doubted_s = time_s - self.now, self._doubted_s, np.inf
        if self._leap_s < step_s < np.inf:
            if stamp_s > doubted_s:
                self._leap_s, self._in_a_row = step_s, 0
            else:
                self.wrong += 1
                self._doubted_s = stamp_s
                time_s = self.now + self._tick_s
        elif step_s > 0:
            self._in_a_row = 0
        else:
            self.wrong += 1
            self._in_a_row += 1
            if -step_s > NEW_START_S:
                # Two recordings in one file, say: the clock began anew.
                time_s = self.now + self._tick_s
                self._origin_s = stamp_s - time_s
            else:
                # Damage puts single frames too late; a small step leaves the next one its own time.
                time_s = self.now + self._tick_s / (8 if self._in_a_row == 1 else 1)
        self.now = time_s
        return time_s
