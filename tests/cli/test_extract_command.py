"""The command as a person runs it: a process of its own, its exit code, and what it leaves behind."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline import models
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.skeleton import HOLISTIC75
from posegloss.pipeline.store import KeypointStore

from ..conftest import MakeVideo, fill_disk
from ..made_videos import avatar_images
from ..pipeline.own_networks import of_constants
from ..pipeline.processes import Start, children_of_session, started_in_sessions, wait_until, workers_of
from .running import COMMAND


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command in a session of its own, all of which is ended after the test."""
    with started_in_sessions([*COMMAND, "extract"]) as started:
        yield started


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def videos(make_video: MakeVideo, tmp_path: Path) -> Path:
    """A folder of two glosses with a clip each."""
    for number, gloss in enumerate(("WAVE", "CIRCLE")):
        make_video(f"videos/{gloss}/clip {number} é.mp4", avatar_images(5, signer=number))
    return tmp_path / "videos"


@pytest.fixture(scope="module")
def long_corpus(tmp_path_factory: pytest.TempPathFactory, avatar_video: Path) -> Path:
    """A manifest of many spans of one video, work for longer than a test takes to interrupt it."""
    manifest = tmp_path_factory.mktemp("corpus") / "manifest.csv"
    with manifest.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "gloss", "start", "end"])
        rows.writerows([avatar_video, "WAVE", 0, f"{0.3 + number / 1e6:.6f}"] for number in range(1000))
    return manifest


def reasons(store: Path) -> dict[str, str]:
    with (store / "failures.csv").open(newline="", encoding="utf-8") as file:
        return {row["clip_id"]: row["reason"] for row in csv.DictReader(file)}


def test_all_done_is_exit_code_0(start: Start, videos: Path, tmp_path: Path) -> None:
    code, out, err = finish(start(videos, "--out", tmp_path / "store", "--workers", "2"))
    assert code == 0, err
    assert "2 clips extracted (10 frames), 0 were there already, 0 failed" in out
    index = KeypointStore.open(tmp_path / "store").index()
    assert list(index["gloss"]) == ["CIRCLE", "WAVE"]
    assert list(index["frames_with_person"]) == [5, 5]
    assert reasons(tmp_path / "store") == {}


def test_a_store_of_hands(start: Start, videos: Path, tmp_path: Path) -> None:
    code, out, err = finish(start(videos, "--out", tmp_path / "store", "--layout", "holistic75"))
    assert (code, "2 clips extracted" in out) == (0, True), err
    store = KeypointStore.open(tmp_path / "store")
    assert (store.layout, store.settings["layout"]) == (HOLISTIC75, HOLISTIC75)
    assert [clip.sequence.keypoints.shape for clip in store.clips()] == [(5, 75, 4)] * 2
    code, out, _ = finish(start(videos, "--out", tmp_path / "store", "--layout", "holistic75"))
    assert (code, "2 were there already" in out) == (0, True)


def test_run_again_it_does_nothing_twice(start: Start, videos: Path, tmp_path: Path) -> None:
    assert finish(start(videos, "--out", tmp_path / "store"))[0] == 0
    code, out, _ = finish(start(videos, "--out", tmp_path / "store"))
    assert (code, "0 clips extracted (0 frames), 2 were there already, 0 failed" in out) == (0, True)
    assert len(KeypointStore.open(tmp_path / "store")) == 2


def test_some_failed_is_exit_code_1(start: Start, videos: Path, tmp_path: Path) -> None:
    (videos / "WAVE" / "text.mp4").write_text("no video")
    (videos / "WAVE" / "empty.mp4").touch()
    code, out, err = finish(start(videos, "--out", tmp_path / "store", "--workers", "2"))
    assert code == 1
    assert "2 clips extracted" in out
    assert "2 failed" in out
    assert "failures.csv" in err
    assert "Traceback" not in err
    assert set(reasons(tmp_path / "store")) == {"videos/WAVE/text.mp4", "videos/WAVE/empty.mp4"}
    assert "not a video" in reasons(tmp_path / "store")["videos/WAVE/text.mp4"]


