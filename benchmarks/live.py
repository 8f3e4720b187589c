"""How quickly `posegloss live` answers: clients that send real pictures as its page does, and what each waits.

    python -m benchmarks.live --model demo/avatar.model

Each client sends the newest of 30 frames a second as soon as the last one was answered. Latency is from the moment
when a frame is sent to the moment when its answer is there; the tracker's own time is what the server says.
"""

import argparse
import asyncio
import json
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
from websockets.asyncio.client import connect

from posegloss.pipeline.video import VideoSource

VIDEO = Path(__file__).parents[1] / "tests" / "data" / "avatar.mp4"
# As in the page: camera.js.
QUALITY = 80
RATE = 30.0
_WARM_UP_S = 2.0


@dataclass(frozen=True)
class Answer:
    """How long an answer took, and how long of that the tracker, in milliseconds."""

    latency_ms: float
    tracker_ms: float


@contextmanager
def running(model: Path, clients: int, options: Sequence[str]) -> Iterator[str]:
    """The command, as a person starts it; yields the page's address."""
    command = [sys.executable, "-c", "from posegloss.cli.app import main; main()", "live", str(model)]
    arguments = ["--no-browser", "--port", "0", "--max-sessions", str(clients), *options]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            if not address:
                raise SystemExit("posegloss live did not start")
            yield address
        finally:
            process.terminate()


async def watch(address: str, pictures: Sequence[bytes], seconds: float) -> list[Answer]:
    """One client; its answers after a warm-up."""
    where = urlsplit(address)
    socket = await connect(
        f"ws://{where.netloc}{where.path}socket", origin=f"http://{where.netloc}", compression=None, open_timeout=60
    )
    answers: list[Answer] = []
    async with socket:
        await socket.send(json.dumps({"type": "hello", "model": None}))
        await socket.recv()
        began = time.perf_counter()
        shown, number = -1, 0
        while (now := time.perf_counter() - began) < _WARM_UP_S + seconds:
            if int(now * RATE) == shown:
                await asyncio.sleep((shown + 1) / RATE - now)
                continue
            shown, number = int(now * RATE), number + 1
            message = struct.pack("<Id", number, now * 1000) + pictures[shown % len(pictures)]
            sent = time.perf_counter()
            await socket.send(message)
            while (told := json.loads(await socket.recv())).get("frame") != number:
                pass
            if now > _WARM_UP_S:
                answers.append(Answer((time.perf_counter() - sent) * 1000, told["tracker_ms"]))
    return answers


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("demo/avatar.model"))
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--precision", help="of the landmark network")
    arguments = parser.parse_args()
    with VideoSource(VIDEO) as video:
        images = [frame.image for frame in video]
    # Back and forth, so that nobody jumps where the video begins anew.
    images += images[-2:0:-1]
    pictures = [
        cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes() for image in images
    ]
    options = ["--precision", arguments.precision] if arguments.precision else []
    print(
        f"{images[0].shape[1]}x{images[0].shape[0]}, {np.mean([len(one) for one in pictures]) / 1024:.0f} KiB a frame"
    )
    print("| clients | answers a second, each | latency, median | latency, 95 % | tracker, median | ratio |")
    print("|---|---|---|---|---|---|")
    with running(arguments.model, max(arguments.clients), options) as address:
        for clients in arguments.clients:

            async def all_of_them(clients: int = clients) -> list[list[Answer]]:
                return await asyncio.gather(*(watch(address, pictures, arguments.seconds) for _ in range(clients)))

            each = asyncio.run(all_of_them())
            answers = [answer for one in each for answer in one]
            latencies = [answer.latency_ms for answer in answers]
            median, tracker = np.median(latencies), np.median([answer.tracker_ms for answer in answers])
            print(
                f"| {clients} | {len(answers) / clients / arguments.seconds:.1f} | {median:.1f} ms "
                f"| {np.quantile(latencies, 0.95):.1f} ms | {tracker:.1f} ms | {median / tracker:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
