"""A LiteRT network with one picture as input: loaded, called, its outputs found by their shape or name."""

from collections.abc import Mapping
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

    Raises:
        WeightsError: the model cannot be loaded, or lacks an output.
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
    ) -> None:
        try:
            with without_greeting():
                self._interpreter: Any = Interpreter(model_content=content, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise WeightsError(f"the network cannot be loaded ({error}); fetch it: posegloss models fetch") from error
        (picture,) = self._interpreter.get_input_details()
        shape = tuple(int(n) for n in picture["shape"])
        if len(shape) != 4 or shape[1] != shape[2] or shape[3] != 3:
            raise WeightsError(f"the network's input has shape {shape}, not (1, side, side, 3)")
        self.side = shape[1]
        self._input = self._interpreter.tensor(picture["index"])
        found = {}
        for output in self._interpreter.get_output_details():
            of_shape = tuple(int(n) for n in output["shape"])
            found[output["name"] if tensors else "", of_shape] = output["index"]
        wanted = {name: (tensors[name] if tensors else "", of_shape) for name, of_shape in outputs.items()}
        missing = [f"{name} {outputs[name]}" for name in outputs if wanted[name] not in found]
        if missing:
            shapes = sorted(of_shape for _, of_shape in found)
            raise WeightsError(f"the network lacks the outputs {', '.join(missing)}; it has {shapes}")
        self._outputs = {name: self._interpreter.tensor(found[place]) for name, place in wanted.items()}
        self._scale, self._low = np.float32((high - low) / 255), np.float32(low)

    def __call__(self, picture: Image) -> dict[str, FloatArray]:
        """The wanted outputs, without their batch dimension, for a (side, side, 3) uint8 RGB picture.

        They are views of the network's own memory: the next call needs them to be gone.
        """
        # Written straight into the network's memory; the view must not outlive this call, LiteRT forbids it.
        view = self._input()
        np.multiply(picture[None], self._scale, out=view)
        if self._low:
            view += self._low
        del view
        self._interpreter.invoke()
        return {name: output()[0] for name, output in self._outputs.items()}
