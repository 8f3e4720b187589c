"""A socket from its opening to its end: what a client sends goes to its session, what that says goes back."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from posegloss.cli.console import say_error
from posegloss.cli.live.frame_clock import FrameClock
from posegloss.cli.live.limits import IDLE_S, MESSAGES_A_SECOND, SEND_S, Budget, Close, Refusal
from posegloss.cli.live.protocol import read_command, read_frame
from posegloss.cli.live.session import GoneError, Message, Session, Shot
from posegloss.cli.live.sources import Player
from posegloss.cli.live.studio import Studio
from posegloss.cli.live.worker import Worker
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.roi import Image


async def converse(websocket: WebSocket, studio: Studio) -> None:
    """Serve a client until it goes or must go; then all that it had is free again."""
    await websocket.accept()
    try:
        with studio.place():
            await _Conversation(websocket, studio).run()
    except WebSocketDisconnect:
        return
    except Refusal as refusal:
        # Reasons are at most 123 bytes long (RFC 6455, section 5.5).
        await websocket.close(refusal.code, refusal.reason.encode()[:123].decode(errors="ignore"))


class _Conversation:
    def __init__(self, websocket: WebSocket, studio: Studio) -> None:
        self._websocket, self._studio = websocket, studio
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Refusal] = self._loop.create_future()
        self._clock = FrameClock()
        self._session = Session(studio, self._tell, lambda job: self._worker.submit(job))
        self._player: Player | None = None

    async def run(self) -> None:
        """Raises Refusal, or WebSocketDisconnect."""
        budget = Budget(MESSAGES_A_SECOND, time.monotonic())
        hello = read_command(await self._receive_text())
        if hello["type"] != "hello":
            raise Refusal(Close.MALFORMED, "say hello first")
        self._worker = Worker(
            # On its thread, since a model may have to be loaded, for which other sessions need not wait.
            lambda: self._session.open(self._studio.model(hello["model"])),
            self._session.work,
            self._session.close,
            self._worker_failed,
        )
        try:
            if self._studio.source:
                self._player = Player(self._studio.source, self._show, self._over)
            while True:
                message = await self._receive()
                budget.spend(time.monotonic())
                if isinstance(message, bytes):
                    self._take_frame(message)
                else:
                    self._obey(read_command(message))
        finally:
            # On a thread, since what they are at may need this loop to end.
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._player:
            self._player.close()
        self._worker.close()

    async def _receive_text(self) -> str:
        message = await self._receive()
        if isinstance(message, bytes):
            raise Refusal(Close.MALFORMED, "say hello first")
        return message

    async def _receive(self) -> str | bytes:
        receiving = asyncio.ensure_future(self._websocket.receive())
        either: set[asyncio.Future[Any]] = {receiving, self._ending}
        try:
            await asyncio.wait(either, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not receiving.done():
                receiving.cancel()
        if self._ending.done():
            raise self._ending.result()
        if not receiving.done() or receiving.cancelled():
            raise Refusal(Close.IDLE, f"nothing was heard for {IDLE_S:g} seconds")
        message = receiving.result()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        content: str | bytes | None = message.get("text")
        return message["bytes"] if content is None else content

    def _take_frame(self, message: bytes) -> None:
        if self._player:
            raise Refusal(Close.MALFORMED, "this server has pictures of its own")
        frame, now_s = read_frame(message), time.monotonic()
        self._worker.offer(Shot(frame.number, self._clock.read(frame.time_ms, now_s), now_s, frame.jpeg))

    def _show(self, image: Image) -> None:
        now_s = time.monotonic()
        self._worker.offer(Shot(0, self._clock.read(now_s * 1000, now_s), now_s, image))

    def _over(self, reason: str | None) -> None:
        def tell() -> None:
            self._session.end_sign()
            self._tell({"type": "over", "reason": reason})

        self._worker.submit(tell, after_frame=True)

    def _obey(self, command: Mapping[str, Any]) -> None:
        session = self._session
        jobs: dict[str, Callable[[], None]] = {
            "pause": session.end_sign,
            "threshold": lambda: session.choose_threshold(command["value"]),
            "clear": session.clear,
            "save": session.save,
            "record": lambda: session.record_takes(command["gloss"]),
            "stop": lambda: session.record_takes(None),
            "remove": lambda: session.remove_take(command["take"]),
            "learn": session.learn,
        }
        if self._player:
            player = {"pause": self._player.pause, "resume": self._player.resume, "again": self._player.again}
            player.get(command["type"], lambda: None)()
        if command["type"] in jobs:
            self._worker.submit(jobs[command["type"]])

    def _tell(self, message: Message) -> None:
        """Send a message from another thread, and wait until it is on its way: who reads slowly is sent less."""
        content = message if isinstance(message, bytes) else json.dumps(message, separators=(",", ":"))
        try:
            asyncio.run_coroutine_threadsafe(self._send(content), self._loop).result(SEND_S)
        # Cancelled where the server ends.
        except (RuntimeError, WebSocketDisconnect, TimeoutError, OSError, CancelledError) as error:
            raise GoneError from error

    async def _send(self, content: str | bytes) -> None:
        if isinstance(content, bytes):
            await self._websocket.send_bytes(content)
        else:
            await self._websocket.send_text(content)

    def _worker_failed(self, error: BaseException) -> None:
        if isinstance(error, Refusal):
            refusal = error
        elif isinstance(error, PoseglossError):
            refusal = Refusal(Close.FAILED, str(error))
        elif isinstance(error, GoneError):
            refusal = Refusal(Close.IDLE, "answers were not read")
        else:
            say_error(f"a live session ended: {type(error).__name__}: {error}")
            refusal = Refusal(Close.FAILED, "the server made a mistake; its terminal says which")
        self._loop.call_soon_threadsafe(self._end, refusal)

    def _end(self, refusal: Refusal) -> None:
        if not self._ending.done():
            self._ending.set_result(refusal)
