"""What a file of landmarks often does not say: its frame rate and the size of its frames."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.skeleton import BLAZEPOSE33, LAYOUTS

ASSUMED_RATE: Final = 30.0
ASSUMED_SIZE: Final = (640, 480)
"""Of a webcam, which most recordings that do not say were made with."""
MAX_FRAMES: Final = 1_000_000
"""Ten hours at 25 frames a second. More is a damaged or hostile number: a million frames are half a gigabyte."""

_COMMON_SIZES: Final = (
    *((320, 240), (640, 360), (640, 480), (720, 576), (800, 600), (1280, 720)),
    *((1920, 1080), (2560, 1440), (3840, 2160), (7680, 4320)),
)


@dataclass(frozen=True)
class ReadOptions:
    """What the person who reads a file knows better than the file.

    Attributes:
        frame_rate: frames a second; what the file says unless given, else assumed with a warning.
        size: width and height of the frames in pixels; what the file says unless given, else guessed with a warning.
        layout: the points to read: "blazepose33", or "holistic75" with the hands, where the file has them.

    Raises:
        FormatError: a value is no frame rate, no size or no layout.
    """

    frame_rate: float | None = None
    size: tuple[int, int] | None = None
    layout: str = BLAZEPOSE33

    def __post_init__(self) -> None:
        if self.frame_rate is not None and not (math.isfinite(self.frame_rate) and 0 < self.frame_rate <= 100_000):
            raise FormatError(f"{self.frame_rate:g} is no frame rate; give frames a second, 25 for instance")
        if self.size is not None and not all(0 < side <= 100_000 for side in self.size):
            raise FormatError(f"{self.size[0]}x{self.size[1]} is no frame size; give width x height in pixels")
        if self.layout not in LAYOUTS:
            raise FormatError(f"there is no layout {self.layout!r}; choose one of {', '.join(LAYOUTS)}")


@dataclass
class Reading:
    """What is settled while a file is read: its frame rate and size, and what the reader should be told.

    Attributes:
        options: what was given.
        warnings: for the sequence.
    """

    options: ReadOptions
    warnings: list[str] = field(default_factory=list)

    def rate(self, told: float | None = None) -> float:
        """Frames a second: as given, else as the file tells, else assumed."""
        if self.options.frame_rate is not None:
            return self.options.frame_rate
        if told is not None and math.isfinite(told) and 0 < told <= 100_000:
            return told
        self.warnings.append(f"{ASSUMED_RATE:g} frames a second are assumed: the file does not say")
        return ASSUMED_RATE

    def size(
        self, told: tuple[int, int] | None = None, pixels: npt.NDArray[np.float32] | None = None
    ) -> tuple[int, int]:
        """Width and height: as given, else as the file tells, else the smallest usual one that holds all points.

        Args:
            told: by the file; a zero is nothing told.
            pixels: (..., 2) x and y in pixels, NaN where missing; None where coordinates are fractions of the frame.
        """
        if self.options.size is not None:
            return self.options.size
        if told is not None and min(told) > 0 and max(told) <= 100_000:
            return told
        guessed = ASSUMED_SIZE if pixels is None else guess_size(pixels)
        self.warnings.append(f"a frame size of {guessed[0]} x {guessed[1]} is assumed: the file does not say")
        return guessed


def guess_size(pixels: npt.NDArray[np.float32]) -> tuple[int, int]:
    """The smallest usual frame size, upright or not, that holds nearly all of some points.

    Args:
        pixels: (..., 2) x and y, NaN where missing.
    """
    seen = pixels.reshape(-1, 2)
    seen = seen[np.isfinite(seen).all(axis=1)]
    if not len(seen):
        return ASSUMED_SIZE
    # A few joints lie outside of any frame.
    right, bottom = np.quantile(seen, 0.995, axis=0)
    sizes = sorted({*_COMMON_SIZES, *((h, w) for w, h in _COMMON_SIZES)}, key=lambda size: (size[0] * size[1], size[1]))
    fitting = (size for size in sizes if right <= size[0] and bottom <= size[1])
    return next(fitting, (math.ceil(min(right, 100_000)), math.ceil(min(bottom, 100_000))))


def check_frames(count: int, path: object) -> None:
    """Refuse a number of frames that nobody filmed.

    Raises:
        FormatError: there are too many, or none.
    """
    if count > MAX_FRAMES:
        raise FormatError(f"{path} claims {count} frames, more than {MAX_FRAMES}; split it if that is true")
    if count < 1:
        raise FormatError(f"{path} has no frames")


def times_of(numbers: Sequence[int], rate: float) -> npt.NDArray[np.float64]:
    """(T,) seconds of frames with increasing numbers; the first is at 0."""
    first = numbers[0]
    return np.array([number - first for number in numbers], np.float64) / rate
