"""Subtitles as a browser would read them, by the parts of the WebVTT grammar that we write."""

import re
from html import unescape
from pathlib import Path

import pytest

from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.webvtt import write_vtt

_TIMES = re.compile(r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3}) --> (\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})")


def read_vtt(path: Path) -> list[tuple[str, float, float]]:
    """Text, start and end of every cue; an AssertionError where the file is not as we mean to write it."""
    head, *blocks = path.read_text("utf-8").removesuffix("\n").split("\n\n")
    assert head.strip() == "WEBVTT"
    cues = []
    for block in blocks:
        if block.startswith("NOTE "):
            assert "-->" not in block
            continue
        times, *text = block.split("\n")
        found = _TIMES.fullmatch(times)
        assert found, times
        h, m, s, ms, *end = map(int, found.groups())
        cues.append((h * 3600 + m * 60 + s + ms / 1000, end[0] * 3600 + end[1] * 60 + end[2] + end[3] / 1000, text))
        assert len(text) == 1
        assert not re.search(r"<|>|&(?!amp;|lt;|gt;)", text[0])
    assert all(start < end for start, end, _ in cues)
    assert [start for start, _, _ in cues] == sorted(start for start, _, _ in cues)
    return [(unescape(text[0]), start, end) for start, end, text in cues]


def test_cues_come_in_order_and_last(tmp_path: Path) -> None:
    spans = [GlossSpan("TREE", 59.9996, 61.5), GlossSpan("HOUSE", 0.5, 0.5), GlossSpan("WOOD", 360_000, 360_001.25)]
    write_vtt(tmp_path / "a.vtt", spans, "made by hand --> & such")
    assert read_vtt(tmp_path / "a.vtt") == [
        ("HOUSE", 0.5, 0.501),
        ("TREE", 60.0, 61.5),
        ("WOOD", 360_000, 360_001.25),
    ]


@pytest.mark.parametrize("gloss", ["A --> B", "<b>A</b>", "A & B &amp;", "BÄUME", "水"])
def test_any_gloss_is_text(tmp_path: Path, gloss: str) -> None:
    write_vtt(tmp_path / "a.vtt", [GlossSpan(gloss, 1, 2), GlossSpan("B", 2, 3)])
    assert read_vtt(tmp_path / "a.vtt") == [(gloss, 1, 2), ("B", 2, 3)]


def test_no_gloss_ends_its_cue(tmp_path: Path) -> None:
    write_vtt(tmp_path / "a.vtt", [GlossSpan("A\n\n00:00:01.000 --> 00:00:02.000\r\u2028B\0", 1, 2)])
    ((text, _, _),) = read_vtt(tmp_path / "a.vtt")
    assert text.split() == ["A", "00:00:01.000", "-->", "00:00:02.000", "B"]


def test_no_cue_at_all(tmp_path: Path) -> None:
    write_vtt(tmp_path / "a.vtt", [])
    assert (tmp_path / "a.vtt").read_text() == "WEBVTT\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"a\.vtt cannot be written"):
        write_vtt(tmp_path / "nowhere" / "a.vtt", [])
