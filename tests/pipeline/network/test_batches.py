from typing import Any

import numpy as np
import pytest

from posegloss.pipeline.network.augmentation import NONE, Augmentation
from posegloss.pipeline.network.batches import plain_batches, training_batches
from posegloss.pipeline.network.example import Examples, write_examples

from .made_up import example


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    path = tmp_path_factory.mktemp("batches") / "seven.parquet"
    write_examples(path, (example(str(seed), seed) for seed in range(7)), {})
    return Examples.read([path])


def rows_of(examples: Examples, values: Any) -> list[int]:
    """Which examples a batch without augmentation is of."""
    known = examples.values["world"].reshape(len(examples), -1)
    return [int(np.abs(known - one.reshape(-1)).max(axis=1).argmin()) for one in values["world"].numpy()]


def test_plain_batches_are_all_examples_in_their_order(examples: Examples) -> None:
    batches = list(plain_batches(examples, 64, 3))
    assert [pictures.shape for pictures, _ in batches] == [(3, 64, 64, 3), (3, 64, 64, 3), (1, 64, 64, 3)]
    assert batches[0][0].dtype == "uint8"
    for name, expected in examples.values.items():
        together = np.concatenate([values[name].numpy() for _, values in batches])
        assert together.dtype == np.float32
        np.testing.assert_allclose(together, expected, atol=1e-6)


def test_training_sees_each_example_once_an_epoch_in_another_order_each_time(examples: Examples) -> None:
    batches = training_batches(examples, 64, 7, augmentation=NONE, seed=0).take(4)
    orders = [rows_of(examples, values) for _, values in batches]
    assert [sorted(order) for order in orders] == [list(range(7))] * 4
    assert len({tuple(order) for order in orders}) > 2


def test_each_epoch_has_other_views(examples: Examples) -> None:
    pictures = {}
    batches = training_batches(examples, 64, 7, augmentation=Augmentation(mirror=0, turn=0), seed=0).take(2)
    for pictures_of, values in batches:
        for row, picture in zip(rows_of(examples, values), pictures_of.numpy(), strict=True):
            pictures.setdefault(row, []).append(picture)
    assert all((first != second).any() for first, second in pictures.values())
    assert len(pictures) == 7


def test_a_seed_decides_order_and_views(examples: Examples) -> None:
    def drawn(seed: int) -> list[np.ndarray]:
        batches = training_batches(examples, 64, 2, augmentation=Augmentation(), seed=seed).take(5)
        return [array for pictures, values in batches for array in (pictures.numpy(), values["points"].numpy())]

    first, again, other = drawn(1), drawn(1), drawn(2)
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any((one != another).any() for one, another in zip(first, other, strict=True))


def test_batches_of_training_have_a_fixed_shape(examples: Examples) -> None:
    pictures, values = training_batches(examples, 64, 4, augmentation=NONE, seed=0).element_spec
    assert tuple(pictures.shape) == (4, 64, 64, 3)
    assert {name: tuple(spec.shape) for name, spec in values.items()} == {
        "points": (4, 35, 3),
        "trust": (4, 35),
        "visibility": (4, 33),
        "presence": (4, 33),
        "world": (4, 33, 3),
        "person": (4,),
        "maps": (4, 16, 16, 35),
    }
    assert "maps" not in plain_batches(examples, 64, 4).element_spec[1]
