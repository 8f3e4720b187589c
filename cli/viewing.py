"""Clips given by path, as sequences: videos through a tracker, landmarks as they are."""

import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Self

from posegloss.cli.console import fetch_weights, status

if TYPE_CHECKING:
    from posegloss.classifiers.predict import GlossRecogniser
    from posegloss.pipeline.formats import ReadOptions
    from posegloss.pipeline.pose import PoseBackend
    from posegloss.pipeline.sequence import KeypointSequence


class Viewer:
    """Reads clips; the tracker is opened for the first video, with a spinner while it looks.

    Args:
        recogniser: videos are extracted as those were that it was trained on.
        options: what is known better than landmarks say.
    """

    def __init__(self, recogniser: "GlossRecogniser", options: "ReadOptions") -> None:
        self._recogniser, self._options = recogniser, options
        self._threads = os.cpu_count() or 1
        self._stack = ExitStack()
        self._tracker: PoseBackend | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def read(self, path: Path, clip_id: str | None = None) -> "KeypointSequence":
        """A clip; of landmarks that hold several, the one of this id.

        Raises:
            VideoError: a video cannot be read.
            FormatError: landmarks cannot be read.
            WeightsError: the tracker's weights cannot be had.
        """
        from posegloss.pipeline.clip_source import ClipSource
        from posegloss.pipeline.extract import extract_clip
        from posegloss.pipeline.formats import is_landmarks, read_sequence

        if is_landmarks(path):
            with status(f"looking at {path.name}"):
                return read_sequence(path, self._options, clip_id=clip_id)
        # Not before: beside an exported model the network may be missing, which landmarks do not take.
        settings = self._recogniser.extraction
        if self._tracker is None:
            fetch_weights(settings.weights)
            self._tracker = self._stack.enter_context(closing(settings.open_backend(self._threads)))
        with status(f"looking at {path.name}"):
            return extract_clip(ClipSource(str(path), path), settings, self._tracker, self._threads)
