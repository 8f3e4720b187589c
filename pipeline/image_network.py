"""A LiteRT network with one picture as input: loaded, called, its outputs found by their shape or name."""

from collections.abc import Container, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.quiet import without_greeting
from posegloss.pipeline.roi import Image

FloatArray = npt.NDArray[np.float32]


class ImageNetwork:
    """A LiteRT network over a square RGB picture.

    Args:
        content: the LiteRT flatbuffer.
        outputs: name to shape of every output that is wanted. By shape, since the order of a model's outputs
            changes when one of them is taken out.
        tensors: name to the tensor's name in the file, where shapes do not tell outputs apart.
        low, high: what 0 and 255 of the picture become at the network's input.
        threads: threads of the network itself.
        optional: names of outputs that the network may lack.

    Raises:
        WeightsError: the model cannot be loaded, reads something else than one picture of real numbers, or lacks an
            output.
    """

    def __init__(
        self,
        content: bytes,
        outputs: Mapping[str, tuple[int, ...]],
        *,
        low: float,
        high: float,
        threads: int,
        tensors: Mapping[str, str] | None = None,
        optional: Container[str] = (),
    ) -> None:
        try:
            with without_greeting():
                self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise WeightsError(f"the network cannot be loaded ({error})") from error
        picture, self.side = _picture(self._interpreter.get_input_details())
        self._input = self._interpreter.tensor(picture)
        found = {}
        for output in self._interpreter.get_output_details():
            of_shape = tuple(int(n) for n in output["shape"])
            if output["dtype"] != np.float32:
                continue  # whole numbers mean nothing without their scale
            found[output["name"] if tensors else "", of_shape] = output["index"]
        wanted = {name: (tensors[name] if tensors else "", of_shape) for name, of_shape in outputs.items()}
        missing = [f"{name} {outputs[name]}" for name in outputs if wanted[name] not in found and name not in optional]
        if missing:
            shapes = sorted(of_shape for _, of_shape in found)
            raise WeightsError(f"the network lacks the outputs {', '.join(missing)}; it has {shapes}")
        self._outputs = {
            name: self._interpreter.tensor(found[place]) for name, place in wanted.items() if place in found
        }
        self._scale, self._low = np.float32((high - low) / 255), np.float32(low)

    def __call__(self, picture: Image) -> dict[str, FloatArray]:
        """The wanted outputs that there are, without their batch dimension, for a (side, side, 3) uint8 RGB picture.

        They are views of the network's own memory: the next call needs them to be gone.
        """
        # Written straight into the network's memory; the view must not outlive this call, LiteRT forbids it.
        view = self._input()
        view[0] = picture  # apart from the product: NumPy converts within one piece by piece, which takes longer
        view *= self._scale
        if self._low:
            view += self._low
        del view
        self._interpreter.invoke()
        return {name: output()[0] for name, output in self._outputs.items()}


def _picture(inputs: list[dict[str, Any]]) -> tuple[int, int]:
    """The place and the side of the one picture that a network reads."""
    shapes = [tuple(int(n) for n in one["shape"]) for one in inputs]
    if len(inputs) != 1 or len(shapes[0]) != 4 or shapes[0] != (1, shapes[0][1], shapes[0][1], 3):
        read = " and ".join(map(str, shapes)) or "nothing"
        raise WeightsError(f"the network reads {read}, not one picture (1, side, side, 3)")
    if inputs[0]["dtype"] != np.float32:
        raise WeightsError(f"the network's picture is of {np.dtype(inputs[0]['dtype'])}, not of float32")
    return int(inputs[0]["index"]), shapes[0][1]
