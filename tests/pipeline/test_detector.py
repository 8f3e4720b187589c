import numpy as np
import pytest

from posegloss.pipeline.detector import decode, make_anchors, suppress


def test_anchors_are_those_of_the_graph() -> None:
    anchors = make_anchors()
    assert anchors.shape == (2254, 2)
    assert anchors[0].tolist() == anchors[1].tolist() == [0.5 / 28, 0.5 / 28]
    assert anchors[2].tolist() == [1.5 / 28, 0.5 / 28]
    assert anchors[1568].tolist() == [0.5 / 14, 0.5 / 14]
    assert (anchors[1960:1966] == 0.5 / 7).all()


def test_decoding_is_relative_to_the_anchor_and_in_input_pixels() -> None:
    raw = np.zeros((2, 12), np.float32)
    raw[1] = [22.4, -22.4, 44.8, 67.2, 224, 0, 0, 224, 0, 0, 0, 0]
    points, scores = decode(raw, np.array([-5, 5], np.float32), np.array([[0.1, 0.1], [0.5, 0.5]]), 0.5)
    assert scores == pytest.approx([1 / (1 + np.exp(-5))])
    assert points[0] == pytest.approx(
        np.array([[0.5, 0.25], [0.7, 0.55], [1.5, 0.5], [0.5, 1.5], [0.5, 0.5], [0.5, 0.5]])
    )


def test_boxes_of_negative_size_or_nan_are_dropped_and_huge_logits_do_not_overflow() -> None:
    raw = np.zeros((3, 12), np.float32)
    raw[0, 2] = -1
    raw[1, 3] = np.nan
    points, scores = decode(raw, np.array([9, 9, 1e30], np.float32), np.zeros((3, 2)), 0.5)
    assert len(points) == 1
    assert scores.tolist() == [1.0]


def box(left: float, top: float, side: float) -> np.ndarray:
    return np.array([[left, top], [left + side, top + side], *[[left, top]] * 4], float)


def test_overlapping_boxes_become_their_mean_weighted_by_score() -> None:
    kept = suppress(np.stack([box(0, 0, 1), box(0.2, 0, 1), box(5, 5, 1)]), np.array([0.9, 0.6, 0.7]))
    assert [score for score, _ in kept] == [0.9, 0.7]
    assert kept[0][1] == pytest.approx(box(0.2 * 0.6 / 1.5, 0, 1))
    assert kept[1][1] == pytest.approx(box(5, 5, 1))


def test_overlap_must_exceed_three_tenths() -> None:
    # Intersection over union of unit squares that share a strip of width w is w / (2 - w).
    apart = suppress(np.stack([box(0, 0, 1), box(1 - 0.46, 0, 1)]), np.array([0.9, 0.8]))
    together = suppress(np.stack([box(0, 0, 1), box(1 - 0.47, 0, 1)]), np.array([0.9, 0.8]))
    assert (len(apart), len(together)) == (2, 1)


def test_boxes_without_area_neither_vanish_nor_hang() -> None:
    assert len(suppress(np.stack([box(0, 0, 0), box(0, 0, 0)]), np.array([0.9, 0.8]))) == 2
