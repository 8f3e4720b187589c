"""A clip as a row of skeletons, as paths that an SVG can draw."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from posegloss.classifiers.input_points import input_points_of
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import SIDES

# The part of the signer's frame of reference that a picture shows, in shoulder widths.
_LEFT, _TOP, _WIDTH, _HEIGHT = -1.7, -1.6, 3.4, 3.4
_SCALE: Final = 30


@dataclass(frozen=True)
class Pose:
    """One skeleton.

    Attributes:
        x: where its picture starts in the strip.
        body: SVG path of the bones but those of the hands.
        left_hand: SVG path of the bones of the person's own left hand.
        right_hand: of the right one.
    """

    x: float
    body: str
    left_hand: str
    right_hand: str


@dataclass(frozen=True)
class Filmstrip:
    """Skeletons at even distances in time; width and height in units of the SVG."""

    width: float
    height: float
    poses: tuple[Pose, ...]


def filmstrip(inputs: FloatArray, poses: int = 6, trim: float = 0.0) -> Filmstrip:
    """Draw moments of a clip.

    Args:
        inputs: (T, K, 2) as preprocessing gives them.
        poses: how many skeletons.
        trim: the part of the clip that is not shown at either end, where hands rest.
    """
    layout = input_points_of(inputs)
    hands = {side: {layout.index[f"{side}_wrist"], *layout.hand(side)} for side in SIDES}
    # Bones, and what stands for a face.
    lines = [*layout.bones, *((layout.index["nose"], layout.index[f"{side}_eye_outer"]) for side in SIDES)]
    body = [bone for bone in lines if not any({*bone} <= hand for hand in hands.values())]
    width, height = _WIDTH * _SCALE, _HEIGHT * _SCALE
    frames = np.unique((np.linspace(trim, 1 - trim, poses) * (len(inputs) - 1)).round().astype(int))
    drawn = []
    for i, frame in enumerate(frames):
        points = (inputs[frame] - (_LEFT, _TOP)) * _SCALE + (i * width, 0)
        drawn.append(
            Pose(
                i * width,
                _path(points, body),
                *(_path(points, [bone for bone in lines if {*bone} <= hands[side]]) for side in SIDES),
            )
        )
    return Filmstrip(width * len(frames), height, tuple(drawn))


def _path(points: FloatArray, bones: list[tuple[int, int]]) -> str:
    """The bones of which both ends are seen."""
    return " ".join(
        f"M{points[a, 0]:.1f} {points[a, 1]:.1f}L{points[b, 0]:.1f} {points[b, 1]:.1f}"
        for a, b in bones
        if np.isfinite(points[[a, b]]).all()
    )
