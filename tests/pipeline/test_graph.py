import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from posegloss.pipeline import models
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.graph import read_model, without_outputs, write_model
from posegloss.pipeline.landmarks import SEGMENTATION_SHAPE


def outputs(content: bytes, picture: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    return {
        tuple(int(n) for n in o["shape"]): interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()
    }


@pytest.fixture(scope="module")
def full() -> bytes:
    return models.load("full")


def test_without_segmentation_all_other_outputs_are_the_same_to_the_bit(full: bytes) -> None:
    trimmed = without_outputs(full, lambda shape: shape == SEGMENTATION_SHAPE)
    picture = np.random.default_rng(0).random((1, 256, 256, 3), np.float32)
    whole, part = outputs(full, picture), outputs(trimmed, picture)
    assert set(whole) - set(part) == {SEGMENTATION_SHAPE}
    for shape, values in part.items():
        assert (values == whole[shape]).all()


def test_what_only_feeds_the_segmentation_is_gone(full: bytes) -> None:
    before = read_model(full).subgraphs[0]
    after = read_model(without_outputs(full, lambda shape: shape == SEGMENTATION_SHAPE)).subgraphs[0]
    assert len(after.operators) < len(before.operators)
    produced = {i for op in after.operators for i in op.outputs}
    read = {i for op in after.operators for i in op.inputs} | set(after.outputs)
    assert produced <= read, "an operator is left whose result nobody reads"


def test_a_model_without_unwanted_outputs_stays_as_it_is(full: bytes) -> None:
    assert without_outputs(full, lambda shape: shape == (1, 2, 3)) is full


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\0" * 64])
def test_what_is_not_a_model_is_refused(content: bytes) -> None:
    with pytest.raises(WeightsError, match="not a LiteRT model"):
        read_model(content)


def test_a_truncated_model_is_refused(full: bytes) -> None:
    with pytest.raises(WeightsError, match="damaged"):
        read_model(full[: len(full) // 2])


def test_a_model_whose_parts_point_nowhere_is_refused(full: bytes) -> None:
    model = read_model(full)
    model.subgraphs[0].tensors[0].buffer = 1 << 20
    with pytest.raises(WeightsError, match="damaged"):
        without_outputs(write_model(model), lambda shape: shape == SEGMENTATION_SHAPE)
