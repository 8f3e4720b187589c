"""What a session has shown: keypoints and signs, never pictures. Bounded, however long it lasts."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from posegloss.cli.live.limits import LONGEST_RECORD, MOST_SIGNS
from posegloss.pipeline.sequence import FloatArray, KeypointSequence, nobody

_NEW_PART_S = 5.0
"""After a pause or a lost camera, what comes is another part: a .pose file has no gaps."""
_ROUNDING_S = 1e-6
"""A sign that begins with a part's first frame may begin by less than this before it."""


@dataclass
class Part:
    """Frames of one size, without a long gap: their times in the session's seconds, and (K, 4) keypoints."""

    size: tuple[int, int]
    frames: deque[tuple[float, FloatArray]] = field(default_factory=deque)

    def sequence(self, layout: str, start_s: float = -np.inf, end_s: float = np.inf) -> KeypointSequence | None:
        """The frames of a span, with times from its first one on; None where there is none."""
        shown = [(time_s, keypoints) for time_s, keypoints in self.frames if start_s <= time_s <= end_s]
        if not shown:
            return None
        times, keypoints = zip(*shown, strict=True)
        return KeypointSequence(
            np.stack(keypoints), np.array(times) - times[0], self.size, source="posegloss live", layout=layout
        )


class Record:
    """The last frames of a session, in parts, and the signs that were recognised.

    Args:
        layout: the name of the points' order.
        longest: how many frames are kept.
    """

    def __init__(self, layout: str, longest: int = LONGEST_RECORD) -> None:
        self.layout = layout
        self._longest = longest
        self._nobody = nobody(layout)
        self.clear()

    def clear(self) -> None:
        """Forget all of it."""
        self._parts: deque[Part] = deque()
        self._count = 0
        self.signs: deque[dict[str, Any]] = deque(maxlen=MOST_SIGNS)

    def add(self, keypoints: FloatArray | None, time_s: float, size: tuple[int, int]) -> None:
        """Take in the next frame; None is nobody."""
        last = self._parts[-1] if self._parts else None
        if last is None or last.size != size or time_s - last.frames[-1][0] > _NEW_PART_S:
            last = Part(size)
            self._parts.append(last)
        last.frames.append((time_s, self._nobody if keypoints is None else keypoints))
        self._count += 1
        if self._count > self._longest:
            self._count -= 1
            self._parts[0].frames.popleft()
            if not self._parts[0].frames:
                self._parts.popleft()

    def span(self, start_s: float, end_s: float, margin_s: float = 0.0) -> KeypointSequence | None:
        """The frames of a sign, and those so long before and after it; None where its beginning is forgotten.

        They are of the part that the sign began in: a frame of another size, or after a gap, ends a sign and is none
        of it.
        """
        for part in reversed(self._parts):
            if part.frames[0][0] <= start_s + _ROUNDING_S:
                return part.sequence(self.layout, start_s - margin_s, end_s + margin_s)
        return None

    def copy(self) -> tuple[list[Part], list[dict[str, Any]]]:
        """The parts and signs as they are now, for another thread to read."""
        return [Part(part.size, part.frames.copy()) for part in self._parts], list(self.signs)
