"""An int8 copy of a landmark network: the convolutions in the middle of it compute with whole numbers.

The scheme is LiteRT's own (https://ai.google.dev/edge/litert/models/quantization_spec; Jacob et al. 2018): a real
number is ``scale * (q - zero_point)``; weights have a scale for each output channel, biases are int32. Where whole and
real numbers meet there are QUANTIZE and DEQUANTIZE. Rounded weights move the mean of a channel; the bias takes that
back (Nagel et al. 2019, section 4.2), which decides here (docs/extraction.md).

Which convolutions, the table of activations says (``int8.py``). Sums stay real.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from posegloss.pipeline.graph import read_model, write_model

_Operator: Final = schema.BuiltinOperator
_CHANNEL_AXIS: Final = {_Operator.CONV_2D: 0, _Operator.DEPTHWISE_CONV_2D: 3}
_WEIGHT_LIMIT: Final = 127  # not -128: the specification wants weights symmetric

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Activation:
    """What values a tensor of the network takes.

    Attributes:
        low, high: the least and the greatest.
        means: (C,) the mean of each channel.
    """

    low: float
    high: float
    means: FloatArray

    def grid(self) -> tuple[np.float32, int]:
        """Scale and zero point of the 256 steps that hold low, high and, exactly, 0."""
        low, high = min(self.low, 0.0), max(self.high, 1e-6)
        scale = np.float32((high - low) / 255)
        return scale, int(np.clip(np.rint(-128 - low / scale), -128, 127))


def with_int8(content: bytes, activations: Mapping[int, Activation]) -> bytes:
    """The copy of a network in which some convolutions compute in int8; its inputs and outputs stay as they are.

    What nobody reads any more (weights, and how they were unpacked) is left in it for ``graph.without_outputs``.

    Args:
        content: a LiteRT flatbuffer with one subgraph and weights in float16 or float32.
        activations: by the tensor's place in the file. A convolution or padding becomes int8 if that which it reads
            and that which it gives are both among them.

    Raises:
        WeightsError: the bytes are not such a model.
    """
    model = read_model(content)
    _Rewriting(model, activations).run()
    return write_model(model)


class _Rewriting:
    """Rewrites a model in place."""

    def __init__(self, model: Any, activations: Mapping[int, Activation]) -> None:
        self._model, self._graph = model, model.subgraphs[0]
        self._activations = activations
        self._halves = {
            op.outputs[0]: op.inputs[0] for op in self._graph.operators if _code(model, op) == _Operator.DEQUANTIZE
        }
        self._grids: dict[int, tuple[np.float32, int]] = {}
        self._twins: dict[int, int] = {}
        self._operators: list[Any] = []

    def run(self) -> None:
        read_as_real = set(self._graph.outputs)
        for operator in self._graph.operators:
            if not self._becomes_int8(operator):
                read_as_real.update(operator.inputs)
        for operator in self._graph.operators:
            if not self._becomes_int8(operator):
                self._operators.append(operator)
                continue
            result = operator.outputs[0]
            self._turn(operator)
            if result in read_as_real:
                self._add(_Operator.DEQUANTIZE, 2, self._twins[result], result)
        self._graph.operators = self._operators

    def _becomes_int8(self, operator: Any) -> bool:
        code = _code(self._model, operator)
        both = operator.inputs[0] in self._activations and operator.outputs[0] in self._activations
        return both and (code in _CHANNEL_AXIS or code == _Operator.PAD)

    def _turn(self, operator: Any) -> None:
        code, (source, *rest), result = _code(self._model, operator), operator.inputs, operator.outputs[0]
        if source not in self._twins:
            self._add(_Operator.QUANTIZE, 1, source, self._twin(source, self._activations[source].grid()))
        if code in _CHANNEL_AXIS:
            rest = self._weights(source, rest[0], rest[1], _CHANNEL_AXIS[code])
            grid = self._activations[result].grid()
        else:
            grid = self._grids[source]  # padding adds zeros and changes no value
        operator.inputs = [self._twins[source], *rest]
        operator.outputs = [self._twin(result, grid)]
        operator.opcodeIndex = self._opcode(code, 2 if code == _Operator.PAD else 3)
        self._operators.append(operator)

    def _weights(self, source: int, kernel: int, bias: int, axis: int) -> list[int]:
        weights, biases = self._constant(kernel), self._constant(bias)
        others = tuple(i for i in range(weights.ndim) if i != axis)
        limits = np.maximum(np.abs(weights).max(axis=others, keepdims=True), 1e-6)
        scales = (limits / _WEIGHT_LIMIT).astype(np.float32)
        whole = np.rint(weights / scales)
        lost = (weights - whole * scales).sum(axis=(1, 2))  # over the window
        means = self._activations[source].means.astype(np.float64)
        biases = biases + (lost @ means if axis == 0 else lost[0] * means)
        bias_scales = scales.ravel() * self._grids[source][0]
        return [
            self._store(kernel, whole.astype(np.int8), scales.ravel(), axis),
            self._store(bias, np.rint(biases / bias_scales).astype(np.int32), bias_scales, 0),
        ]

    def _constant(self, tensor: int) -> FloatArray:
        found = self._graph.tensors[self._halves.get(tensor, tensor)]
        kind = np.float16 if found.type == schema.TensorType.FLOAT16 else np.float32
        values = np.frombuffer(bytes(self._model.buffers[found.buffer].data), kind)
        return values.reshape(tuple(found.shape)).astype(np.float64)

    def _store(self, like: int, values: npt.NDArray[np.integer], scales: npt.NDArray[np.float32], axis: int) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        kind = schema.TensorType.INT8 if values.dtype == np.int8 else schema.TensorType.INT32
        return self._tensor(like, kind, scales, np.zeros(len(scales), np.int64), axis, len(self._model.buffers) - 1)

    def _twin(self, tensor: int, grid: tuple[np.float32, int]) -> int:
        self._grids[tensor] = grid
        scale, zero_point = np.array(grid[:1], np.float32), np.array(grid[1:], np.int64)
        self._twins[tensor] = self._tensor(tensor, schema.TensorType.INT8, scale, zero_point, 0, 0)
        return self._twins[tensor]

    def _tensor(
        self,
        like: int,
        kind: int,
        scales: npt.NDArray[np.float32],
        zero_points: npt.NDArray[np.int64],
        axis: int,
        buffer: int,
    ) -> int:
        pattern = self._graph.tensors[like]
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = pattern.name, pattern.shape, kind, buffer
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = scales, zero_points
        tensor.quantization.quantizedDimension = axis
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _add(self, code: int, version: int, source: int, result: int) -> None:
        operator = schema.OperatorT()
        operator.opcodeIndex = self._opcode(code, version)
        operator.inputs, operator.outputs = [source], [result]
        self._operators.append(operator)

    def _opcode(self, code: int, version: int) -> int:
        """Where an operator's kind stands in the model's table; the version says that it takes int8."""
        for place, known in enumerate(self._model.operatorCodes):
            if _code_of(known) == code and known.version == version:
                return place
        kind = schema.OperatorCodeT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        kind.version = version
        self._model.operatorCodes.append(kind)
        return len(self._model.operatorCodes) - 1


def _code(model: Any, operator: Any) -> int:
    return _code_of(model.operatorCodes[operator.opcodeIndex])


def _code_of(entry: Any) -> int:
    # Files of before 2020 have the code in the older of the two fields only.
    return int(max(entry.builtinCode, entry.deprecatedBuiltinCode))
