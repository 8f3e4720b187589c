"""The same clip as another camera, another place or a worse tracker would have given it.

All of them change sequences as the tracker gives them, before any preprocessing, so that what is measured on them is
what a user would meet.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from posegloss.classifiers.preprocessing import resample
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import HAND_NAMES, LAYOUTS

Change = Callable[[KeypointSequence], KeypointSequence]
_BODY_HAND: Final = ("wrist", "pinky", "index", "thumb")


@dataclass(frozen=True)
class Perturbation:
    """One change.

    Attributes:
        kind: what it is about.
        name: what is different.
        apply: from a sequence to the changed one.
    """

    kind: str
    name: str
    apply: Change


def at_rate(sequence: KeypointSequence, rate_hz: float) -> KeypointSequence:
    """As a camera of another frame rate sees it: linear in time between frames, missing beside a missing sight."""
    if not len(sequence):
        return sequence
    points = resample(sequence.keypoints, sequence.timestamps, rate_hz, np.inf, np.inf)
    times = sequence.timestamps[0] + np.arange(len(points)) / rate_hz
    return replace(sequence, keypoints=points, timestamps=times, world=None)


def nearer(sequence: KeypointSequence, factor: float) -> KeypointSequence:
    """So many times as large around the middle of the picture. What leaves the picture stays known."""
    return _moved(sequence, factor, (0.5 - factor * 0.5, 0.5 - factor * 0.5))


def shifted(sequence: KeypointSequence, across: float, down: float) -> KeypointSequence:
    """Elsewhere in the picture, in parts of its width and height. What leaves the picture stays known."""
    return _moved(sequence, 1.0, (across, down))


def mirrored_camera(sequence: KeypointSequence) -> KeypointSequence:
    """As a mirrored picture comes through the tracker: right is left, and the right hand is called the left."""
    order = LAYOUTS[sequence.layout].mirror
    keypoints = sequence.keypoints[:, order].copy()
    keypoints[..., 0] = 1 - keypoints[..., 0]
    return replace(sequence, keypoints=keypoints, world=None)


def without_hands(sequence: KeypointSequence, *sides: str) -> KeypointSequence:
    """Hands and their wrists are seen in no frame.

    Args:
        sequence: the clip.
        sides: "left", "right", or both.
    """
    index = LAYOUTS[sequence.layout].index
    names = [f"{side}_{part}" for side in sides for part in (*_BODY_HAND, *(f"hand_{name}" for name in HAND_NAMES))]
    keypoints = sequence.keypoints.copy()
    keypoints[:, [index[name] for name in names if name in index]] = np.nan
    return replace(sequence, keypoints=keypoints)


def without_points(sequence: KeypointSequence, part: float) -> KeypointSequence:
    """This part of all sights of points is missing, at random with a fixed seed."""
    keypoints = sequence.keypoints.copy()
    keypoints[np.random.default_rng(0).random(keypoints.shape[:2]) < part] = np.nan
    return replace(sequence, keypoints=keypoints)


def without_frames(sequence: KeypointSequence, part: float) -> KeypointSequence:
    """The person is not found in this part of the frames, at random with a fixed seed."""
    keypoints = sequence.keypoints.copy()
    keypoints[np.random.default_rng(0).random(len(keypoints)) < part] = np.nan
    return replace(sequence, keypoints=keypoints)


def _moved(sequence: KeypointSequence, factor: float, offset: tuple[float, float]) -> KeypointSequence:
    scale, shift = np.array([factor, factor, factor, 1], np.float32), np.array([*offset, 0, 0], np.float32)
    return replace(sequence, keypoints=sequence.keypoints * scale + shift, world=None)


PERTURBATIONS: Final = (
    *(
        Perturbation("frame rate", f"{rate} frames a second", partial(at_rate, rate_hz=rate))
        for rate in (10, 15, 25, 60)
    ),
    Perturbation("distance", "at half the distance", partial(nearer, factor=2.0)),
    Perturbation("distance", "at double the distance", partial(nearer, factor=0.5)),
    Perturbation("place", "a quarter of the picture to the side", partial(shifted, across=0.25, down=0.0)),
    Perturbation("camera", "mirrored", mirrored_camera),
    Perturbation("hands", "left hand never seen", lambda sequence: without_hands(sequence, "left")),
    Perturbation("hands", "right hand never seen", lambda sequence: without_hands(sequence, "right")),
    Perturbation("hands", "neither hand ever seen", lambda sequence: without_hands(sequence, "left", "right")),
    Perturbation("sight", "a fifth of the points missing", partial(without_points, part=0.2)),
    Perturbation("sight", "nobody found in a fifth of the frames", partial(without_frames, part=0.2)),
)
"""What a table of behaviour shows."""
