import cv2
import numpy as np
import pytest

from posegloss.pipeline.network.augmentation import NONE, Augmentation
from posegloss.pipeline.network.backdrop import in_front_of
from posegloss.pipeline.network.batches import plain_batches, training_batches
from posegloss.pipeline.network.example import SEGMENTATION_SIDE, SIDE, Examples, write_examples

from .made_up import example

GREEN, RED = (0, 200, 0), (200, 0, 0)


def plain(color: tuple[int, int, int]) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), color, np.uint8)


def disc(radius: int = 20) -> np.ndarray:
    """Somebody round, in the middle."""
    rows, columns = np.mgrid[:SEGMENTATION_SIDE, :SEGMENTATION_SIDE] + 0.5 - SEGMENTATION_SIDE / 2
    return np.where(np.hypot(rows, columns) < radius, 255, 0).astype(np.uint8)


def far_from_the_edge(inside: bool) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
    distance = np.hypot(rows, columns)
    return distance < 70 if inside else distance > 90


@pytest.mark.parametrize("seed", range(5))
def test_the_person_stays_and_all_else_is_of_the_other_picture(seed: int) -> None:
    seen = in_front_of(plain(GREEN), disc(), plain(RED), np.random.default_rng(seed))
    assert seen.shape == (SIDE, SIDE, 3)
    assert seen.dtype == np.uint8
    assert np.abs(seen[far_from_the_edge(True)].astype(int) - GREEN).max() <= 1
    behind = seen[far_from_the_edge(False)]
    assert behind[:, 1:].max() <= 1
    # As bright all over, but not always as bright as it was.
    assert len(np.unique(behind[:, 0])) == 1
    assert 0.69 * 200 < behind[0, 0] < 1.21 * 200


def test_it_is_another_part_each_time() -> None:
    other = np.random.default_rng(0).integers(0, 256, (SIDE // 8, SIDE // 8, 3)).astype(np.uint8)
    other = cv2.resize(other, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    corners = {
        in_front_of(plain(GREEN), disc(), other, np.random.default_rng(seed))[:40, :40].tobytes() for seed in range(6)
    }
    assert len(corners) == 6


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Two people of whom it is known where they are, and one of whom it is not."""
    path = tmp_path_factory.mktemp("backdrop") / "three.parquet"
    people = [
        example("0", 0, picture=plain(GREEN), segmentation=disc()),
        example("1", 1, picture=plain(RED), segmentation=disc()),
        example("2", 2, picture=plain((0, 0, 200))),
    ]
    write_examples(path, people, {})
    return Examples.read([path])


def test_training_sees_people_elsewhere_as_often_as_asked(examples: Examples) -> None:
    only = Augmentation(*[0] * 8, backdrop=0.5)
    corner, middle = {0: set(), 1: set(), 2: set()}, {0: set(), 1: set(), 2: set()}
    for pictures, values in training_batches(examples, 64, 3, augmentation=only, seed=0).take(20):
        for picture, world in zip(pictures.numpy(), values["world"].numpy(), strict=True):
            (row,) = (i for i in range(3) if np.array_equal(examples.values["world"][i], world))
            corner[row].add(int(picture[2, 2].argmax()))
            middle[row].add(int(picture[32, 32].argmax()))
    assert middle == {0: {1}, 1: {0}, 2: {2}}
    assert corner[0] == corner[1] == {0, 1, 2}
    assert corner[2] == {2}


def test_nobody_is_moved_where_nothing_is_trained(examples: Examples) -> None:
    for batches in (plain_batches(examples, 64, 3), training_batches(examples, 64, 3, augmentation=NONE, seed=0)):
        for pictures, _ in batches.take(3):
            assert {int(picture[2, 2].argmax()) for picture in pictures.numpy()} == {0, 1, 2}
            assert all(picture[2, 2].argmax() == picture[32, 32].argmax() for picture in pictures.numpy())
