"""When a client's frame was taken, by its own clock as far as that can be believed."""

import math
from typing import Final

_AHEAD_S: Final = 1.0
_BEHIND_S: Final = 10.0
_STEP_S: Final = 0.001


class FrameClock:
    """Turns a client's capture times into a session's seconds, which always increase.

    The client's clock knows how far frames are apart, which the network blurs. But it may be wrong, or lie: where a
    frame would be earlier than the last one, or far from where the server's own clock is, the client's clock is set to
    the server's anew.
    """

    def __init__(self) -> None:
        self._started_s: float | None = None
        self._offset_s = 0.0
        self._last_s = -_STEP_S

    def read(self, client_ms: float, now_s: float) -> float:
        """The session's time of a frame in seconds.

        Args:
            client_ms: when the client says that it was taken.
            now_s: a monotonic clock's time.
        """
        if self._started_s is None:
            self._started_s = now_s
            self._offset_s = -client_ms / 1000
        elapsed_s = now_s - self._started_s
        time_s = client_ms / 1000 + self._offset_s
        # NaN is in no interval.
        if not (self._last_s < time_s and elapsed_s - _BEHIND_S <= time_s <= elapsed_s + _AHEAD_S):
            time_s = max(elapsed_s, self._last_s + _STEP_S)
            self._offset_s = time_s - client_ms / 1000 if math.isfinite(client_ms) else 0.0
        self._last_s = time_s
        return time_s
