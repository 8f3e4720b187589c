"""Held against landmarks that mp.solutions.pose 0.10.21 gave for a video of our avatar.

The record is made by `python -m benchmarks.parity --record`; `make parity` compares on real clips and photos, too.
"""

import numpy as np
import pytest

from benchmarks.parity import MODES, RECORD, RECORD_VIDEO, Mode, compare, frames_of, run_ours


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_landmarks_are_those_of_mp_solutions(mode: Mode) -> None:
    images = frames_of(RECORD_VIDEO)
    with np.load(RECORD) as record:
        reference = record[mode.name]
    difference = compare(reference, run_ours(images, **mode.ours), [images[0].shape[1::-1]] * len(images))
    assert difference.frames == 77
    assert difference.with_pose == 77
    assert difference.within(mode), difference


def test_the_comparison_notices_a_missing_pose_and_a_shift() -> None:
    with np.load(RECORD) as record:
        reference = record["static"]
    sizes = [(640, 480)] * len(reference)
    assert compare(reference, reference, sizes).within(MODES[0])
    one_missing = reference.copy()
    one_missing[5] = np.nan
    assert not compare(reference, one_missing, sizes).within(MODES[0])
    shifted = reference + np.array([0.5 / 640, 0, 0, 0], np.float32)
    assert not compare(reference, shifted, sizes).within(MODES[0])


def test_world_landmarks_and_visibility_are_those_of_mp_solutions() -> None:
    from posegloss.pipeline.tracker import PoseTracker

    images = frames_of(RECORD_VIDEO)[::8]
    tracker = PoseTracker(static=True)
    with np.load(RECORD) as record:
        reference, world = record["static"][::8], record["static_world"][::8]
    poses = [pose for image in images if (pose := tracker.update(image, 0.0))]
    assert np.stack([pose.world for pose in poses]) == pytest.approx(world, abs=0.005)
    assert np.stack([pose.keypoints[:, 3] for pose in poses]) == pytest.approx(reference[..., 3], abs=0.01)
    assert np.stack([pose.keypoints[:, 2] for pose in poses]) == pytest.approx(reference[..., 2], abs=0.01)