def test_a_wrong_row_of_a_manifest_is_told_and_the_others_extracted(start: Start, videos: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,gloss\nvideos/WAVE/clip 0 é.mp4,WAVE\nnone.mp4,WAVE\n", encoding="utf-8")
    code, out, err = finish(start(tmp_path / "list.csv", "--out", tmp_path / "store"))
    assert (code, "1 clips extracted" in out, "none.mp4" in err) == (1, True, True)
    assert reasons(tmp_path / "store") == {"": "row 3: no such file"}


def test_a_manifest_of_wrong_rows_only_is_exit_code_2(start: Start, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path\nnone.mp4\n", encoding="utf-8")
    code, out, _ = finish(start(tmp_path / "list.csv", "--out", tmp_path / "store"))
    assert (code, "1 failed" in out) == (2, True)


VALUES = ("huge", "magic", "face", "holistic75", "mediapipe")
"""Of options, in the arguments that follow; the others are paths."""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.mp4", "--out", "store"], "does not exist"),
        (["empty", "--out", "store"], "no videos in"),
        (["video.mp4", "--out", "store", "--model", "huge"], "lite, full, heavy"),
        (["video.mp4", "--out", "store", "--backend", "magic"], "blazepose, mediapipe"),
        (["video.mp4", "--out", "store", "--layout", "face"], "blazepose33, holistic75"),
        (
            ["video.mp4", "--out", "store", "--layout", "holistic75", "--backend", "mediapipe"],
            "has no layout holistic75",
        ),
        (["video.mp4", "--out", "body", "--layout", "holistic75"], "layout: None there, 'holistic75' now"),
        (["video.mp4", "--out", "file"], "file"),
        (["video.mp4", "--out", "other"], "other settings"),
        (["video.mp4", "--out", "damaged"], "store.json"),
        (["video.mp4"], "--out"),
    ],
)
def test_nothing_could_start_is_exit_code_2(
    start: Start, make_video: MakeVideo, tmp_path: Path, arguments: list[str], told: str
) -> None:
    make_video("video.mp4", frames=1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    KeypointStore.create(tmp_path / "other", {"model": "lite"})
    KeypointStore.create(tmp_path / "body", ExtractionSettings().to_dict())
    KeypointStore.create(tmp_path / "damaged", {})
    (tmp_path / "damaged" / "store.json").write_text("{")
    places = [a if a.startswith("--") or a in VALUES else str(tmp_path / a) for a in arguments]
    code, _, err = finish(start(*places))
    assert code == 2
    assert told in " ".join(err.split())
    assert "Traceback" not in err


def test_missing_weights_are_exit_code_2(start: Start, videos: Path, tmp_path: Path) -> None:
    nowhere = {name: "http://127.0.0.1:9" for name in ("HTTPS_PROXY", "https_proxy", "PIP_INDEX_URL", "PIP_PROXY")}
    process = start(
        videos,
        "--out",
        tmp_path / "store",
        **nowhere,
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        PIP_FIND_LINKS="",
        PIP_RETRIES="0",
        npm_config_offline="true",
        npm_config_cache=str(tmp_path / "npm"),
    )
    code, _, err = finish(process)
    assert code == 2
    assert "could not be obtained" in err
    assert "Traceback" not in err


def test_a_full_disk_is_named_and_the_run_can_go_on(start: Start, videos: Path, small_disk: Path) -> None:
    store = small_disk / "store"
    assert finish(start(videos / "WAVE", "--out", store))[0] == 0
    fill_disk(small_disk)
    code, _, err = finish(start(videos / "CIRCLE", "--out", store))
    assert code == 2
    assert "run the same command again" in " ".join(err.split())
    assert "Traceback" not in err
    (small_disk / "ballast").unlink()
    assert finish(start(videos / "CIRCLE", "--out", store))[0] == 0
    assert len(KeypointStore.open(store)) == 2


def is_under_way(store: Path) -> bool:
    """Whether a shard has been written."""
    return any((store / "clips").glob("*.parquet"))


def assert_whole_and_single(store: Path) -> int:
    """That every clip of a store can be read and is there once; returns how many there are."""
    clips = list(KeypointStore.open(store).clips())
    assert len({clip.clip_id for clip in clips}) == len(clips)
    assert all(clip.sequence.present.all() for clip in clips)
    return len(clips)


def trimmed(manifest: Path, clips: int) -> Path:
    """A manifest of the first clips of another."""
    short = manifest.with_name(f"first-{clips}.csv")
    short.write_text("".join(manifest.read_text().splitlines(keepends=True)[: clips + 1]))
    return short


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_kill_9_leaves_no_worker_and_the_next_run_goes_on(start: Start, long_corpus: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = start(long_corpus, "--out", store, "--workers", "2")
    wait_until(lambda: is_under_way(store))
    process.kill()
    process.wait()
    wait_until(lambda: not children_of_session(process.pid))
    done = assert_whole_and_single(store)
    assert 0 < done < 1000
    more = trimmed(long_corpus, done + 4)
    code, out, err = finish(start(more, "--out", store, "--workers", "2"))
    assert code == 0, err
    known = len(KeypointStore.open(store).clip_ids())
    assert assert_whole_and_single(store) == known >= done + 4
    told = re.search(r"(\d+) clips extracted .*?, (\d+) were there already", out)
    assert told, out
    extracted, there = map(int, told.groups())
    # What the killed run had finished may have lain in its journal only when the store was counted.
    assert extracted + there == known
    assert there >= done


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_is_exit_code_130_and_loses_nothing(
    start: Start, long_corpus: Path, tmp_path: Path, workers: str
) -> None:
    store = tmp_path / "store"
    process = start(long_corpus, "--out", store, "--workers", workers)
    wait_until(lambda: is_under_way(store))
    # As a terminal does it: to the command and its workers alike.
    os.killpg(process.pid, signal.SIGINT)
    code, _, err = finish(process)
    assert code == 130
    assert "stopped" in err
    assert "Traceback" not in err
    wait_until(lambda: not children_of_session(process.pid))
    assert 0 < assert_whole_and_single(store) < 1000


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_ctrl_c_while_it_starts(start: Start, long_corpus: Path, tmp_path: Path) -> None:
    process = start(long_corpus, "--out", tmp_path / "store", "--workers", "2")
    wait_until(lambda: (tmp_path / "store" / "failures.csv").exists())
    wait_until(lambda: len(children_of_session(process.pid)) > 1)
    os.killpg(process.pid, signal.SIGINT)
    code, _, _ = finish(process)
    assert code == 130
    wait_until(lambda: not children_of_session(process.pid))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_worker_that_is_killed_is_replaced(start: Start, long_corpus: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = start(long_corpus, "--out", store, "--workers", "2")
    wait_until(lambda: is_under_way(store))
    before = workers_of(process.pid)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(workers_of(process.pid) - {victim}) == 2)
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process)[0] == 130
    assert reasons(store) == {}
    assert_whole_and_single(store)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_second_run_on_a_store_is_refused(start: Start, long_corpus: Path, videos: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = start(long_corpus, "--out", store, "--workers", "1")
    wait_until(lambda: is_under_way(store))
    code, _, err = finish(start(videos, "--out", store))
    assert code == 2
    said = " ".join(err.split())
    assert f"another run is writing {store} (process {first.pid} on" in said
    assert "Traceback" not in err
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert finish(start(videos, "--out", store))[0] == 0


def test_a_changed_video_is_extracted_again(start: Start, videos: Path, make_video: MakeVideo, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert finish(start(videos, "--out", store))[0] == 0
    make_video("videos/WAVE/clip 0 é.mp4", avatar_images(7))
    code, out, err = finish(start(videos, "--out", store))
    assert (code, "1 clips extracted (7 frames), 1 were there already, 0 failed" in out) == (0, True)
    assert "1 of them were extracted again, as their files have changed" in err
    assert list(KeypointStore.open(store).index()["frames"]) == [5, 7]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    start: Start, videos: Path, make_video: MakeVideo, tmp_path: Path
) -> None:
    store, manifest = tmp_path / "store", tmp_path / "videos" / "list.csv"
    clips = ["WAVE/clip 0 é.mp4", "CIRCLE/clip 1 é.mp4"]
    manifest.write_text("\n".join(["path", *clips, "none.mp4"]), encoding="utf-8")
    size = sum((videos / clip).stat().st_size for clip in clips)
    code, out, err = finish(start(manifest, "--out", store, "--dry-run"))
    assert (code, store.exists(), "row 4 left out" in err) == (0, False, True)
    assert out.splitlines() == [
        "2 clips new",
        "0 changed since, to be extracted again",
        "0 there already",
        f"0 would fail: {store} has another file by their name",
        "1 rows left out",
        f"{size} bytes of video to read",
    ]
    assert finish(start(manifest, "--out", store))[0] == 1
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    make_video("videos/WAVE/clip 0 é.mp4", avatar_images(7))
    os.utime(videos / clips[1], ns=(1, 1))
    manifest.write_text("\n".join(["path", *clips]), encoding="utf-8")
    code, out, _ = finish(start(manifest, "--out", store, "--dry-run"))
    assert code == 0
    assert out.startswith("0 clips new\n1 changed since, to be extracted again\n1 there already\n0 would fail")
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before
    # What must be refused is refused.
    assert finish(start(manifest, "--out", store, "--dry-run", "--model", "lite"))[0] == 2
    assert finish(start(manifest, "--out", manifest, "--dry-run"))[0] == 2
    manifest.write_text("path\nnone.mp4", encoding="utf-8")
    assert finish(start(manifest, "--out", store, "--dry-run"))[0] == 2


def test_a_line_of_json_for_each_clip(start: Start, videos: Path, tmp_path: Path) -> None:
    (videos / "WAVE" / "text.mp4").write_text("no video")
    code, out, err = finish(start(videos, "--out", tmp_path / "store", "--log-json", "-"))
    assert code == 1
    assert "2 clips extracted" in err
    lines = {line["clip_id"]: line for line in map(json.loads, out.splitlines())}
    assert set(lines) == {f"videos/{name}" for name in ("WAVE/clip 0 é.mp4", "CIRCLE/clip 1 é.mp4", "WAVE/text.mp4")}
    done, failed = lines["videos/WAVE/clip 0 é.mp4"], lines["videos/WAVE/text.mp4"]
    assert set(done) == set(failed) == {
        *("time", "clip_id", "source", "status", "frames", "frames_with_person", "seconds", "frames_per_second"),
        *("warnings", "error", "reason"),
    }  # fmt: skip
    assert (done["status"], done["frames"], done["frames_with_person"], done["error"]) == ("done", 5, 5, None)
    assert done["source"] == str(videos / "WAVE" / "clip 0 é.mp4")
    assert done["frames_per_second"] == pytest.approx(5 / done["seconds"], rel=0.01)
    assert (failed["status"], failed["frames"], failed["seconds"], failed["error"]) == ("failed", 0, None, "VideoError")
    assert "not a video" in failed["reason"]
    # A file is added to.
    log = tmp_path / "log.jsonl"
    for _ in range(2):
        code, out, _ = finish(start(videos, "--out", tmp_path / "store", "--log-json", log))
        assert (code, "0 clips extracted" in out) == (1, True)
    statuses = [json.loads(line)["status"] for line in log.read_text().splitlines()]
    assert sorted(statuses) == ["failed"] * 2 + ["skipped"] * 4
    code, _, err = finish(start(videos, "--out", tmp_path / "store", "--log-json", tmp_path / "none" / "log"))
    assert (code, "cannot be written" in err) == (2, True)


def test_a_network_of_ones_own_by_its_path(
    start: Start, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.tflite").write_bytes(models.load("lite"))
    own = ("--model", "mine.tflite", "--workers", "2")
    code, out, err = finish(start(videos, "--out", tmp_path / "own", *own))
    assert (code, "2 clips extracted (10 frames)" in out) == (0, True), err
    assert finish(start(videos, "--out", tmp_path / "lite", "--model", "lite"))[0] == 0
    mine, lite = (KeypointStore.open(tmp_path / name) for name in ("own", "lite"))
    assert mine.settings == {
        **lite.settings,
        "model": str(tmp_path / "mine.tflite"),
        "model_sha256": models.weights_of("lite").sha256,
    }
    for clip in mine.clips():
        np.testing.assert_allclose(clip.sequence.keypoints, lite.get(clip.clip_id).sequence.keypoints, atol=1e-5)
    # The same network elsewhere goes on; another under the old name does not.
    Path("mine.tflite").rename("moved.tflite")
    code, out, err = finish(start(videos, "--out", tmp_path / "own", "--model", "moved.tflite"))
    assert (code, "2 were there already" in out) == (0, True), err
    Path("mine.tflite").write_bytes(models.load("full"))
    code, _, err = finish(start(videos, "--out", tmp_path / "own", *own))
    assert (code, "other settings (model_sha256: 'f17bfbec" in " ".join(err.split())) == (2, True), err


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        (None, [], "mine.tflite cannot be read: No such file or directory"),
        (models.load("lite")[:100_000], [], "mine.tflite: the model file is damaged"),
        (models.load(models.DETECTOR), [], "mine.tflite: the network lacks the outputs landmarks (1, 195)"),
        (of_constants((1, 224, 224, 3)), [], "mine.tflite: the network's picture has a side of 224 pixels, not 256"),
        (models.load("lite"), ["--precision", "int8"], "mine.tflite cannot be run in int8"),
        (models.load("lite"), ["--backend", "mediapipe"], "the backend mediapipe knows no model"),
    ],
)
def test_a_network_that_cannot_run_is_exit_code_2_and_leaves_nothing(
    start: Start, videos: Path, tmp_path: Path, content: bytes | None, arguments: list[str], told: str
) -> None:
    path = tmp_path / "mine.tflite"
    if content is not None:
        path.write_bytes(content)
    code, _, err = finish(start(videos, "--out", tmp_path / "store", "--model", path, *arguments))
    assert (code, "Traceback" in err) == (2, False)
    assert told.replace(" ", "") in "".join(err.split())
    assert not (tmp_path / "store").exists()
