"""The face of posegloss: the names that a user needs, loaded when they are first used.

    import posegloss as pg

    sequence = pg.extract("clip.mp4")
    sequence.keypoints  # (T, 33, 4) float32: x, y, z, visibility

Importing this module imports nothing heavy: a worker that only extracts never loads TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "GlossRecogniser": "posegloss.classifiers.predict",
    "KeypointSequence": "posegloss.pipeline.sequence",
    "KeypointStore": "posegloss.pipeline.store",
    "Pose": "posegloss.pipeline.pose",
    "PoseTracker": "posegloss.pipeline.tracker",
    "PoseglossError": "posegloss.pipeline.errors",
    "StreamingRecogniser": "posegloss.classifiers.streaming.recogniser",
    "VideoSource": "posegloss.pipeline.video",
    "extract": "posegloss.pipeline.extract",
    "normalize": "posegloss.pipeline.normalize",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from posegloss.classifiers.predict import GlossRecogniser
    from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
    from posegloss.pipeline.errors import PoseglossError
    from posegloss.pipeline.extract import extract
    from posegloss.pipeline.normalize import normalize
    from posegloss.pipeline.pose import Pose
    from posegloss.pipeline.sequence import KeypointSequence
    from posegloss.pipeline.store import KeypointStore
    from posegloss.pipeline.tracker import PoseTracker
    from posegloss.pipeline.video import VideoSource


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'posegloss' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
