"""What a worker process does: it loads the networks once and extracts one clip after the other.

Apart from the corpus run, so that a worker imports neither pandas nor pyarrow.
"""

import stat
import time
from dataclasses import dataclass

import cv2

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import StoreError, VideoError
from posegloss.pipeline.extract import ExtractionSettings, extract_clip
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.provenance import Origin, Verdict, settle
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.worker_process import Opened, Progress, Tell

_backend: PoseBackend
_settings: ExtractionSettings
_threads: int
_last_read: tuple[object, Origin] | None = None


@dataclass(frozen=True)
class Job:
    """A clip to extract.

    Attributes:
        source: the clip.
        doubt: the file that the store's clip of that id was made of, if only the contents can tell whether it is still
            the same.
    """

    source: ClipSource
    doubt: Origin | None = None


@dataclass(frozen=True)
class Extracted:
    """What a job gave.

    Attributes:
        origin: the clip's file.
        sequence: what the tracker saw; None if the file is the one that the store's clip was made of.
        seconds: how long the job took.
    """

    origin: Origin
    sequence: KeypointSequence | None
    seconds: float


def start(settings: ExtractionSettings, threads: int) -> None:
    """Load the networks of this process.

    Raises:
        WeightsError: the weights cannot be had.
    """
    global _backend, _settings, _threads
    cv2.setNumThreads(threads)
    _backend, _settings, _threads = settings.open_backend(threads), settings, threads


def work(job: Job, tell: Tell) -> Extracted:
    """Extract one clip, unless that turns out to be needless.

    Raises:
        VideoError: the video cannot be read at all, or was written while it was read.
        StoreError: the store's clip of that id was made of another file.
    """
    began = time.monotonic()
    source = job.source
    if job.doubt:
        tell(Opened(None))
        now = _origin(source, tell)
        verdict = settle(job.doubt, now)
        if verdict is Verdict.STRANGER:
            raise StoreError(stranger_reason(job.doubt))
        if verdict is Verdict.THERE:
            return Extracted(now, None, time.monotonic() - began)
    before = _stamp(source)
    origin = Origin(str(source.path))

    def opened(length_s: float | None) -> None:
        nonlocal origin
        tell(Opened(length_s, source.start_s or 0.0))
        # Not earlier: before the header is read, there is but little time.
        origin = _origin(source, tell)

    sequence = extract_clip(
        source, _settings, _backend, _threads, on_open=opened, on_frame=lambda count: tell(Progress(count))
    )
    if _stamp(source) != before:
        raise VideoError(f"{source.path} was written while it was read; run the same command again")
    return Extracted(origin, sequence, time.monotonic() - began)


def stranger_reason(before: Origin) -> str:
    """Why a clip is refused whose id the store has from another file."""
    return f"the store has {before.source} by this name; extract it into another store"


def _stamp(source: ClipSource) -> tuple[int, int] | None:
    try:
        status = source.path.stat()
    except OSError:
        return None  # the video's reader says why
    # A pipe is written while it is read.
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _origin(source: ClipSource, tell: Tell) -> Origin:
    global _last_read
    seen = source.path, _stamp(source)
    # The spans of a long video come one after the other.
    if _last_read is None or _last_read[0] != seen:
        try:
            _last_read = seen, Origin.of(source.path, lambda: tell(Progress(0)))
        except OSError as error:
            raise VideoError(f"{source.path} cannot be read: {error.strerror or error}") from error
    return _last_read[1]
