"""The operator's view: what a store holds, and one of its clips as a page."""

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from posegloss.cli.words import data, duration, printable, share
from posegloss.pipeline.store import KeypointStore

HOSTILE = "[red]a[/red] \x1b[31m[/nonsense]\n.mp4"


@pytest.fixture
def store(made_up_store) -> Path:
    return made_up_store(("WAVE", "CHIN"), ("ada", "bob"))


def write_run(store: Path, **changed) -> None:
    now = datetime.now(UTC)
    state = {"pid": os.getpid(), "host": socket.gethostname(), "started": (now - timedelta(seconds=100)).isoformat()}
    state |= {"updated": now.isoformat(), "total": 40, "done": 8, "skipped": 10, "failed": 2, "frames": 2000}
    (store / "run.json").write_text(json.dumps(state | {"state": "running"} | changed))


def test_status_says_what_there_is(posegloss, store):
    ran = posegloss("status", store)
    assert (ran.code, ran.err) == (0, "")
    for told in (
        "8 clips, 2 glosses, 2 signers",
        "240 frames, 10 s",
        "25 (8 clips)",
        "640x480 (8 clips)",
        "hour of video",
    ):
        assert told in ran.out
    assert "failed" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_status_as_json_says_the_same(posegloss, store):
    write_run(store)
    ran = posegloss("status", store, "--json")
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    told = json.loads(ran.out)
    assert (told["clips"], told["glosses"], told["signers"], told["frames"]) == (8, 2, 2, 240)
    assert (told["run"]["state"], told["run"]["left"]) == ("running", 20)
    assert told["run"]["left_s"] == pytest.approx(200, abs=5)


def test_status_groups_failures_and_shows_the_first_of_each(posegloss, store):
    lines = [f"c{i},/v/c{i}.mp4,VideoError,/v/c{i}.mp4 ends after {i} frames" for i in range(3)]
    (store / "failures.csv").write_text("\n".join(["clip_id,path,error,reason", *lines, ""]))
    ran = posegloss("status", store)
    assert ran.code == 0
    assert "3  VideoError: FILE ends after N frames" in ran.out
    assert "c0: /v/c0.mp4 ends after 0 frames" in ran.out
    assert "c1" not in ran.out


def test_status_of_a_running_run(posegloss, store):
    write_run(store)
    out = posegloss("status", store).out
    assert "running for 1 min 40 s, time left 3 min" in out
    assert "20 of 40 clips (50 %), 20 frames/s" in out
    assert "8 extracted, 10 there already, 2 failed" in out


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"state": "finished"}, "finished"),
        ({"state": "interrupted"}, "interrupted; run the same command again to go on"),
        ({"state": "failed"}, "ended by an error; run the same command again to go on"),
        ({"updated": "2020-01-01T00:00:00+00:00"}, "stopped without saying so (killed?); run the same command again"),
    ],
)
def test_status_of_a_run_that_ended(posegloss, store, changed, told):
    write_run(store, **changed)
    ran = posegloss("status", store)
    assert ran.code == 0
    assert told in " ".join(ran.out.split())
    assert "time left" not in ran.out


def test_status_with_damaged_side_files_notes_them(posegloss, store):
    (store / "run.json").write_text("{")
    (store / "failures.csv").write_text("what?")
    ran = posegloss("status", store)
    assert ran.code == 0
    assert "8 clips" in ran.out
    assert ran.err.count("note: ") == 2
    assert len(json.loads(posegloss("status", store, "--json").out)["problems"]) == 2


def test_status_and_inspect_of_an_empty_store(posegloss, tmp_path):
    KeypointStore.create(tmp_path / "store", {})
    ran = posegloss("status", tmp_path / "store")
    assert (ran.code, ran.err) == (0, "")
    assert "0 clips" in ran.out
    ran = posegloss("inspect", tmp_path / "store")
    assert (ran.code, ran.out) == (0, "")
    assert "has no clips yet" in ran.said


