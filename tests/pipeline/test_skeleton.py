import numpy as np

from posegloss.pipeline.skeleton import BONES, INDEX, KEYPOINT_NAMES, MIRROR


def test_order_is_that_of_blazepose() -> None:
    assert len(KEYPOINT_NAMES) == 33
    assert [INDEX[n] for n in ("nose", "left_shoulder", "right_wrist", "left_index", "right_foot_index")] == [
        *(0, 11, 16, 19, 32)
    ]


def test_mirroring_twice_changes_nothing_and_swaps_sides() -> None:
    assert (MIRROR[MIRROR] == np.arange(33)).all()
    assert MIRROR[0] == 0
    for point, other in enumerate(MIRROR):
        assert KEYPOINT_NAMES[point].replace("left", "?").replace("right", "?") == KEYPOINT_NAMES[other].replace(
            "left", "?"
        ).replace("right", "?")


def test_bones_are_the_35_of_mediapipe_and_stay_bones_when_mirrored() -> None:
    assert len(set(BONES)) == 35
    as_sets = {frozenset(bone) for bone in BONES}
    assert {frozenset((int(MIRROR[a]), int(MIRROR[b]))) for a, b in BONES} == as_sets
