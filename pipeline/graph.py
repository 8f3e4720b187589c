"""Copies of LiteRT model files: without outputs that nobody reads, or with the metadata that MediaPipe Tasks wants.

The landmark network computes a 256x256 segmentation of the person that posegloss never reads, with a decoder of its
own at the network's full resolution. A copy of the flatbuffer without that output and what only feeds it takes
about two thirds of the time; the other outputs do not change, since no operator that they need is touched.
"""

from collections.abc import Callable, Iterable
from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from posegloss.pipeline.errors import WeightsError

_FILE_IDENTIFIER = b"TFL3"


def without_outputs(content: bytes, unwanted: Callable[[tuple[int, ...]], bool]) -> bytes:
    """A copy of a model without the outputs whose shape is unwanted, nor what only feeds them.

    Args:
        content: a LiteRT flatbuffer with one subgraph.
        unwanted: is given the shape of an output, says whether to leave it out.

    Returns:
        The copy; the same bytes if no output is unwanted.

    Raises:
        WeightsError: the bytes are not a LiteRT model of one subgraph.
    """
    model = read_model(content)
    try:
        return write_model(model) if _leave_out(model, unwanted) else content
    except Exception as error:
        # Places that point nowhere: nothing has looked at them before.
        raise WeightsError(f"the model file is damaged ({error})") from error


def read_model(content: bytes) -> Any:
    """Unpack a LiteRT flatbuffer into the schema's objects.

    Raises:
        WeightsError: the bytes are not a LiteRT model of one subgraph.
    """
    if content[4:8] != _FILE_IDENTIFIER:
        raise WeightsError("not a LiteRT model file (the TFL3 mark is missing)")
    try:
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    except Exception as error:
        raise WeightsError(f"the model file is damaged ({error})") from error
    if not model.subgraphs or len(model.subgraphs) != 1:
        raise WeightsError("the model file has more than one subgraph; only networks of a single one are supported")
    return model


def write_model(model: Any) -> bytes:
    """Pack the schema's objects into a LiteRT flatbuffer."""
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), _FILE_IDENTIFIER)
    return bytes(builder.Output())


def _leave_out(model: Any, unwanted: Callable[[tuple[int, ...]], bool]) -> bool:
    """Take unwanted outputs out of a model; whether there were any."""
    graph = model.subgraphs[0]
    wanted = [i for i in graph.outputs if not unwanted(tuple(graph.tensors[i].shape))]
    if len(wanted) == len(graph.outputs):
        return False
    needed = set(wanted)
    operators = []
    for operator in reversed(graph.operators):
        if needed.intersection(operator.outputs):
            operators.append(operator)
            needed.update(i for i in operator.inputs if i >= 0)
    graph.operators = operators[::-1]
    graph.outputs = wanted
    _drop_unused_tensors(model, needed.union(graph.inputs, *(op.outputs for op in operators)))
    # Signatures name tensors by index and would have to follow; nothing of ours calls a model by signature.
    model.signatureDefs = None
    return True


def _drop_unused_tensors(model: Any, used: Iterable[int]) -> None:
    graph = model.subgraphs[0]
    kept = sorted(used)
    place = {old: new for new, old in enumerate(kept)} | {-1: -1}  # -1 stands for an optional input left out
    graph.tensors = [graph.tensors[i] for i in kept]
    graph.inputs = [place[i] for i in graph.inputs]
    graph.outputs = [place[i] for i in graph.outputs]
    for operator in graph.operators:
        operator.inputs = [place[i] for i in operator.inputs]
        operator.outputs = [place[i] for i in operator.outputs]
        # What the converter listed as scratch memory is chosen anew by the interpreter.
        operator.intermediates = None
    # Buffer 0 is the empty one by convention; metadata points at buffers too.
    entries = [*graph.tensors, *(model.metadata or [])]
    buffers = sorted({0, *(entry.buffer for entry in entries)})
    moved = {old: new for new, old in enumerate(buffers)}
    model.buffers = [model.buffers[i] for i in buffers]
    for entry in entries:
        entry.buffer = moved[entry.buffer]