@pytest.mark.parametrize("command", [["status"], ["status", "--json"], ["inspect"], ["inspect", "--clip", "a"]])
def test_no_store_is_exit_code_2(posegloss, tmp_path, command):
    ran = posegloss(*command, tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
    assert "is not a keypoint store" in ran.said


def test_a_hostile_name_does_nothing_to_the_terminal(posegloss, made_up_store):
    store = made_up_store(("WAVE",), ("ada",))
    opened = KeypointStore.open(store)
    clip = next(opened.clips())
    from dataclasses import replace

    warned = replace(clip.sequence, warnings=[HOSTILE])
    opened.append([replace(clip, clip_id=HOSTILE, sequence=warned)])
    (store / "failures.csv").write_text(f'clip_id,path,error,reason\n"{HOSTILE}",/x,[red]Error,"{HOSTILE}"\n')
    for command in (["status", store], ["inspect", store]):
        ran = posegloss(*command)
        assert ran.code == 0
        assert "[red]a[/red] \\x1b[31m[/nonsense]\\n.mp4" in ran.out
        assert "\x1b" not in ran.out


def test_inspect_writes_a_page_named_after_the_clip(posegloss, store, tmp_path, monkeypatch):
    clip_id = sorted(KeypointStore.open(store).clip_ids())[0]
    monkeypatch.chdir(tmp_path)
    ran = posegloss("inspect", store, "--clip", clip_id)
    assert (ran.code, ran.err) == (0, "")
    page = tmp_path / ran.out.strip()
    assert page.parent == tmp_path
    assert page.suffix == ".html"
    assert clip_id in page.read_text("utf-8")


def test_inspect_writes_where_it_is_told_and_opens_it_only_if_asked(posegloss, store, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or False)
    clip_id = sorted(KeypointStore.open(store).clip_ids())[0]
    out = tmp_path / "pages" / "one.html"
    assert posegloss("inspect", store, "--clip", clip_id, "--out", out).out == f"{out}\n"
    assert opened == []
    ran = posegloss("inspect", store, "--clip", clip_id, "--out", out, "--open")
    assert opened == [out.as_uri()]
    assert (ran.code, "no web browser" in ran.said) == (0, True)


def test_inspect_without_a_clip_lists_the_first(posegloss, made_up_store):
    store = made_up_store(("WAVE", "CHIN", "RISE"), ("ada", "bob"), 4)
    clip_ids = sorted(KeypointStore.open(store).clip_ids())
    ran = posegloss("inspect", store)
    assert (ran.code, ran.out.splitlines()) == (0, clip_ids[:20])
    assert "and 4 more clips; all with --list" in ran.said
    assert "choose one with --clip ID" in ran.said
    ran = posegloss("inspect", store, "--list")
    assert (ran.code, ran.out.splitlines(), ran.err) == (0, clip_ids, "")


def test_inspect_of_a_store_with_a_single_clip_needs_no_id(posegloss, made_up_store, tmp_path):
    ran = posegloss("inspect", made_up_store(("WAVE",), ("ada",), 1), "--out", tmp_path / "page.html")
    assert (ran.code, ran.out) == (0, f"{tmp_path / 'page.html'}\n")


def test_inspect_names_what_is_near_to_an_id_that_is_not_there(posegloss, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clip_id = sorted(KeypointStore.open(store).clip_ids())[0]
    ran = posegloss("inspect", store, "--clip", clip_id[:-1])
    assert (ran.code, ran.out) == (2, "")
    assert f"did you mean '{clip_id}'" in ran.said
    assert "--list" in ran.said
    assert list(tmp_path.glob("*.html")) == []


def test_inspect_overwrites_nothing_that_is_no_page(posegloss, store, tmp_path):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"precious")
    ran = posegloss("inspect", store, "--clip", "x", "--out", video)
    assert ran.code == 2
    assert ".html" in ran.said
    assert video.read_bytes() == b"precious"
    assert posegloss("inspect", store, "--out", tmp_path / "page.html").code == 2


def test_numbers_in_words():
    assert [duration(s) for s in (0.4, 59.6, 200, 3600 * 12 + 300, 86400 * 9 + 7200)] == [
        "0 s",
        "1 min 0 s",
        "3 min 20 s",
        "12 h 5 min",
        "9 days 2 h",
    ]
    assert [data(n) for n in (0, 999, 1000, 248_393, 4_500_000, 10**12)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "248 kB",
        "4.5 MB",
        "1.0 TB",
    ]
    assert [share(*pair) for pair in ((0, 0), (1, 2), (1, 10_000), (9_999, 10_000), (7, 7), (1, 3))] == [
        "0 %",
        "50 %",
        "under 0.1 %",
        "over 99.9 %",
        "100 %",
        "33.3 %",
    ]
    assert printable("a\tü\x1b") == "a\\tü\\x1b"
