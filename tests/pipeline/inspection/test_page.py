"""The page of a clip: as a browser's parser reads it."""

import base64
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.inspection.page import page_name, render_page, write_page
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import HOLISTIC75, INDEX, LAYOUTS, hand_points
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.provenance import Origin, Provenance

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=\"alert('2')\">&amp;{{ 7 * 7 }}"


class Page(HTMLParser):
    """A page's elements, and its text outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._text: list[str] = []
        self._in: str | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._text).split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attributes)))
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = None

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "style":
            self._text.append(data)

    def having(self, tag: str, css_class: str) -> list[dict[str, str | None]]:
        return [a for name, a in self.elements if name == tag and css_class in (a.get("class") or "").split()]

    @property
    def motion(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.scripts[0])
        return loaded


def make_sequence(frames: int = 50, missing: slice = slice(0, 0), **options: Any) -> KeypointSequence:
    generator = np.random.default_rng(0)
    keypoints = generator.uniform(0.1, 0.9, (frames, 33, 4)).astype(np.float32)
    keypoints[:, INDEX["right_ankle"], :2] = (-0.4, 1.7)
    keypoints[:, INDEX["left_ankle"]] = np.nan
    keypoints[missing] = np.nan
    times = np.arange(frames) / 25
    return KeypointSequence(keypoints, times, (640, 480), **options)


def page_of(sequence: KeypointSequence, clip_id: str = "a.mp4", **options: Any) -> Page:
    return Page(render_page(Clip(clip_id, sequence, **options)))


def unpacked(motion: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raw = {name: base64.b64decode(motion[name]) for name in ("places", "visibility", "times")}
    places = np.frombuffer(raw["places"], "<u2").reshape(-1, 33, 2)
    known = np.where(places == motion["missing"], np.nan, places * motion["unit"] + motion["least"])
    return known, np.frombuffer(raw["visibility"], "u1").reshape(-1, 33) / 255, np.frombuffer(raw["times"], "<f4")


def test_the_page_tells_what_the_store_says() -> None:
    sequence = make_sequence(source="/videos/a.mp4", warnings=["several people: 2 in 3 of 50 frames"])
    origin = Origin("/videos/a.mp4", 12_345, 1, "c0ffee")
    made = Provenance(origin, "heavy", '{"smooth": true}', "0.2", datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
    page = Page(render_page(Clip("a.mp4", sequence, "WAVE", "ada", "train", True, made)))
    for told in (
        *("a.mp4", "/videos/a.mp4", "WAVE", "ada", "train", "640 x 480", "25 a second", "2.00 s", "several people: 2"),
        *("SYNTHETIC", "12,345 bytes", "c0ffee", "heavy", '{"smooth": true}'),
        "2030-01-02 03:04:05 UTC, by posegloss 0.2",
    ):
        assert told in page.text


def test_what_was_not_recorded_is_not_told() -> None:
    text = page_of(make_sequence(missing=slice(0, 1))).text
    assert not any(name in text for name in ("None", "sha256", " gloss ", "signer"))


def test_other_peoples_text_stays_text() -> None:
    sequence = make_sequence(5, source=HOSTILE, warnings=[HOSTILE])
    made = Provenance(Origin(HOSTILE, 1, 1, HOSTILE), HOSTILE, HOSTILE, HOSTILE, datetime.now(UTC))
    page = page_of(sequence, HOSTILE, gloss=HOSTILE, signer=HOSTILE, split=HOSTILE, provenance=made)
    assert len(page.scripts) == 2
    assert not any("alert" in script for script in page.scripts)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert [(a["src"] or "")[:22] for tag, a in page.elements if tag == "img"] == ["data:image/png;base64,"]
    assert page.text.count("<script>alert(1)</script>") >= 10
    assert "{{ 7 * 7 }}" in page.text


def test_the_page_needs_nothing_else() -> None:
    html = render_page(Clip("a", make_sequence()))
    page = Page(html)
    assert "://" not in html
    assert not any(tag in ("link", "iframe", "object", "base") for tag, _ in page.elements)
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_the_script_gets_the_points_that_the_tracker_saw() -> None:
    sequence = make_sequence(missing=slice(10, 20))
    motion = page_of(sequence).motion
    places, visibility, times = unpacked(motion)
    np.testing.assert_allclose(places, sequence.keypoints[..., :2], atol=1e-4)
    np.testing.assert_allclose(visibility, sequence.visibility, atol=0.003)
    np.testing.assert_allclose(times, sequence.timestamps, atol=1e-5)
    assert (motion["step"], motion["size"]) == (1, [640, 480])
    assert motion["pointSides"][INDEX["left_wrist"]] == "left"


def test_frames_without_a_person_are_told_and_marked() -> None:
    sequence = make_sequence(missing=slice(10, 20))
    page = page_of(sequence)
    assert "10 of 50 frames (20.0 %) in 1 run, marked below: frames 10 to 19 (0.40 to 0.80 s)." in page.text
    marks = page.having("path", "absent")
    # The visibility, three plots of the wrists, the frame intervals.
    assert [mark["d"] for mark in marks] == ["M200 0H400V100H200z"] * 5
    assert page.text.count("no person") == sum(10 <= f < 20 for f in np.linspace(0, 49, 12).round())


def test_a_clip_with_everybody_there_marks_nothing() -> None:
    page = page_of(make_sequence())
    assert not page.having("path", "absent")
    assert "Frames without a person None." in page.text


def test_many_runs_are_summed_up() -> None:
    keypoints = np.array(make_sequence(100).keypoints)
    keypoints[::2] = np.nan
    page = page_of(KeypointSequence(keypoints, np.arange(100) / 25, (640, 480)))
    assert "in 50 runs" in page.text
    assert "and 38 more." in page.text


def test_stills_are_there_without_a_script() -> None:
    page = page_of(make_sequence())
    views = [a["viewbox"] for tag, a in page.elements if tag == "svg" and "viewbox" in a]
    assert views.count("0 0 160 120") == 12
    assert page.having("path", "left")


def test_irregular_timestamps_are_told() -> None:
    times = np.arange(50) / 25
    assert "regular" in page_of(make_sequence()).text
    times[20:] += 0.5
    page = page_of(KeypointSequence(make_sequence().keypoints, times, (640, 480)))
    assert "40 ms in the median, from 40 to 540 ms; 1 of 49 are off by more than 10% of the median" in page.text


def test_a_clip_of_20_000_frames_is_thinned_and_says_so() -> None:
    sequence = make_sequence(20_000)
    html = render_page(Clip("long", sequence))
    page = Page(html)
    places, _, times = unpacked(page.motion)
    assert len(html) < 1_500_000
    assert (page.motion["step"], len(places), len(times)) == (5, 4000, 4000)
    np.testing.assert_allclose(places, sequence.keypoints[::5, :, :2], atol=1e-4)
    assert "the skeleton shows every 5th frame" in page.text
    assert "more frames than a plot has room for" in page.text


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_very_short_clips(frames: int) -> None:
    page = page_of(make_sequence(frames))
    assert bool(page.having("section", "player")) == bool(frames)
    assert ("The clip has no frames." in page.text) == (not frames)


def test_a_clip_in_which_nobody_is_seen() -> None:
    page = page_of(make_sequence(5, slice(None)))
    assert "5 of 5 frames (100.0 %)" in page.text
    assert page.text.count("no person") == 5


@pytest.mark.parametrize(
    ("clip_id", "name"),
    [
        ("gloss/clip 1.mp4", "gloss-clip-1.mp4.html"),
        ("../../etc/passwd", "etc-passwd.html"),
        ("film.mp4#1.5-3", "film.mp4-1.5-3.html"),
        ("заяц/ü.mp4", "заяц-ü.mp4.html"),
        ("///", "clip.html"),
        ("a\n\0b", "a-b.html"),
    ],
)
def test_a_page_has_a_name_that_every_system_takes(clip_id: str, name: str) -> None:
    assert page_name(clip_id) == name


def test_long_ids_that_differ_at_the_end_have_pages_of_their_own() -> None:
    names = {page_name(f"{'ж' * 300}#{i}") for i in range(3)}
    assert len(names) == 3
    assert all(len(name.encode()) <= 255 for name in names)


def test_a_page_is_written_into_a_new_folder(tmp_path: Path) -> None:
    out = write_page(Clip("ü", make_sequence(2)), tmp_path / "new" / "page.html")
    assert "<h1>ü</h1>" in out.read_text("utf-8")
    assert list(out.parent.iterdir()) == [out]


def test_a_page_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"page\.html cannot be written"):
        write_page(Clip("a", make_sequence(2)), tmp_path / "file" / "page.html")


def test_hands_are_on_the_page() -> None:
    layout = LAYOUTS[HOLISTIC75]
    keypoints = np.random.default_rng(0).uniform(0.1, 0.9, (6, 75, 4)).astype(np.float32)
    keypoints[..., 3] = 0.9
    keypoints[:, hand_points("right")] = np.nan
    page = page_of(KeypointSequence(keypoints, np.arange(6) / 25, (640, 480), layout=HOLISTIC75))
    assert [page.motion["pointSides"][layout.index[f"{side}_hand_wrist"]] for side in ("left", "right")] == [
        "left",
        "right",
    ]
    assert len(page.motion["bones"]) == len(page.motion["boneSides"]) == len(layout.bones)
    assert "left hand pinky tip 100 %" in page.text
    assert "right hand pinky tip 0 %" in page.text
    assert any("75 points" in (attributes.get("alt") or "") for tag, attributes in page.elements if tag == "img")
