"""Pictures that the server has itself: its own camera, or a video that is played at its own pace."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np

from posegloss.pipeline.errors import PoseglossError, VideoError
from posegloss.pipeline.roi import Image
from posegloss.pipeline.video import VideoSource

_AGAIN_S: Final = 2.0


class CameraError(PoseglossError):
    """The server's camera gives no pictures."""


class Source(Protocol):
    """Where pictures come from."""

    name: str

    def pictures(self) -> Iterator[tuple[Image, float | None]]:
        """Pictures, and when each is to be shown, in seconds from the first; None is now.

        Raises:
            PoseglossError: there are none.
        """
        ...


@dataclass(frozen=True)
class VideoFile:
    """A video file, played once."""

    path: Path
    name = "video"

    def pictures(self) -> Iterator[tuple[Image, float | None]]:
        """See ``Source``."""
        with VideoSource(self.path) as video:
            for frame in video:
                yield frame.image, frame.timestamp_s


@dataclass(frozen=True)
class OwnCamera:
    """A camera of the machine that the server runs on, by OpenCV's number."""

    number: int
    name = "camera"

    def pictures(self) -> Iterator[tuple[Image, float | None]]:
        """See ``Source``."""
        # A camera that is not there is told by the error below; OpenCV fills the terminal, each time it looks.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        camera: Any = cv2.VideoCapture(self.number)
        try:
            while True:
                there, image = camera.read()
                if not there:
                    raise CameraError(
                        f"camera {self.number} of this server gives no picture; check that it is plugged in, that no "
                        "other program or page uses it, and the number of --camera"
                    )
                yield np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), None
        finally:
            camera.release()


class Player:
    """Plays a source on a thread of its own, from the start again when asked to.

    Args:
        source: of the pictures.
        show: is given each picture when it is time.
        over: is told that a video has ended, or else why there are no pictures.
    """

    def __init__(self, source: Source, show: Callable[[Image], None], over: Callable[[str | None], None]) -> None:
        self._source, self._show, self._over = source, show, over
        self._running, self._wanted, self._closed = threading.Event(), threading.Event(), threading.Event()
        self._running.set()
        self._wanted.set()
        self._thread = threading.Thread(target=self._run, name="live source", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Hold it."""
        self._running.clear()

    def resume(self) -> None:
        """Go on."""
        self._running.set()

    def again(self) -> None:
        """Play from the start, when it is over."""
        self._wanted.set()

    def close(self) -> None:
        """End the thread, and wait for that."""
        self._closed.set()
        self._running.set()
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        while self._wanted.wait() and not self._closed.is_set():
            self._wanted.clear()
            reason = None
            try:
                self._play()
            except (PoseglossError, cv2.error) as error:
                reason = str(error)
            if self._closed.is_set():
                return
            self._over(reason)
            if isinstance(self._source, OwnCamera):
                # It may be plugged in again.
                self._closed.wait(_AGAIN_S)
                self._wanted.set()

    def _play(self) -> None:
        started_s = time.monotonic()
        for image, time_s in self._source.pictures():
            if not self._running.is_set():
                paused_s = time.monotonic()
                self._running.wait()
                started_s += time.monotonic() - paused_s
            if time_s is not None:
                time.sleep(max(started_s + time_s - time.monotonic(), 0.0))
            if self._closed.is_set():
                return
            self._show(image)


def open_video(path: Path) -> VideoFile:
    """A video to play.

    Raises:
        VideoError: it cannot be read, which is better known before a page is open.
    """
    with VideoSource(path) as video:
        if max(video.size) > 4096:
            raise VideoError(f"{path} has frames of {video.size[0]} x {video.size[1]} pixels; scale it down")
    return VideoFile(path)
