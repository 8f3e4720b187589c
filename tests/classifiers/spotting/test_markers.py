from dataclasses import asdict, replace
from pathlib import Path

import pytest

from posegloss.classifiers.spotting.markers import Making, Marker, claim_names, read_markers, renderings

MAKING = Making("1.0", "abc", None, False, {"on": 0.5}, "def")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def video(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def claimed(out: Path, *videos: Path) -> list[str]:
    return claim_names(out, videos, read_markers(out))


def test_videos_of_the_same_name_get_names_of_their_own_and_keep_them(tmp_path: Path, out: Path) -> None:
    a, b, c = (
        video(tmp_path, f"{folder}/Talk{suffix}") for folder, suffix in (("a", ".mp4"), ("b", ".mp4"), ("a", ".mov"))
    )
    assert claimed(out, a, b) == ["Talk", "Talk-2"]
    assert claimed(out, c, b, a) == ["Talk-3", "Talk-2", "Talk"]
    assert claimed(out, video(tmp_path, "d/talk.mp4")) == ["talk-4"], "upper and lower case are one on some disks"


@pytest.mark.parametrize("file", ["talk.eaf", "talk.mp4", "talk.json", "Talk.VTT"])
def test_files_of_others_are_let_be(tmp_path: Path, out: Path, file: str) -> None:
    (out / file).write_text("[]")
    assert claimed(out, video(tmp_path, "a/talk.mp4")) == ["talk-2"]
    assert (out / file).read_text() == "[]"


def test_the_name_of_a_video_that_is_gone_is_free(tmp_path: Path, out: Path) -> None:
    gone = video(tmp_path, "a/talk.mp4")
    assert claimed(out, gone) == ["talk"]
    gone.unlink()
    assert claimed(out, video(tmp_path, "b/talk.mp4")) == ["talk"]


def test_what_was_drawn_is_nobodys_to_annotate(tmp_path: Path, out: Path) -> None:
    claimed(out, video(tmp_path, "a/talk.mp4"))
    assert renderings(out) == {(out / "talk.mp4").resolve()}
    assert renderings(tmp_path / "nowhere") == set()


def test_results_are_there_if_all_of_them_are_and_nothing_has_changed(tmp_path: Path, out: Path) -> None:
    making = MAKING.of_file(video(tmp_path, "a/talk.mp4"))
    marker = Marker("/talk.mp4", asdict(making), rendered=False)
    assert not marker.holds(out, "talk", making, render=False), "no file"
    for suffix in (".json", ".csv", ".vtt", ".eaf"):
        (out / f"talk{suffix}").touch()
    (out / "talk.json").write_text(marker.text)
    assert Marker.read(out / "talk.json") == marker
    assert marker.holds(out, "talk", making, render=False)
    assert not marker.holds(out, "talk", making, render=True)
    for change in (
        {"model": "other"},
        {"boundaries": "other"},
        {"threshold": 0.5},
        {"unsure": True},
        {"size": 9},
        {"mtime_ns": 1},
    ):
        assert not marker.holds(out, "talk", replace(making, **change), render=False), change
    assert not Marker("/talk.mp4").holds(out, "talk", making, render=False), "only claimed"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"video": 3}', '{"video": "/a", "more": 1}', "[" * 10_000, "\0"])
def test_what_is_no_marker_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert Marker.read(tmp_path / "a.json") is None
