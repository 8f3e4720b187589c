from collections.abc import Callable
from pathlib import Path

import pytest

from posegloss.pipeline.files import files_below, remove_leftovers, whole_file


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


def test_files_below_are_those_at_any_depth_in_order(tmp_path: Path) -> None:
    for name in ("b/2", "b/c/1", "a", "b.x", ".hidden/1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert files_below(tmp_path) == sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_files_below_follow_links_and_end_where_links_go_round(tmp_path: Path) -> None:
    folders = [tmp_path / "in" / "b", tmp_path / "in" / "a", tmp_path / "out" / "c"]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "file").touch()
        # Up, and to one another.
        for number, other in enumerate((folder.parent, *folders)):
            (folder / f"link{number}").symlink_to(other)
    (tmp_path / "in" / "self").symlink_to("self")
    inside = tmp_path / "in"
    # The third is first found from "a", and its parent from there.
    assert files_below(inside) == [inside / "a" / "file", inside / "a" / "link3" / "file", inside / "b" / "file"]


def test_files_below_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files_below(tmp_path / "gone")
