import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from .made_videos import avatar_images, write_clip
from .remote import TwoNodes, s3_with_a_bucket

MakeVideo = Callable[..., Path]


@pytest.fixture(scope="session")
def avatar_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames, 320x240, of the avatar performing one gloss."""
    return write_clip(tmp_path_factory.mktemp("avatar") / "avatar.mp4", avatar_images(40))


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Writes small videos into the test's folder: a name, and what ``made_videos.write_clip`` takes."""

    def make(name: str = "clip.mp4", *arguments: Any, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_clip(path, *arguments, **options)

    return make


@pytest.fixture(scope="session")
def shared_data(pytestconfig: pytest.Config) -> Path:
    """The folder of real clips that lies beside the checkout; the test is skipped where there is none."""
    folder = pytestconfig.rootpath.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the real clips of {folder}")
    return folder


def fill_disk(folder: Path) -> None:
    """Leave no room on the disk of a folder, by a file named ballast."""
    with (folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own of 400 KiB; skipped where no such disk can be made."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("making a small disk needs the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Mapping[str, str]]:
    """The environment that reaches an S3 server of the test's own; skipped where moto is not installed."""
    pytest.importorskip("moto.server", reason="needs moto's S3 server (the dev extra)")
    with s3_with_a_bucket() as environment:
        yield environment


@pytest.fixture
def s3(s3_server: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A URI in that server's bucket, which this process and its children reach."""
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    return f"s3://bucket/{uuid.uuid4().hex}/store"


@pytest.fixture(scope="session")
def cluster(s3_server: Mapping[str, str]) -> Iterator[TwoNodes]:
    """A Ray cluster of two nodes, which reach the S3 server; skipped where Ray is not installed."""
    pytest.importorskip("ray", reason='needs Ray: pip install "posegloss[ray]"')
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_server.items():
            patch.setenv(name, value)
        cluster = TwoNodes()
    try:
        yield cluster
    finally:
        cluster.shut_down()
