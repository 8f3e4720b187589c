import numpy as np
import pytest

from posegloss.pipeline.measuring.pck import relative_distances, share_of_each, share_within, with_interval


def test_a_point_is_right_within_the_part_of_the_persons_size_that_is_allowed() -> None:
    truth = np.array([[[0, 0], [10, 0]], [[0, 0], [10, 0]]], float)
    # 3-4-5 triangles: 5 and 10 pixels off with a size of 25 are 0.2 and 0.4; with 50 they are 0.1 and 0.2.
    found = truth + np.array([[3, 4], [6, 8]])
    distances = relative_distances(truth, found, np.array([25.0, 50.0]))
    assert distances == pytest.approx(np.array([[0.2, 0.4], [0.1, 0.2]]))
    assert share_within(distances, 0.2) == 0.75
    assert share_of_each(distances, 0.2).tolist() == [1.0, 0.5]


def test_what_was_not_marked_is_masked_and_what_was_not_found_is_wrong() -> None:
    truth = np.array([[[0, 0], [np.nan, np.nan], [1, 1]]] * 2)
    found = np.array([[[0, 0], [5, 5], [np.nan, np.nan]]] * 2)
    distances = relative_distances(truth, found, np.array([10.0, np.nan]))
    assert distances[0].tolist() == [0, pytest.approx(np.nan, nan_ok=True), np.inf]
    # A person without a size says nothing, be it found or not.
    assert np.isnan(distances[1]).all()
    assert share_within(distances, 0.2) == 0.5
    assert np.isnan(share_of_each(distances, 0.2)[1])


def test_the_interval_is_over_pictures_not_over_points() -> None:
    right_or_wrong = np.where(np.arange(100)[:, None] < 50, 0.0, 1.0)
    as_points = with_interval(np.repeat(right_or_wrong, 12, axis=1), 0.2, np.arange(100))
    assert as_points.value == 0.5
    # The standard error of 50 of 100 pictures is 0.05, however many points each has.
    assert as_points.high - as_points.low == pytest.approx(2 * 1.96 * 0.05, abs=0.02)
    two_a_picture = with_interval(np.repeat(right_or_wrong, 12, axis=1), 0.2, np.arange(100) // 2)
    assert two_a_picture.high - two_a_picture.low > 1.3 * (as_points.high - as_points.low)


def test_where_nothing_was_measured_there_is_no_figure() -> None:
    figure = with_interval(np.full((3, 2), np.nan), 0.2, np.arange(3))
    assert np.isnan([figure.value, figure.low, figure.high]).all()
    assert str(figure) == "-"
