"""The int8 networks: that they see what the float ones see, and how they are made and kept."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from posegloss.pipeline import int8, models
from posegloss.pipeline.errors import SettingsError, StoreError, WeightsError
from posegloss.pipeline.extract import ExtractionSettings, extract
from posegloss.pipeline.quantize import Activation
from posegloss.pipeline.running import worker
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.tracker import PoseTracker

from ..cli.running import run

AVATAR = Path(__file__).parent.parent / "data" / "avatar.mp4"
VISIBLE = 0.5


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache without int8 networks; the weights themselves are those of this machine."""
    for name in ("lite", models.DETECTOR):
        models.fetch(name)
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(models.cache_folder()))
    folder = tmp_path / "cache"
    monkeypatch.setattr(models, "cache_folder", lambda: folder)
    yield folder
    assert not list(folder.glob(".*")), "a half-written file was left"


@pytest.mark.parametrize(("model", "median_px", "p90_px"), [("full", 2, 6), ("lite", 4, 10)])
def test_the_avatar_is_tracked_as_by_the_float_network(model: str, median_px: float, p90_px: float) -> None:
    real = extract(AVATAR, model=model, end_s=2)
    whole = extract(AVATAR, model=model, end_s=2, precision="int8")
    assert whole.present.all()
    offset = (real.keypoints[..., :2] - whole.keypoints[..., :2]) * real.size
    distance = np.hypot(offset[..., 0], offset[..., 1])[real.keypoints[..., 3] > VISIBLE]
    assert 0 < np.median(distance) < median_px
    assert np.quantile(distance, 0.9) < p90_px
    assert np.abs(real.keypoints[..., 3] - whole.keypoints[..., 3]).mean() < 0.05


@pytest.mark.parametrize("model", models.LANDMARK_MODELS)
def test_most_of_the_network_is_int8_and_its_ends_are_not(model: str) -> None:
    interpreter = Interpreter(model_content=int8.load(model, "int8"))
    kinds = [tensor["dtype"] for tensor in interpreter.get_tensor_details()]
    assert kinds.count(np.int8) > 100
    ends = [*interpreter.get_input_details(), *interpreter.get_output_details()]
    assert {end["dtype"] for end in ends} == {np.float32}
    assert len(ends) == 5, "picture; landmarks, heatmap, person and world, but no segmentation"


def test_the_same_network_is_made_again_and_kept(cache: Path) -> None:
    made = int8.load("lite", "int8")
    path = int8.cached_path("lite")
    assert path.read_bytes().startswith(made)
    before = path.stat().st_mtime_ns
    assert int8.load("lite", "int8") == made
    assert path.stat().st_mtime_ns == before, "made again though it was there"
    path.unlink()
    assert int8.load("lite", "int8") == made


@pytest.mark.parametrize("damage", [lambda file: file[:-1], lambda file: b"", lambda file: b"x" + file[1:]])
def test_what_is_damaged_in_the_cache_is_made_anew(cache: Path, damage) -> None:
    made = int8.load("lite", "int8")
    path = int8.cached_path("lite")
    path.write_bytes(damage(path.read_bytes()))
    assert int8.load("lite", "int8") == made
    assert path.read_bytes().startswith(made)


