"""KeypointSequence: what the tracker saw in one clip. The one currency of posegloss."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.errors import InvalidSequenceError
from posegloss.pipeline.skeleton import BLAZEPOSE33, KEYPOINT_NAMES, LAYOUTS

FloatArray = npt.NDArray[np.float32]

_MISSING: Final = (np.nan, np.nan, np.nan, 0)


def nobody(layout: str) -> FloatArray:
    """(K, 4) the keypoints of a frame without a person: all points of the layout are missing."""
    return np.full((len(LAYOUTS[layout]), 4), _MISSING, np.float32)


@dataclass(frozen=True, eq=False)
class KeypointSequence:
    """The keypoints of one person over the frames of one clip.

    Attributes:
        keypoints: (T, K, 4) float32, K the points of the layout (33 or 75): x, y, z, visibility. x and y are
            fractions of the frame's width and height (x right, y down; outside 0..1 where a point lies outside the
            frame), z is depth in units of x, smaller is nearer to the camera: the body's from the middle of the
            hips, a hand's from its own wrist; it is 0 where the source knows no depth. Visibility is a probability;
            of a hand's points it is that there is a hand. A frame in which no person was found is NaN in x, y and z,
            with visibility 0; so is a single point that is missing.
        timestamps: (T,) float64, seconds from the clip's start, strictly increasing.
        size: width and height of the frames in pixels, as displayed (after the rotation that metadata asks for).
        source: where the frames came from, for people to read.
        layout: the name of the points' order, one of ``skeleton.LAYOUTS``.
        world: (T, 33, 3) float32 in metres, origin at the middle of the hips, or None where it was not kept; of the
            body's points in every layout.
        warnings: what a reader should know about the clip ("truncated after 31 frames").

    Raises:
        InvalidSequenceError: a shape is wrong, timestamps do not increase, or a value is infinite.
    """

    keypoints: FloatArray
    timestamps: npt.NDArray[np.float64]
    size: tuple[int, int]
    source: str = ""
    layout: str = BLAZEPOSE33
    world: FloatArray | None = None
    warnings: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise InvalidSequenceError(f"there is no layout {self.layout!r}; there are: {', '.join(LAYOUTS)}")
        points = len(LAYOUTS[self.layout])
        keypoints = np.array(self.keypoints, np.float32)
        timestamps = np.array(self.timestamps, np.float64)
        if keypoints.ndim != 3 or keypoints.shape[1:] != (points, 4):
            raise InvalidSequenceError(f"keypoints have shape {keypoints.shape}, not (frames, {points}, 4)")
        if timestamps.shape != keypoints.shape[:1]:
            raise InvalidSequenceError(f"{len(keypoints)} frames but timestamps of shape {timestamps.shape}")
        if not np.isfinite(timestamps).all() or (np.diff(timestamps) <= 0).any():
            raise InvalidSequenceError("timestamps must be finite and strictly increasing")
        if np.isinf(keypoints).any():
            raise InvalidSequenceError("keypoints hold an infinite value; a missing point is NaN")
        if len(self.size) != 2 or min(self.size) <= 0:
            raise InvalidSequenceError(f"frame size {self.size} is not a width and a height in pixels")
        missing = np.isnan(keypoints).any(axis=-1)
        keypoints[missing] = _MISSING
        self._set("keypoints", keypoints)
        self._set("timestamps", timestamps)
        object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))
        object.__setattr__(self, "warnings", tuple(self.warnings))
        if self.world is not None:
            world = np.array(self.world, np.float32)
            body = len(KEYPOINT_NAMES)
            if world.shape != (len(keypoints), body, 3):
                raise InvalidSequenceError(f"world landmarks have shape {world.shape}, not (frames, {body}, 3)")
            self._set("world", world)

    def _set(self, name: str, array: npt.NDArray[np.generic]) -> None:
        array.setflags(write=False)
        object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.keypoints)

    def __getitem__(self, frames: slice) -> "KeypointSequence":
        """The frames of a slice, with the timestamps they have here."""
        world = None if self.world is None else self.world[frames]
        return replace(self, keypoints=self.keypoints[frames], timestamps=self.timestamps[frames], world=world)

    @property
    def visibility(self) -> FloatArray:
        """(T, K) probability that a point is in frame and not occluded."""
        return self.keypoints[..., 3]

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """(T,) whether a person was found in the frame."""
        return np.asarray(np.isfinite(self.keypoints[..., 0]).any(axis=1))

    @property
    def frame_rate(self) -> float | None:
        """Frames a second, from the median distance of the timestamps; None for fewer than two frames."""
        return None if len(self) < 2 else float(1 / np.median(np.diff(self.timestamps)))

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last."""
        if len(self) < 2:
            return 0.0
        return float(self.timestamps[-1] - self.timestamps[0] + np.median(np.diff(self.timestamps)))

    def pixels(self) -> FloatArray:
        """(T, K, 3) x, y and z in pixels of the frame: equal units in every direction."""
        width, height = self.size
        return self.keypoints[..., :3] * np.array([width, height, width], np.float32)

    def without_low_visibility(self, threshold: float) -> "KeypointSequence":
        """The same sequence with the points whose visibility is below the threshold missing (NaN)."""
        keypoints = self.keypoints.copy()
        keypoints[self.visibility < threshold] = np.nan
        return replace(self, keypoints=keypoints)
