"""What a worker process does: it loads the networks once and extracts one clip after the other.

Apart from the corpus run, so that a worker imports neither pandas nor pyarrow.
"""

import stat
import time
from collections import deque
from dataclasses import dataclass

import cv2

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import StoreError, VideoError
from posegloss.pipeline.extract import ExtractionSettings, extract_spans
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.running.worker_process import Opened, Progress, Tell
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.storing.provenance import Origin, Verdict, settle

_backend: PoseBackend
_settings: ExtractionSettings
_threads: int
_pass: "_Pass | None" = None
_last_read: tuple[object, Origin] | None = None


@dataclass(frozen=True)
class Job:
    """A clip to extract.

    Attributes:
        source: the clip.
        doubt: the file that the store's clip of that id was made of, if only the contents can tell whether it is still
            the same.
        stored: the store has a clip of that id, whose place this one takes.
        later: clips that follow in the same pass over the video (``passes.py``); where they are asked for next, the
            pass goes on.
        of_pass: the id of the first clip of that pass.
    """

    source: ClipSource
    doubt: Origin | None = None
    stored: bool = False
    later: tuple[ClipSource, ...] = ()
    of_pass: str = ""


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


def pass_of(job: Job) -> str:
    """What jobs have in common that one worker does in one pass over a video."""
    return job.of_pass or job.source.clip_id


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
    global _pass
    if _pass is not None and not _pass.goes_on_with(source):
        _pass.close()
        _pass = None
    running, _pass = _pass or _Pass(source, *job.later), None
    try:
        result, origin = running.extract(tell)
    except BaseException:
        running.close()
        raise
    if running.is_over:
        running.close()
    else:
        _pass = running
    if isinstance(result, VideoError):
        raise result
    return Extracted(origin, result, time.monotonic() - began)


class _Pass:
    """A pass over a video that is under way: what it gives next is the clip after the last."""

    def __init__(self, *sources: ClipSource) -> None:
        self._left, self._first = deque(sources), sources[0]
        self._stamp = _stamp(sources[0])
        self._origin = Origin(str(sources[0].path))
        self._frames = self._frames_before = 0
        self._tell: Tell
        self._spans = extract_spans(
            sources, _settings, _backend, _threads, on_open=self._opened, on_frame=self._progressed
        )

    @property
    def is_over(self) -> bool:
        return not self._left

    def close(self) -> None:
        """Close the video: as the generator calls back, nobody else would for long."""
        self._spans.close()

    def goes_on_with(self, source: ClipSource) -> bool:
        return bool(self._left) and self._left[0] == source

    def extract(self, tell: Tell) -> tuple[KeypointSequence | VideoError, Origin]:
        self._tell, self._frames_before = tell, self._frames
        source = self._left.popleft()
        if source is not self._first:
            tell(Opened(_length_s(source)))
        result = next(self._spans)
        if _stamp(source) != self._stamp:
            raise VideoError(f"{source.path} was written while it was read; run the same command again")
        return result, self._origin

    def _opened(self, length_s: float | None) -> None:
        # Hashing a long recording takes its time, which is none of the span's: until it is done, silence alone counts.
        self._tell(Opened(None))
        self._origin = _origin(self._first, self._tell)
        own_s = _length_s(self._first)
        self._tell(Opened(length_s if own_s is None else own_s, self._first.start_s or 0.0))

    def _progressed(self, frames: int) -> None:
        self._frames = frames
        self._tell(Progress(frames - self._frames_before))


def _length_s(source: ClipSource) -> float | None:
    return None if source.end_s is None else source.end_s - (source.start_s or 0.0)


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
