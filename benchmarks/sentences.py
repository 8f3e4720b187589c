"""Avatar recordings with known signs, as the tracker sees them: sentences, rest, signs that no model knows."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.datasets.avatar import LEXICON, Signer, perform, write_video
from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.video import VideoSource

# No corpus of the demo or of the tests has them: those count up from 0, and the demo's stranger is 1000.
FIRST_SIGNER: Final = 300
SIGNS: Final = 5
_SEED: Final = 11


@dataclass(frozen=True)
class Tracked:
    """What a tracker saw of a video, frame by frame.

    Attributes:
        keypoints: of each frame, None where it shows nobody.
        timestamps: seconds.
        size: of the frames in pixels.
        tracker_s: seconds that the tracker took for each frame.
    """

    keypoints: Sequence[FloatArray | None]
    timestamps: Sequence[float]
    size: tuple[int, int]
    tracker_s: Sequence[float]


@dataclass(frozen=True)
class Recording:
    """A recording and its true signs."""

    tracked: Tracked
    signs: tuple[GlossSpan, ...]


def sentences(glosses: Sequence[str], signers: int, frame_rate: float, tracker: PoseBackend) -> Iterator[Recording]:
    """A sentence of five of the glosses by each of so many signers."""
    for signer in range(FIRST_SIGNER, FIRST_SIGNER + signers):
        rng = np.random.default_rng([_SEED, signer])
        words = [glosses[i] for i in rng.permutation(len(glosses))[:SIGNS]]
        yield _record(signer, words, frame_rate, 0.0, tracker)


def rests(glosses: Sequence[str], signers: int, seconds: float, tracker: PoseBackend) -> Iterator[Recording]:
    """So many seconds at rest and then a sign, by each of so many signers."""
    for signer in range(FIRST_SIGNER, FIRST_SIGNER + signers):
        yield _record(signer, [glosses[signer % len(glosses)]], 25.0, seconds, tracker)


def strangers_signs(glosses: Sequence[str], signers: int, tracker: PoseBackend) -> Iterator[Recording]:
    """Single signs that are none of the glosses, by each of so many signers."""
    unknown = [gloss for gloss in LEXICON if gloss not in glosses]
    for signer in range(FIRST_SIGNER, FIRST_SIGNER + signers):
        for gloss in unknown:
            yield _record(signer, [gloss], 25.0, 0.0, tracker)


def track(video: Path, tracker: PoseBackend) -> Tracked:
    """Follow the person in a video."""
    tracker.reset()
    keypoints, timestamps, taken = [], [], []
    with VideoSource(video, threads=2) as source:
        for frame in source:
            started = time.perf_counter()
            pose = tracker.update(frame.image, frame.timestamp_s)
            taken.append(time.perf_counter() - started)
            keypoints.append(None if pose is None else pose.keypoints)
            timestamps.append(frame.timestamp_s)
        return Tracked(keypoints, timestamps, source.size, taken)


def _record(signer: int, words: Sequence[str], frame_rate: float, rest_s: float, tracker: PoseBackend) -> Recording:
    performance = perform(Signer.random(signer), words, take=0, seed=_SEED, frame_rate=frame_rate, rest_s=rest_s)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "recording.mp4"
        write_video(performance, video)
        tracked = track(video, tracker)
    return Recording(tracked, tuple(GlossSpan(span.gloss, span.start_s, span.end_s) for span in performance.spans))
