import numpy as np
import pytest

from posegloss.pipeline import models
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.image_network import ImageNetwork
from posegloss.pipeline.landmarks import LandmarkModel


def test_a_network_without_the_wanted_outputs_is_refused_by_name() -> None:
    with pytest.raises(WeightsError, match=r"lacks the outputs heatmap .*it has"):
        ImageNetwork(models.load(models.DETECTOR), {"heatmap": (1, 64, 64, 39)}, low=0, high=1, threads=1)
    with pytest.raises(WeightsError, match="lacks the outputs"):
        LandmarkModel(models.load(models.DETECTOR))
    with pytest.raises(WeightsError, match="lacks the outputs"):
        PoseDetector(models.load("full"))


def test_what_is_not_a_network_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WeightsError, match="cannot be loaded"):
        ImageNetwork(b"TFL3" * 100, {}, low=0, high=1, threads=1)
    assert "INFO" not in capfd.readouterr().err


def test_pixels_reach_the_network_in_its_range() -> None:
    outputs = {"boxes": (1, 2254, 12)}
    network = ImageNetwork(models.load(models.DETECTOR), outputs, low=-1, high=1, threads=1)
    picture = np.zeros((224, 224, 3), np.uint8)
    picture[0, 0], picture[0, 1] = 255, 51
    network(picture)
    seen = network._interpreter.get_tensor(network._interpreter.get_input_details()[0]["index"])
    assert seen[0, 0, :3, 0] == pytest.approx([1, -0.6, -1])


def test_an_output_that_is_optional_may_be_missing() -> None:
    outputs = {"boxes": (1, 2254, 12), "heatmap": (1, 64, 64, 39)}
    network = ImageNetwork(models.load(models.DETECTOR), outputs, low=-1, high=1, threads=1, optional=("heatmap",))
    assert list(network(np.zeros((224, 224, 3), np.uint8))) == ["boxes"]
