from pathlib import Path

import pytest

from posegloss.pipeline.errors import DiskFullError, StoreError
from posegloss.pipeline.running import growing_file
from posegloss.pipeline.running.growing_file import GrowingFile
from posegloss.pipeline.storing.storage import Storage

from ...conftest import fill_disk


def test_in_a_folder_all_is_there_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with GrowingFile(Storage(tmp_path), "a.txt") as file:
        assert (tmp_path / "a.txt").read_text() == ""
        file.write("one\n")
        assert (tmp_path / "a.txt").read_text() == "one\n"
        file.write("\udcff\n")
    assert (tmp_path / "a.txt").read_bytes() == b"one\n\\udcff\n"


def test_in_an_object_store_it_is_written_now_and_then_and_at_the_end(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(s3)
    with GrowingFile(storage, "a.txt") as file:
        file.write("one\n")
        file.write_if_due()
        assert storage.read("a.txt") == b""
        monkeypatch.setattr(growing_file, "_WRITE_S", 0.0)
        file.write_if_due()
        assert storage.read("a.txt") == b"one\n"
        file.write("\udcff\n")
    assert storage.read("a.txt") == b"one\n\\udcff\n"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"), GrowingFile(Storage(tmp_path / "none"), "a.txt"):
        pass


def test_a_full_disk_is_told_once_more_when_it_is_closed(small_disk: Path) -> None:
    file = GrowingFile(Storage(small_disk), "a.txt")

    def fill_and_write() -> None:
        fill_disk(small_disk)
        file.write("one\n")

    with pytest.raises(DiskFullError, match="full"), file:
        fill_and_write()
