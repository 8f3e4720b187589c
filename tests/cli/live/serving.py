"""A server of the tests' own, and clients that know how to behave, or do not."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from websockets.sync.client import ClientConnection, connect

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.cli.live.app import make_app
from posegloss.cli.live.serving import bound_socket, make_server
from posegloss.cli.live.studio import Studio
from posegloss.pipeline.pose import Pose

TOKEN = "a-token-of-the-tests"


class SlowTracker:
    """Sees nobody, and takes its time for that."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.open = True
        self.seen = 0

    def update(self, image: np.ndarray, timestamp_s: float) -> Pose | None:
        assert self.open
        self.seen += 1
        time.sleep(self.seconds)
        return None

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        self.open = False


class TrackedStudio(Studio):
    """A studio whose trackers are the tests' own."""

    def __init__(self, *arguments: Any, seconds: float = 0.0, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.seconds = seconds
        self.trackers: list[SlowTracker] = []

    def open_tracker(self) -> SlowTracker:
        self.trackers.append(SlowTracker(self.seconds))
        return self.trackers[-1]


class Server:
    """A running server, and how to reach it."""

    def __init__(self, studio: Studio, port: int) -> None:
        self.studio, self.port = studio, port
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}/{TOKEN}/"

    def connect(
        self, *, path: str = f"/{TOKEN}/socket", origin: str | None = "own", **options: Any
    ) -> ClientConnection:
        """A socket that has not said anything yet."""
        return connect(
            f"ws://{self.host}{path}",
            origin=f"http://{self.host}" if origin == "own" else origin,
            compression=None,
            max_size=None,
            open_timeout=20,
            **options,
        )

    @contextmanager
    def session(self, **options: Any) -> Iterator[ClientConnection]:
        """A socket that was welcomed."""
        with self.connect(**options) as socket:
            say(socket, type="hello", model=None)
            assert hear(socket, "welcome")
            yield socket


class SlowNetwork(socket.socket):
    """A client's end of a network that takes so many bytes a second."""

    def __init__(self, port: int, rate: float) -> None:
        super().__init__()
        self.rate = rate
        # What waits in the kernel has arrived, as far as the server can know.
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        super().connect(("127.0.0.1", port))

    def recv(self, *arguments: Any) -> bytes:
        data = super().recv(*arguments)
        time.sleep(len(data) / self.rate)
        return data


@contextmanager
def serving(studio: Studio, port: int = 0) -> Iterator[Server]:
    listening = bound_socket("127.0.0.1", port)
    port = listening.getsockname()[1]
    server = make_server(make_app(studio, TOKEN, "127.0.0.1", port))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Server(studio, port)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def fake_studio(recogniser: GlossRecogniser, path: Any, **options: Any) -> TrackedStudio:
    return TrackedStudio(path, recogniser, **options)


def jpeg(image: np.ndarray | None = None, size: tuple[int, int] = (64, 48)) -> bytes:
    image = np.zeros((size[1], size[0], 3), np.uint8) if image is None else image
    return cv2.imencode(".jpg", image[..., ::-1])[1].tobytes()


def frame(number: int, time_ms: float, picture: bytes) -> bytes:
    return struct.pack("<Id", number, time_ms) + picture


def say(socket: ClientConnection, **command: Any) -> None:
    socket.send(json.dumps(command))


def hear(socket: ClientConnection, kind: str, timeout: float = 20) -> dict[str, Any]:
    """The next message of a kind; others are passed over."""
    until = time.monotonic() + timeout
    while True:
        message = socket.recv(max(until - time.monotonic(), 0.01))
        if isinstance(message, bytes):
            if kind == "bytes":
                return {"bytes": message}
        elif (told := json.loads(message))["type"] == kind:
            return told


def hear_archive(socket: ClientConnection, timeout: float = 30) -> bytes:
    """A saved session, of its pieces; other messages are passed over."""
    size, content = hear(socket, "archive", timeout)["size"], b""
    while len(content) < size:
        piece = hear(socket, "bytes", timeout)["bytes"]
        assert piece[:1] == b"Z"
        content += piece[1:]
    assert len(content) == size
    return content


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.02)
    return holds()
