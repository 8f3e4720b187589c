from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posegloss.pipeline.network.example import Example, Examples, write_examples
from posegloss.pipeline.network.validation import pck
from posegloss.pipeline.skeleton import INDEX

from .made_up import example


def upright(**changed: Any) -> Example:
    """Someone whose torso is a quarter of the view."""
    one = example(**changed)
    for side, x in (("left", 0.55), ("right", 0.45)):
        one.points[INDEX[f"{side}_shoulder"], :2] = x, 0.35
        one.points[INDEX[f"{side}_hip"], :2] = x, 0.6
    return one


def measured(folder: Path, people: list[Example], shift: float = 0.0, only: slice = slice(None)) -> float:
    """PCK of answers that are off by a shift to the right."""
    write_examples(folder / "people.parquet", people, {})
    examples = Examples.read([folder / "people.parquet"])
    answers = np.nan_to_num(examples.values["points"].copy())
    answers[:, only, 0] += shift
    asked = iter(answers)

    def find(pictures: Any) -> np.ndarray:
        assert pictures.shape[1:] == (64, 64, 3)
        return np.stack([next(asked) for _ in pictures])

    return pck(examples, 64, 2, find)


@pytest.mark.parametrize(("torsos", "right"), [(0.0, 1.0), (0.19, 1.0), (0.21, 0.0)])
def test_a_fifth_of_the_torso_is_near_enough(tmp_path: Path, torsos: float, right: float) -> None:
    assert measured(tmp_path, [upright(seed=seed) for seed in range(3)], torsos * 0.25) == right


def test_it_is_a_share_of_points_not_of_people(tmp_path: Path) -> None:
    assert measured(tmp_path, [upright()], 0.1, slice(0, 3)) == pytest.approx(30 / 33)
    one = upright(seed=1)
    one.points[:11] = np.nan
    assert measured(tmp_path, [upright(), one], 0.1, slice(0, 11)) == pytest.approx(44 / 55)


def test_what_is_outside_of_the_picture_does_not_count(tmp_path: Path) -> None:
    one = upright()
    one.points[0, :2] = 1.2, 0.5
    assert measured(tmp_path, [one], 0.1, slice(0, 1)) == 1
    assert measured(tmp_path, [one], 0.1, slice(0, 2)) == pytest.approx(31 / 32)


def test_whoever_has_no_torso_is_not_measured(tmp_path: Path) -> None:
    one = upright(seed=1)
    one.points[INDEX["left_hip"]] = np.nan
    assert np.isnan(measured(tmp_path, [one]))
    assert measured(tmp_path, [one, upright()], 0.1, slice(0, 3)) == pytest.approx(30 / 33)
