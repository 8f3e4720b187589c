"""A signer performs signs: pictures, exact keypoints, and where each sign begins and ends."""

import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.camera import Camera
from posegloss.datasets.avatar.errors import AvatarSettingsError, UnknownGlossError
from posegloss.datasets.avatar.lexicon import LEXICON
from posegloss.datasets.avatar.motion import SignSpan, choreograph
from posegloss.datasets.avatar.occlusion import hidden
from posegloss.datasets.avatar.painter import Painter
from posegloss.datasets.avatar.rig import Joints, articulate
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.strips import Image
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import INDEX
from posegloss.pipeline.video_writer import write_video as open_writer

FRAME_RATE: Final = 25.0
SIZE: Final = (640, 480)
_HIPS: Final = [INDEX["left_hip"], INDEX["right_hip"]]


@dataclass(frozen=True, eq=False)
class Performance:
    """A synthetic clip of invented signs.

    Attributes:
        signer: who signs.
        glosses: what is signed.
        spans: where each sign is, in seconds from the clip's start.
        truth: the exact keypoints. Visibility is 1, or 0 for a point that is outside the frame or behind a hand or
            forearm. World landmarks are those of the body frame.
        frame_rate: frames a second.
        size: width and height in pixels.
    """

    signer: Signer
    glosses: tuple[str, ...]
    spans: tuple[SignSpan, ...]
    truth: KeypointSequence
    frame_rate: float
    size: tuple[int, int]
    _joints: Joints
    _effort: Array
    _camera: Camera
    _seed: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.truth)

    def frames(self) -> Iterator[Image]:
        """The pictures, (H, W, 3) uint8 RGB, drawn as they are asked for; the same on every call."""
        rng = np.random.default_rng([*self._seed, 1])
        yield from Painter(
            self.signer, self._joints, self._effort, self._camera, self.size, self.frame_rate, rng
        ).frames()


def perform(
    signer: Signer,
    glosses: Sequence[str],
    *,
    take: int,
    seed: int,
    frame_rate: float = FRAME_RATE,
    size: tuple[int, int] = SIZE,
    rest_s: float = 0.0,
) -> Performance:
    """Have a signer perform one sign or a sentence of signs, from rest to rest.

    The same arguments give the same performance.

    Args:
        signer: who signs.
        glosses: names from `LEXICON`.
        take: number of the repetition; a signer never does a sign twice in exactly the same way.
        seed: of the whole corpus.
        frame_rate: frames a second.
        size: width and height in pixels, both even (H.264 asks for that).
        rest_s: about so many seconds of rest before the first sign, beside the moment that there always is.

    Raises:
        UnknownGlossError: a gloss is not in the lexicon.
        AvatarSettingsError: there are no glosses, or frame rate or size make no video.
    """
    for gloss in glosses:
        if gloss not in LEXICON:
            raise UnknownGlossError(gloss, LEXICON)
    if not glosses:
        raise AvatarSettingsError("give at least one gloss to perform")
    if not 0 <= rest_s < 3600:
        raise AvatarSettingsError(f"cannot rest for {rest_s} seconds; choose a time below an hour")
    if frame_rate < 5 or min(size) < 64 or size[0] % 2 or size[1] % 2:
        raise AvatarSettingsError(
            f"cannot film {size[0]}x{size[1]} at {frame_rate} frames a second; "
            "width and height must be even and at least 64, the frame rate at least 5"
        )
    key = (seed, take, zlib.crc32(f"{signer.name}|{'|'.join(glosses)}".encode()))
    rng = np.random.default_rng([*key, 0])
    dance = choreograph(signer, glosses, frame_rate, rng, rest_s)
    joints = articulate(signer, dance, frame_rate, rng)
    camera = Camera.of(signer, size, rng)
    truth = _truth(signer, joints, camera, frame_rate, size)
    return Performance(signer, tuple(glosses), dance.spans, truth, frame_rate, size, joints, dance.effort, camera, key)


def _truth(
    signer: Signer, joints: Joints, camera: Camera, frame_rate: float, size: tuple[int, int]
) -> KeypointSequence:
    seen = camera.project(joints.points)
    keypoints = np.empty((*seen.shape[:2], 4), np.float32)
    keypoints[..., :2] = seen[..., :2] / size
    hips = seen[:, _HIPS, 2].mean(axis=1)[:, None]
    # Metres of depth become fractions of the width by the scale at the hips.
    keypoints[..., 2] = (seen[..., 2] - hips) * camera.focal / hips / size[0]
    inside = ((keypoints[..., :2] >= 0) & (keypoints[..., :2] < 1)).all(-1)
    keypoints[..., 3] = inside & ~hidden(signer, joints, seen, camera.focal)
    turned = joints.points @ camera.rotation.T
    world = turned - turned[:, _HIPS].mean(axis=1, keepdims=True)
    return KeypointSequence(
        keypoints,
        np.arange(len(keypoints)) / frame_rate,
        size,
        source=f"synthetic: {signer.name}",
        world=world.astype(np.float32),
    )


def write_video(performance: Performance, path: str | os.PathLike[str]) -> Path:
    """Write a performance as H.264 in an MP4 file; the file appears when it is whole.

    Args:
        performance: what to draw.
        path: of the file; its folder must exist.

    Raises:
        VideoError: the file cannot be written.
    """
    path = Path(path)
    comment = f"synthetic avatar, invented signs: {' '.join(performance.glosses)}"
    with open_writer(path, performance.size, performance.frame_rate, comment) as writer:
        for image, timestamp_s in zip(performance.frames(), performance.truth.timestamps, strict=True):
            writer.add(image, timestamp_s)
    return path
