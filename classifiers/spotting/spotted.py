"""One video in, the signs in it out, in memory that does not grow with its length."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from posegloss.classifiers.streaming.events import SignEnded, StreamEvent
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
from posegloss.pipeline.ahead import read_ahead
from posegloss.pipeline.crowd import Crowd
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.pose import Pose, PoseBackend
from posegloss.pipeline.video import VideoSource


@dataclass(frozen=True)
class SpottedVideo:
    """What is signed in a video.

    Attributes:
        path: of the video.
        signs: in order; those that are not sure among them.
        seconds: from the first frame to the last.
        frames: how many were read.
        frames_with_person: in how many of them a person was found.
        warnings: what a reader should know about the video.
    """

    path: Path
    signs: tuple[SignEnded, ...]
    seconds: float
    frames: int
    frames_with_person: int
    warnings: tuple[str, ...]


def spot_signs(
    path: Path,
    recogniser: StreamingRecogniser,
    tracker: PoseBackend,
    threads: int = 1,
    *,
    on_open: Callable[[float | None], None] | None = None,
    on_frame: Callable[[float, Pose | None], None] | None = None,
) -> SpottedVideo:
    """Spot the signs in a video; no frame is kept, and no keypoints but those of the sign that goes on.

    Args:
        path: a file that FFmpeg reads.
        recogniser: may have seen others before.
        tracker: of the settings that the recogniser's model was trained with; may have seen others before.
        threads: of the decoder.
        on_open: is told how many seconds long the video claims to be, None where it does not say.
        on_frame: is told the time of every frame in seconds, and who was found in it.

    Raises:
        VideoError: the video cannot be read at all.
        NoSignerError: nobody was found in it.
    """
    signs: list[SignEnded] = []
    frames = with_person = 0
    seconds, crowd = 0.0, Crowd()
    # Whatever ended the last video, this is another.
    recogniser.reset()
    tracker.reset()
    with (
        VideoSource(path, threads=threads) as video,
        # A second thread for decoding only where the processors are not all at work on other videos.
        closing(read_ahead(video) if threads > 1 else iter(video)) as images,
    ):
        if on_open:
            on_open(video.duration_s)
        for frame in images:
            frames += 1
            seconds = frame.timestamp_s
            pose = tracker.update(frame.image, seconds)
            signs += _ended(recogniser.push(None if pose is None else pose.keypoints, seconds, video.size))
            with_person += pose is not None
            crowd.add(pose, seconds)
            if on_frame:
                on_frame(seconds, pose)
        signs += _ended(recogniser.finish())
        warnings = (*video.warnings, *crowd.warnings)
    if not with_person:
        raise NoSignerError(f"{path}: no person was found in any of its {frames} frames")
    return SpottedVideo(path, tuple(signs), seconds, frames, with_person, warnings)


def _ended(events: list[StreamEvent]) -> Iterator[SignEnded]:
    return (event for event in events if isinstance(event, SignEnded))
