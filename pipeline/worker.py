"""What a worker process does: it loads the networks once and extracts one clip after the other.

Apart from the corpus run, so that a worker imports neither pandas nor pyarrow.
"""

import cv2

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.extract import ExtractionSettings, extract_clip
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.sequence import KeypointSequence

_backend: PoseBackend
_settings: ExtractionSettings
_threads: int


def start(settings: ExtractionSettings, threads: int) -> None:
    """Load the networks of this process.

    Raises:
        WeightsError: the weights cannot be had.
    """
    global _backend, _settings, _threads
    cv2.setNumThreads(threads)
    _backend, _settings, _threads = settings.open_backend(threads), settings, threads


def work(source: ClipSource) -> KeypointSequence:
    """Extract one clip.

    Raises:
        VideoError: the video cannot be read at all.
    """
    return extract_clip(source, _settings, _backend, _threads)
