import numpy as np
import pytest

from posegloss.pipeline.landmarks import KERNEL_SIZE, MIN_CONFIDENCE_TO_REFINE, refine


def refine_one_by_one(points: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """The rule of refine_landmarks_from_heatmap_calculator.cc, one landmark and one cell after the other."""
    side, reach = heatmap.shape[0], KERNEL_SIZE // 2
    result = points.copy()
    for k, (x, y) in enumerate(points):
        column, row = int(x * side), int(y * side)
        if not (0 <= column < side and 0 <= row < side):
            continue
        mass = weighted_x = weighted_y = best = 0.0
        for r in range(max(0, row - reach), min(side, row + reach + 1)):
            for c in range(max(0, column - reach), min(side, column + reach + 1)):
                confidence = 1 / (1 + np.exp(-float(heatmap[r, c, k])))
                mass += confidence
                weighted_x += c * confidence
                weighted_y += r * confidence
                best = max(best, confidence)
        if best >= MIN_CONFIDENCE_TO_REFINE and mass > 0:
            result[k] = weighted_x / mass / side, weighted_y / mass / side
    return result


@pytest.mark.parametrize("seed", range(5))
def test_refinement_is_that_of_the_graph(seed: int) -> None:
    generator = np.random.default_rng(seed)
    points = generator.uniform(-0.05, 1.05, (39, 2))
    heatmap = generator.normal(-6, 3, (64, 64, 39)).astype(np.float32)
    # In single precision, as in the graph.
    assert refine(points, heatmap) == pytest.approx(refine_one_by_one(points, heatmap), abs=1e-7)


def test_just_outside_the_map_counts_as_its_first_cell_but_a_cell_further_does_not() -> None:
    heatmap = np.full((64, 64, 2), -20, np.float32)
    heatmap[0, 2] = 20
    refined = refine(np.array([[-0.5 / 64, 0.0], [-1.5 / 64, 0.0]]), heatmap)
    assert refined[0] == pytest.approx([2 / 64, 0], abs=1e-6)
    assert refined[1].tolist() == [-1.5 / 64, 0]


def test_an_unsure_heatmap_leaves_the_regression() -> None:
    point = np.array([[0.4, 0.6]])
    assert refine(point, np.full((64, 64, 1), -0.01, np.float32)).tolist() == point.tolist()
    assert refine(point, np.full((64, 64, 1), 0.0, np.float32)).tolist() != point.tolist()
