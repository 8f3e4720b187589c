"""The large weights of a LiteRT network in half precision.

TensorFlow's converter halves every constant: the scales and shifts of normalization, which are few and carry most of
the error, and thresholds of the preprocessing, too. Here only what makes the file large is halved.
"""

from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from posegloss.pipeline.graph import write_model

_WORTH_IT: Final = 1024
"""Numbers in a constant, as TensorFlow's converter has it for int8."""

_HALF_VERSION: Final = 3
"""Of the operation DEQUANTIZE, from which on it takes float16."""


def halved(content: bytes) -> bytes:
    """A copy of a LiteRT flatbuffer whose large float32 constants are float16; it computes in float32 still."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    code.version = _HALF_VERSION
    model.operatorCodes.append(code)
    # Tensors may share a buffer: each is halved once.
    half_of: dict[int, int] = {}
    for graph in model.subgraphs:
        widened = []
        for place, tensor in enumerate(list(graph.tensors)):
            data = model.buffers[tensor.buffer].data
            if tensor.type != schema.TensorType.FLOAT32 or data is None or len(data) < 4 * _WORTH_IT:
                continue
            if tensor.buffer not in half_of:
                half_of[tensor.buffer] = len(model.buffers)
                model.buffers.append(_buffer(np.asarray(data, np.uint8).view(np.float32).astype(np.float16)))
            widened.append(_widening(graph, place, half_of[tensor.buffer], len(model.operatorCodes) - 1))
        graph.operators = [*widened, *graph.operators]
    for buffer in half_of:
        model.buffers[buffer].data = None
    return write_model(model)


def _buffer(values: Any) -> Any:
    buffer = schema.BufferT()
    buffer.data = values.view(np.uint8)
    return buffer


def _widening(graph: Any, place: int, buffer: int, code: int) -> Any:
    """The operation that makes a tensor from its half, which is added to the graph."""
    tensor, half = graph.tensors[place], schema.TensorT()
    half.name, half.shape = tensor.name + b"/half", tensor.shape
    half.type, half.buffer = schema.TensorType.FLOAT16, buffer
    # Buffer 0 is the empty one by convention.
    tensor.buffer = 0
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, [len(graph.tensors)], [place]
    operator.builtinOptionsType = schema.BuiltinOptions.DequantizeOptions
    operator.builtinOptions = schema.DequantizeOptionsT()
    graph.tensors.append(half)
    return operator
