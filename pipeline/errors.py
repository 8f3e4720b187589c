"""The errors that posegloss raises on purpose.

Each message says what happened to which file and what the reader can do about it. The command line prints the
message without a traceback; everything else that is raised is a bug of ours.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PoseglossError(Exception):
    """Base of all errors that posegloss raises on purpose."""


class VideoError(PoseglossError):
    """A video cannot be read at all: missing, not a video, or without a decodable frame."""


class InvalidFrameError(PoseglossError):
    """A picture or timestamp that a tracker was given is not one it can take."""


class InvalidSequenceError(PoseglossError):
    """Arrays that were given as a keypoint sequence do not have its shape or break its rules."""


class NoSignerError(PoseglossError):
    """A sequence shows both shoulders of a person in no frame, so it has no signer's frame of reference."""


class SettingsError(PoseglossError):
    """Settings that do not exist or do not go together."""


class WeightsError(PoseglossError):
    """A model file could not be obtained, or is not the file it should be."""


class StoreError(PoseglossError):
    """A keypoint store cannot be opened, read or written."""


class DiskFullError(StoreError):
    """The disk that holds the store is full. What was written before is whole."""


class WorkerDiedError(PoseglossError):
    """A worker process died (a signal, or out of memory) while it worked on a clip."""


class ClipTimeoutError(PoseglossError):
    """A clip took so much longer than its length allows that it was stopped."""


class OpenPoseError(PoseglossError):
    """The user's OpenPose cannot be run, failed, or did not answer for every picture."""


class ClusterError(PoseglossError):
    """A Ray cluster cannot be used, or no worker starts on it."""


@contextmanager
def told_as_store_error(path: Path) -> Iterator[None]:
    """Turn an operating system's error under a store's path into one that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"the disk that holds {path} is full; what was written before is whole. "
                "Free some space and run the same command again: it goes on where it was"
            ) from error
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
