import numpy as np
import pytest

from posegloss.classifiers.families.skeleton_graph import adjacency, edges, hops_from_centre
from posegloss.classifiers.input_points import INPUT_POINTS


@pytest.fixture(params=INPUT_POINTS.values(), ids=list(INPUT_POINTS))
def points(request):
    return request.param


def test_every_point_is_reached_from_the_shoulders(points):
    hops = hops_from_centre(points)
    assert np.isfinite(hops).all()
    assert hops[points.index["left_shoulder"]] == 0
    assert hops[points.index["nose"]] == 1
    assert hops[points.index["left_wrist"]] == 2
    if "left_hand_wrist" in points.index:
        assert hops[points.index["left_hand_index_finger_tip"]] == 7


def test_the_skeleton_is_its_own_mirror_image(points):
    both = {frozenset(edge) for edge in edges(points)}
    assert {frozenset(points.mirrored[list(edge)].tolist()) for edge in both} == both


def test_partitions(points):
    own, inner, outer = adjacency(points)
    wrist, elbow = points.index["left_wrist"], points.index["left_elbow"]
    assert inner[wrist, elbow] > 0
    assert outer[elbow, wrist] > 0
    assert inner[elbow, wrist] == outer[wrist, elbow] == own[wrist, elbow] == 0
    # The shoulders are each other's like.
    assert own[points.index["left_shoulder"], points.index["right_shoulder"]] > 0
    assert (np.diag(own) > 0).all()
    total = own + inner + outer
    np.testing.assert_allclose(total, total.T)
    assert np.abs(np.linalg.eigvalsh(total)).max() == pytest.approx(1, abs=1e-5)
