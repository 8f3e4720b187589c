from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from posegloss.pipeline import models
from posegloss.pipeline.errors import SettingsError, WeightsError
from posegloss.pipeline.landmark_file import open_landmarks, read_unchanged, sha256_of
from posegloss.pipeline.landmarks import Landmarks
from posegloss.pipeline.roi import Image, RegionOfInterest

from ..made_videos import avatar_images
from .own_networks import of_constants, of_two_dimensions, without_maps

PICTURE = (1, 256, 256, 3)


@pytest.fixture(scope="module")
def image() -> Image:
    return avatar_images(1)[0]


def looked_at(model: str, image: Image) -> Landmarks:
    return open_landmarks(model)(image, RegionOfInterest.of_frame(image.shape[1], image.shape[0]))


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_a_network_by_its_path_is_the_one_of_that_name(tmp_path: Path, image: Image) -> None:
    mine, lite = (looked_at(model, image) for model in (written(tmp_path / "MY.TFLITE", models.load("lite")), "lite"))
    assert mine.person == lite.person > 0.5
    np.testing.assert_array_equal(mine.points, lite.points)
    np.testing.assert_array_equal(mine.world, lite.world)


def test_without_heatmaps_the_points_stay_as_they_are_regressed(tmp_path: Path, image: Image) -> None:
    mine, lite = (looked_at(model, image) for model in (written(tmp_path / "my.tflite", without_maps()), "lite"))
    assert mine.person == pytest.approx(lite.person)
    assert mine.points[:, 2] == pytest.approx(lite.points[:, 2], abs=1e-3)
    apart = np.linalg.norm((mine.points - lite.points)[lite.visibility > 0.5, :2], axis=1)
    assert 0.05 < np.median(apart) < 8, "near, but not refined"


def test_what_was_never_taught_is_not_known(tmp_path: Path, image: Image) -> None:
    mine, lite = (looked_at(model, image) for model in (written(tmp_path / "my.tflite", of_two_dimensions()), "lite"))
    assert np.isnan(mine.points[:, 2]).all()
    assert np.isnan(mine.world).all()
    np.testing.assert_array_equal(mine.points[:, :2], lite.points[:, :2])
    np.testing.assert_array_equal(mine.visibility, lite.visibility)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "TFL3 mark is missing"),
        (b"no network at all", "TFL3 mark is missing"),
        (models.load("lite")[:-1], "damaged"),
        (models.load("lite")[:5000], "damaged"),
        (models.load(models.DETECTOR), r"lacks the outputs landmarks \(1, 195\), person \(1, 1\), world \(1, 117\)"),
        (of_constants((1, 224, 224, 3)), "a side of 224 pixels, not 256"),
        (of_constants((1, 256, 256, 1)), r"reads \(1, 256, 256, 1\), not one picture"),
        (of_constants(PICTURE, (1, 4)), r"reads \(1, 256, 256, 3\) and \(1, 4\), not one picture"),
        (of_constants(), "reads nothing, not one picture"),
        (of_constants(PICTURE, kind=schema.TensorType.UINT8), "is of uint8, not of float32"),
    ],
)
def test_what_is_no_such_network_is_refused_by_its_path(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(WeightsError, match=rf"my\.tflite: .*{told}.*docs/extraction\.md"):
        open_landmarks(written(tmp_path / "my.tflite", content))


def test_all_that_is_needed_is_enough(tmp_path: Path, image: Image) -> None:
    assert looked_at(written(tmp_path / "my.tflite", of_constants(PICTURE)), image).person == 0


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.tflite").mkdir()
    for name, told in (("none.tflite", "No such file"), ("folder.tflite", "Is a directory"), ("\0.tflite", "null")):
        for read in (open_landmarks, sha256_of):
            with pytest.raises(WeightsError, match=rf"\.tflite cannot be read: .*{told}"):
                read(str(tmp_path / name))


def test_precisions(tmp_path: Path) -> None:
    mine = written(tmp_path / "my.tflite", models.load("lite"))
    with pytest.raises(SettingsError, match=r"my\.tflite cannot be run in int8, which there is of lite, full, heavy"):
        open_landmarks(mine, "int8")
    for model in (mine, "lite"):
        with pytest.raises(SettingsError, match="choose one of float, int8"):
            open_landmarks(model, "int4")


def test_a_file_that_has_changed_is_named(tmp_path: Path) -> None:
    mine = written(tmp_path / "my.tflite", models.load("lite"))
    assert sha256_of(mine) == models.weights_of("lite").sha256
    assert read_unchanged(mine, sha256_of(mine)) == models.load("lite")
    with pytest.raises(WeightsError, match=r"my\.tflite is not the network .* f17bfbecadb6, not 000000000000"):
        read_unchanged(mine, "0" * 64)
