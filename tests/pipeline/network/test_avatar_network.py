"""What is trained and exported here tracks a signer whom it never saw."""

import numpy as np
import pytest

from posegloss.datasets.avatar import Signer, perform
from posegloss.pipeline.measuring.pck import PAPERS_THRESHOLD, relative_distances, share_within
from posegloss.pipeline.measuring.people import HIPS, SHOULDERS
from posegloss.pipeline.skeleton import INDEX, UPPER_BODY
from posegloss.pipeline.tracker import PoseTracker

from .make_avatar_network import NETWORK, SIGNERS

ARMS = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist")]


@pytest.mark.parametrize(("signer", "sign"), [(SIGNERS + 1, "FOREHEAD-OUT"), (SIGNERS + 2, "CHEST-CIRCLE")])
def test_it_follows_a_signer_from_frame_to_frame(signer: int, sign: str) -> None:
    performance = perform(Signer.random(signer), [sign], take=0, seed=1)
    truth, size = performance.truth.keypoints, performance.size
    tracker = PoseTracker(NETWORK)
    poses = [
        tracker.update(image, timestamp)
        for image, timestamp in zip(performance.frames(), performance.truth.timestamps, strict=True)
    ]
    assert all(poses)
    # The detector was asked once: all other frames follow from the network's own alignment points.
    assert [place for place, pose in enumerate(poses) if pose and pose.people is not None] == [0]
    found = np.array([pose.keypoints for pose in poses if pose])
    places, wanted = found[..., :2] * size, truth[..., :2] * size
    torso = np.hypot(*np.moveaxis(wanted[:, SHOULDERS].mean(axis=1) - wanted[:, HIPS].mean(axis=1), -1, 0))
    wanted[truth[..., 3] == 0] = np.nan
    distances = relative_distances(wanted, places, torso)
    for points in (UPPER_BODY, ARMS):
        assert share_within(distances[:, points], PAPERS_THRESHOLD) > 0.75
