"""A peer's videos, as its users read them: OpenCV, then RGB. Runs in the reference's environment, too."""

from collections.abc import Iterator
from typing import Any

import cv2


class PeerVideo:
    """The frames of a file, (H, W, 3) uint8 RGB.

    Attributes:
        frame_ms: milliseconds from frame to frame, as the file claims.
    """

    def __init__(self, path: str) -> None:
        self._video = cv2.VideoCapture(path)
        self.frame_ms = 1000 / (self._video.get(cv2.CAP_PROP_FPS) or 30)

    def __iter__(self) -> Iterator[Any]:
        """The frames in order; the file is closed after the last."""
        while True:
            there, image = self._video.read()
            if not there:
                self._video.release()
                return
            yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
