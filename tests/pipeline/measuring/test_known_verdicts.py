"""On real photos: what mp.solutions gets there, ours must get."""

from pathlib import Path

import pytest

from posegloss.pipeline.measuring.annotations.reading import read_annotations, read_list
from posegloss.pipeline.measuring.result import Result
from posegloss.pipeline.measuring.run import measure
from posegloss.pipeline.measuring.systems import BlazePose

PEOPLE = 20


@pytest.fixture
def lspet(shared_data: Path) -> Path:
    folder = shared_data / "photos" / "lspet"
    if not folder.is_dir():
        pytest.skip(f"needs the photos of {folder}")
    return folder


def test_full_on_photos_of_leeds_sports_pose_extended(lspet: Path) -> None:
    first = sorted(read_list(lspet / "upright400.json", "validation"))[:PEOPLE]
    annotations = read_annotations(lspet / "joints.npz").of_images(first)
    systems = [BlazePose("full"), BlazePose("full", true_region=True)]
    result = Result.of(annotations, measure(annotations, lspet / "images.tar", systems), [0.2])
    assert len(result.points) == 12
    free, true = result.rows
    # 144 and 175 of 240 points; another processor's rounding may move one or two over the threshold.
    assert free.pck[0].value * 240 == pytest.approx(144, abs=3)
    assert true.pck[0].value * 240 == pytest.approx(175, abs=3)
    # The detector sees nobody in one photo, and the network believes it of another.
    assert (free.found, true.found) == (0.9, 1.0)
