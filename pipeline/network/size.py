"""How large a network is: parameters, and floating point operations of one picture."""

import math
from dataclasses import dataclass
from typing import Any

from posegloss.pipeline.keras_backend import keras
from posegloss.pipeline.network.architecture import build
from posegloss.pipeline.network.description import INPUT_SIDE, NetworkDescription


@dataclass(frozen=True)
class NetworkSize:
    """The size of the network that is left for inference, heatmaps not included.

    Attributes:
        parameters: trained numbers; the statistics of batch normalization, which is folded away, are not counted.
        flops: multiplications and additions of the convolutions of one picture; two for a multiply-add.
    """

    parameters: int
    flops: int

    @classmethod
    def of(cls, description: NetworkDescription) -> "NetworkSize":
        """The size of a network as it is described."""
        network = build(description, side=INPUT_SIDE, batch=1)
        parameters = sum(math.prod(variable.shape) for variable in network.inference.trainable_variables)
        return cls(parameters, sum(2 * _multiply_adds(layer) for layer in _layers(network.inference)))

    def __str__(self) -> str:
        return f"{self.parameters / 1e6:.2f} million parameters, {self.flops / 1e9:.2f} GFLOPs a picture"


def _layers(model: Any) -> list[Any]:
    return [
        inner for layer in model.layers for inner in (_layers(layer) if isinstance(layer, keras.Model) else [layer])
    ]


def _multiply_adds(layer: Any) -> int:
    if not isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        return 0
    # Every weight of the kernel works once at each place of the output.
    return int(math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape))
