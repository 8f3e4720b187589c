"""Landmark networks as users may have them, made of Google's Lite."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from posegloss.pipeline import models
from posegloss.pipeline.graph import read_model, without_outputs, write_model
from posegloss.pipeline.landmarks import HEATMAP_SIDE, NUM_LANDMARKS, SEGMENTATION_SHAPE

HEATMAP_SHAPE = (1, HEATMAP_SIDE, HEATMAP_SIDE, NUM_LANDMARKS)


def without_maps() -> bytes:
    """As the paper has it once it is trained: neither heatmaps nor a segmentation."""
    return without_outputs(models.load("lite"), lambda shape: shape in (HEATMAP_SHAPE, SEGMENTATION_SHAPE))


def of_two_dimensions() -> bytes:
    """Taught on marked pictures alone: NaN for every depth and all world landmarks."""
    model = read_model(models.load("lite"))
    for tensor in model.subgraphs[0].tensors:
        # The last layers' biases, in half precision, which what follows them makes real.
        if tensor.type == schema.TensorType.FLOAT16 and tuple(tensor.shape) in ((195,), (117,)):
            bias = np.frombuffer(bytes(model.buffers[tensor.buffer].data), np.float16).copy()
            unknown = bias.reshape(NUM_LANDMARKS, -1)
            unknown[:, 2 if len(bias) == 195 else slice(None)] = np.nan
            model.buffers[tensor.buffer].data = np.frombuffer(bias.tobytes(), np.uint8)
    return write_model(model)


def of_constants(*inputs: tuple[int, ...], kind: int = schema.TensorType.FLOAT32) -> bytes:
    """A network with all needed outputs, which are always 0, that reads other things."""
    outputs = [(1, 195), (1, 1), (1, 117)]
    tensors, buffers = [], [schema.BufferT()]
    for place, shape in enumerate([*inputs, *outputs]):
        tensor: Any = schema.TensorT()
        tensor.name, tensor.shape = f"tensor {place}".encode(), list(shape)
        tensor.type = kind if place < len(inputs) else schema.TensorType.FLOAT32
        tensor.buffer = len(buffers)
        buffer: Any = schema.BufferT()
        if place >= len(inputs):
            buffer.data = np.zeros(4 * int(np.prod(shape)), np.uint8)
        buffers.append(buffer)
        tensors.append(tensor)
    graph: Any = schema.SubGraphT()
    graph.tensors, graph.operators = tensors, []
    graph.inputs, graph.outputs = list(range(len(inputs))), list(range(len(inputs), len(tensors)))
    model: Any = schema.ModelT()
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], buffers, []
    return write_model(model)
