"""Which points of a layout the model families read, and how they lie to one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import BLAZEPOSE33, HAND_NAMES, HOLISTIC75, LAYOUTS, Layout

# Nose, outer eyes, mouth, shoulders, arms and the three points that the body's network gives of each hand. The other
# points of the face move with these, hips and legs are mostly invented.
_BODY: Final[tuple[int, ...]] = (0, 3, 6, 9, 10, *range(11, 23))


@dataclass(frozen=True, eq=False)
class InputPoints:
    """The points of a layout that are inputs of models, in their order there.

    Attributes:
        layout: the layout.
        places: where each lies in the layout.
    """

    layout: Layout
    places: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.layout.points[place] for place in self.places)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The place of each among the inputs by its name."""
        return {name: i for i, name in enumerate(self.names)}

    @cached_property
    def mirrored(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """``mirrored[i]`` is the input that input i becomes when the picture is mirrored."""
        return np.array([self.index[self.layout.points[self.layout.mirror[place]]] for place in self.places])

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """The layout's bones between points that are inputs, for drawing."""
        where = {place: i for i, place in enumerate(self.places)}
        return tuple((where[a], where[b]) for a, b in self.layout.bones if a in where and b in where)

    def hand(self, side: str) -> tuple[int, ...]:
        """The inputs that belong to a hand: what moves with its wrist, the wrist itself left out."""
        body = tuple(self.index[f"{side}_{tip}"] for tip in ("pinky", "index", "thumb"))
        return body + self.whole_hand(side)

    def whole_hand(self, side: str) -> tuple[int, ...]:
        """The 21 points of a hand, or none where the layout has no hands."""
        return tuple(self.index[name] for part in HAND_NAMES if (name := f"{side}_hand_{part}") in self.index)

    def mirror(self, inputs: FloatArray) -> FloatArray:
        """Inputs (..., K, 2) in the signer's frame as a mirror shows them: left is right and right is left."""
        return inputs[..., self.mirrored, :] * np.array([-1, 1], np.float32)


INPUT_POINTS: Final[Mapping[str, InputPoints]] = {
    name: InputPoints(LAYOUTS[name], places)
    for name, places in {
        BLAZEPOSE33: _BODY,
        HOLISTIC75: (*_BODY, *range(len(LAYOUTS[BLAZEPOSE33]), len(LAYOUTS[HOLISTIC75]))),
    }.items()
}


def input_points_of(inputs: FloatArray) -> InputPoints:
    """The points of inputs (..., K, 2): layouts differ in their number.

    Raises:
        ValueError: no layout has K inputs.
    """
    for points in INPUT_POINTS.values():
        if len(points) == inputs.shape[-2]:
            return points
    raise ValueError(f"no layout has {inputs.shape[-2]} inputs")