def test_processes_that_start_at_once_leave_one_whole_network(tmp_path: Path) -> None:
    models.fetch("lite")
    code = "from posegloss.pipeline import int8; import hashlib; print(len(int8.load('lite', 'int8')))"
    env = {**os.environ, models.FOLDER_VARIABLE: str(models.cache_folder()), "XDG_CACHE_HOME": str(tmp_path)}
    running = [
        subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert len({process.communicate()[0] for process in running}) == 1
    assert [process.returncode for process in running] == [0, 0, 0]
    (path,) = tmp_path.rglob("*.int8-*")
    assert path.read_bytes().startswith(int8.load("lite", "int8"))


def test_without_a_cache_that_can_be_written_it_is_made_each_time(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = int8.load("lite", "int8")
    (tmp_path / "file").touch()
    monkeypatch.setattr(models, "cache_folder", lambda: tmp_path / "file" / "weights")
    assert int8.load("lite", "int8") == made


def test_a_worker_only_reads_the_network_that_was_made_before() -> None:
    settings = ExtractionSettings(precision="int8")
    worker.start(settings, 1)
    before = time.process_time()  # not the clock on the wall: others may be at work on this machine
    worker.start(settings, 1)
    assert time.process_time() - before < 0.8


@pytest.fixture
def altered_table(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    with np.load(int8.TABLE) as table:
        arrays = dict(table)
    request.param(arrays)
    path = tmp_path / "table.npz"
    np.savez(path, **arrays)
    return path


def of_other_weights(arrays: dict[str, np.ndarray]) -> None:
    arrays["lite.sha256"] = np.array("0" * 64)


def without_lite(arrays: dict[str, np.ndarray]) -> None:
    for name in [name for name in arrays if name.startswith("lite.")]:
        del arrays[name]


def of_another_length(arrays: dict[str, np.ndarray]) -> None:
    arrays["lite.bounds"] = arrays["lite.bounds"][:-1]


@pytest.mark.parametrize(
    ("altered_table", "told"),
    [
        (of_other_weights, "measured on another pose_landmark_lite.tflite .sha256 000000000000"),
        (without_lite, "cannot be read for the network 'lite'"),
        (of_another_length, "cannot be read for the network 'lite'"),
    ],
    indirect=["altered_table"],
)
def test_a_table_that_does_not_fit_is_refused(cache: Path, altered_table: Path, told: str) -> None:
    with pytest.raises(WeightsError, match=told):
        int8.load("lite", "int8", table=altered_table)


@pytest.mark.parametrize("content", [None, b"", b"no table"])
def test_a_table_that_is_missing_or_damaged_is_refused(cache: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "table.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"table.npz cannot be read.*install posegloss"):
        int8.load("lite", "int8", table=path)


def test_another_table_gives_another_file(cache: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    other.write_bytes(int8.TABLE.read_bytes() + b" ")
    assert int8.cached_path("lite", other) != int8.cached_path("lite")


@pytest.mark.parametrize(("low", "high"), [(0.0, 6.0), (-3.0, 5.0), (-2.0, -1.0), (1.0, 2.0), (0.0, 0.0)])
def test_zero_and_the_bounds_are_on_the_grid(low: float, high: float) -> None:
    scale, zero_point = Activation(low, high, np.zeros(1)).grid()
    assert -128 <= zero_point <= 127
    for value in (low, high):
        whole = np.rint(value / scale) + zero_point
        assert -129 <= whole <= 128
        assert abs(scale * (whole - zero_point) - value) <= scale


def test_a_precision_that_does_not_exist() -> None:
    for make in (PoseTracker, ExtractionSettings):
        with pytest.raises(SettingsError, match="no precision 'int4'; choose one of float, int8"):
            make(precision="int4")


def test_the_mediapipe_backend_has_no_int8() -> None:
    with pytest.raises(SettingsError, match="mediapipe has no precision int8"):
        ExtractionSettings(backend="mediapipe", precision="int8")


def test_stores_of_two_precisions_are_not_mixed(tmp_path: Path) -> None:
    real, whole = ExtractionSettings(), ExtractionSettings(precision="int8")
    KeypointStore.create(tmp_path / "whole", whole.to_dict())
    assert KeypointStore.open(tmp_path / "whole").settings["precision"] == "int8"
    with pytest.raises(StoreError, match="precision"):
        KeypointStore.create(tmp_path / "whole", real.to_dict())
    KeypointStore.create(tmp_path / "real", real.to_dict())
    with pytest.raises(StoreError, match="precision"):
        KeypointStore.create(tmp_path / "real", whole.to_dict())


def test_a_store_of_before_there_was_a_precision_goes_on_as_float(tmp_path: Path) -> None:
    before = {"model": "full", "backend": "blazepose", "smooth": True, "static": False, "world": False}
    KeypointStore.create(tmp_path / "store", before)
    assert ExtractionSettings(**before).precision == "float"
    KeypointStore.create(tmp_path / "store", ExtractionSettings(precision="float").to_dict())


def test_the_command_extracts_in_int8_and_says_so_in_the_store(tmp_path: Path) -> None:
    ran = run("extract", AVATAR, "--out", tmp_path / "store", "--model", "lite", "--precision", "int8")
    assert ran.code == 0, ran.err
    store = KeypointStore.open(tmp_path / "store")
    assert store.settings["precision"] == "int8"
    (clip,) = store.clips()
    assert clip.sequence.present.all()
    again = run("extract", AVATAR, "--out", tmp_path / "store", "--model", "lite")
    assert (again.code, "other settings" in again.said) == (2, True)


def test_the_command_says_which_precisions_there_are(tmp_path: Path) -> None:
    ran = run("extract", AVATAR, "--out", tmp_path / "store", "--precision", "int4")
    assert (ran.code, "choose one of float, int8" in ran.said) == (2, True)
