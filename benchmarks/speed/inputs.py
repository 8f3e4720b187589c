"""The clips that are measured on: rendered once and kept, or real ones."""

import getpass
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from benchmarks.speed.runner import ROOT
from posegloss.datasets.avatar import LEXICON, Signer, perform, render_corpus, write_video
from posegloss.datasets.manifest import find_clips
from posegloss.pipeline.mediapipe_backend import make_task

WARM_UP: Final = ROOT / "tests" / "data" / "avatar.mp4"
WLASL: Final = ROOT.parent / "shared" / "data" / "wlasl"
_SIGNERS, _GLOSSES = 4, 6
_LONG_SIZE: Final = (1280, 720)
_LONG_S: Final = 10.0


@dataclass(frozen=True)
class Clips:
    """What one set of tables is about.

    Attributes:
        name: for people to read.
        corpus: the videos for the corpus runs.
        one_video: the video for the runs on a single one, and for the time of a frame by stage.
    """

    name: str
    corpus: list[str]
    one_video: str


class NoClipsError(Exception):
    """There is nothing to measure on."""


def synthetic(most: int | None) -> Clips:
    """Clips of the avatar at 640 x 480, at most so many, and one of 10 s at 720p; rendered on first use."""
    folder = _cache()
    render_corpus(folder / "corpus", signers=_SIGNERS, takes=1, glosses=list(LEXICON)[:_GLOSSES])
    long = folder / "720p.mp4"
    if not long.exists():
        _render_long(long)
    corpus = sorted(str(path) for path in (folder / "corpus").rglob("*.mp4"))
    return Clips("avatar, 640x480", _spread(corpus, most), str(long))


def real(name: str, paths: Sequence[Path], most: int | None) -> Clips:
    """Videos of yours, at most so many; the one video is the longest.

    Raises:
        NoClipsError: none of them can be opened.
    """
    found = dict.fromkeys(str(clip.path.resolve()) for clip in find_clips(paths).clips)
    frames = {path: count for path in found if (count := claimed_frames(path)) > 0}
    if not frames:
        raise NoClipsError(f"no video that OpenCV opens in {', '.join(map(str, paths))}")
    return Clips(name, _spread(list(frames), most), max(frames, key=lambda path: frames[path]))


def task_file() -> Path:
    """The Full networks as a ``.task`` for MediaPipe, made anew.

    Raises:
        WeightsError: the weights cannot be had.
        ImportError: mediapipe is not installed.
    """
    path = _cache() / "full.task"
    path.write_bytes(make_task("full"))
    return path


def describe(path: str) -> str:
    """A video's name, size and length."""
    video = cv2.VideoCapture(path)
    width, height, frames = (
        int(video.get(what)) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_COUNT)
    )
    return f"{Path(path).name}, {width}x{height}, {frames} frames"


def claimed_frames(path: str) -> int:
    """How many frames a video says that it has; 0 if it cannot be opened."""
    video = cv2.VideoCapture(path)
    return int(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0


def _cache() -> Path:
    folder = Path(tempfile.gettempdir()) / f"posegloss-benchmark-{getpass.getuser()}"
    folder.mkdir(exist_ok=True)
    return folder


def _render_long(path: Path) -> None:
    for count in range(1, len(LEXICON) + 1):
        performance = perform(Signer.random(2), list(LEXICON)[:count], take=0, seed=0, size=_LONG_SIZE)
        if performance.truth.duration >= _LONG_S:
            break
    write_video(performance, path)


def _spread(paths: list[str], most: int | None) -> list[str]:
    """At most so many, taken evenly."""
    count = min(most or len(paths), len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]
