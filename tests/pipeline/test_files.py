from collections.abc import Callable
from pathlib import Path

import pytest

from posegloss.pipeline.files import remove_leftovers, whole_file


def fail_after(write: Callable[[str], int], text: str) -> None:
    write(text)
    raise KeyError


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with whole_file(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.suffix == ".txt"
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_it(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as part:
        part.write_text("x")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_after_an_error_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(KeyError), whole_file(path) as part:
        fail_after(part.write_text, "half")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"), whole_file(tmp_path / "none" / "a"):
        pass


def test_a_full_disk_leaves_nothing_behind(small_disk: Path) -> None:
    with pytest.raises(OSError, match="No space"), whole_file(small_disk / "a") as part:
        part.write_bytes(bytes(2**20))
    assert list(small_disk.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = whole_file(tmp_path / "a.json", sync=False)
    part = left.__enter__()
    (tmp_path / "a.json").write_text("whole")
    remove_leftovers(tmp_path)
    assert not part.exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "a.json"]
