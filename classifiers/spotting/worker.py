"""What a worker process does: it loads the model once and annotates one video after the other."""

import errno
import os
from collections.abc import Iterator, MutableSequence, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import cv2
import numpy as np

from posegloss.classifiers.spotting import annotations, markers
from posegloss.classifiers.spotting.markers import Making, Marker
from posegloss.classifiers.spotting.model import SpottingModel
from posegloss.classifiers.spotting.outcome import InFlight
from posegloss.classifiers.spotting.spotted import spot_signs
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
from posegloss.pipeline.errors import PoseglossError, VideoError, told_as_store_error
from posegloss.pipeline.files import whole_file, write_whole
from posegloss.pipeline.pose import FloatArray, Pose, PoseBackend
from posegloss.pipeline.render import Caption, render_frames
from posegloss.pipeline.running.worker_process import Opened, Progress, Tell
from posegloss.pipeline.sequence import nobody
from posegloss.pipeline.skeleton import LAYOUTS, Layout

_SYNTHETIC: Final = "the model was trained on a synthetic avatar; these are no signs of a real language"
CELLS: Final = 4
"""What every job tells of itself: whether its video is open (1), how many seconds that is long (0 if unknown), how many
of them are done, and whether they are drawn (1) or looked at (0)."""

_recogniser: StreamingRecogniser
_tracker: PoseBackend
_threads: int
_told: MutableSequence[float]


@dataclass(frozen=True)
class Job:
    """A video to annotate.

    Attributes:
        number: of the job, from 0 on.
        named: the video's path as it was named.
        video: its absolute path.
        out: the folder of the results.
        name: of the results, without a suffix.
        making: what they are made of, the video aside.
        render: a video is wanted, too.
    """

    number: int
    named: Path
    video: Path
    out: Path
    name: str
    making: Making
    render: bool


def in_flight(job: Job, told: Sequence[float]) -> InFlight | None:
    """How a job gets on, by the cells of all jobs; None if its video was not opened yet."""
    opened, length_s, done_s, drawing = told[job.number * CELLS :][:CELLS]
    return InFlight(job.named, length_s or None, done_s, bool(drawing)) if opened else None


def start(model: SpottingModel, threshold: float | None, threads: int, told: MutableSequence[float]) -> None:
    """Load the model and the networks of this process.

    Args:
        model: what recognises the signs.
        threshold: in the place of the model's own.
        threads: of everything that has threads.
        told: shared with the parent, ``CELLS`` for each job.

    Raises:
        PoseglossError: the model or the weights cannot be had.
    """
    global _recogniser, _tracker, _threads, _told
    _threads, _told = threads, told
    cv2.setNumThreads(threads)
    # TensorFlow reads them when it is first used; else every process would take all processors.
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))
    # Of a video that is there as a whole, nobody needs guesses of what a sign may become.
    _recogniser = StreamingRecogniser(model.load(), guess=False)
    if threshold is not None:
        _recogniser.threshold = threshold
    _tracker = model.extraction.open_backend(threads)


def work(job: Job, tell: Tell) -> Marker:
    """Annotate a video; its files appear when all are whole, the marker last.

    Raises:
        VideoError: the video cannot be read at all, or was written while it was read.
        NoSignerError: nobody was found in it.
        FormatError: where its ELAN file belongs is something else.
        StoreError: the results cannot be written.
    """
    with _full_disk_told(job.out):
        return _Annotating(job, tell).run()


class _Annotating:
    """A video that is being annotated."""

    def __init__(self, job: Job, tell: Tell) -> None:
        self._job, self._tell = job, tell
        self._layout: Layout = LAYOUTS[_recogniser.recogniser.classifier.preprocessing.layout]
        self._frames = 0

    def run(self) -> Marker:
        job, synthetic = self._job, _recogniser.recogniser.synthetic
        # Told before hours of work.
        annotations.eaf_to_go_on_with(self._place(markers.ELAN))
        making = job.making.of_file(job.video)
        with ExitStack() as stack:
            seen: IO[bytes] | None = stack.enter_context(TemporaryFile(dir=job.out)) if job.render else None
            spotted = spot_signs(
                job.video,
                _recogniser,
                _tracker,
                _threads,
                on_open=self._opened,
                on_frame=partial(self._looked, seen),
            )
            shown = annotations.shown(spotted.signs, making.unsure)
            marker = Marker(str(job.video), asdict(making), job.render, markers.summary_of(spotted, synthetic))
            # They appear in the opposite order, once all are written.
            parts = {
                suffix: stack.enter_context(whole_file(self._place(suffix)))
                for suffix in (markers.MARKER, markers.TABLE, markers.SUBTITLES, markers.ELAN)
            }
            if seen:
                self._draw(
                    seen, annotations.captions(shown), stack.enter_context(whole_file(self._place(markers.VIDEO)))
                )
            annotations.write_table(parts[markers.TABLE], spotted)
            annotations.write_subtitles(parts[markers.SUBTITLES], shown, _SYNTHETIC if synthetic else "")
            parts[markers.ELAN].unlink()
            before = annotations.eaf_to_go_on_with(self._place(markers.ELAN))
            annotations.write_elan(parts[markers.ELAN], before, job.video, shown)
            parts[markers.MARKER].write_text(marker.text, "utf-8")
            if job.making.of_file(job.video) != making:
                raise VideoError(f"{job.video} was written while it was read; run the same command again")
            # While some of the files are new and others are those of a run before, they are not finished.
            write_whole(self._place(markers.MARKER), Marker(str(job.video)).text)
        return marker

    def _place(self, suffix: str) -> Path:
        return self._job.out / f"{self._job.name}{suffix}"

    def _opened(self, length_s: float | None) -> None:
        self._tell(Opened(length_s))
        self._show(1.0, length_s or 0.0, 0.0, 0.0)

    def _looked(self, seen: IO[bytes] | None, time_s: float, pose: Pose | None) -> None:
        if seen:
            seen.write(_row(pose, self._layout).tobytes())
        self._progressed(time_s)

    def _draw(self, seen: IO[bytes], captions: list[Caption], out: Path) -> None:
        """The video a second time: only now is known what the signs were."""
        self._show(None, None, 0.0, 1.0)
        seen.seek(0)
        for time_s in render_frames(
            self._job.video, _rows(seen, self._layout), out, layout=self._layout, captions=captions
        ):
            self._progressed(time_s)

    def _progressed(self, time_s: float) -> None:
        self._frames += 1
        self._tell(Progress(self._frames))
        self._show(None, None, time_s)

    def _show(self, *values: float | None) -> None:
        for place, value in enumerate(values, self._job.number * CELLS):
            if value is not None:
                _told[place] = value


def _row(pose: Pose | None, layout: Layout) -> FloatArray:
    return nobody(layout.name) if pose is None else pose.keypoints.astype(np.float32)


def _rows(file: IO[bytes], layout: Layout) -> Iterator[FloatArray]:
    """The keypoints of frame after frame from a file: those of an hour do not belong in memory."""
    shape = len(layout), 4
    while row := file.read(np.dtype(np.float32).itemsize * shape[0] * shape[1]):
        yield np.frombuffer(row, np.float32).reshape(shape)


@contextmanager
def _full_disk_told(out: Path) -> Iterator[None]:
    """A full disk is no video's fault, whatever could not be written."""
    with told_as_store_error(out):
        try:
            yield
        except PoseglossError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
                raise cause from error
            raise
