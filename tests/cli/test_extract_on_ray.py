"""The command on a Ray cluster of two nodes and into an object store, as a person runs it."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posegloss.pipeline import models
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.storage import Storage

from ..made_videos import avatar_images, write_clip
from ..pipeline.processes import Start, started_in_sessions, wait_until
from ..remote import TwoNodes
from .running import COMMAND, Ran, run

CLIPS = 12


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some clips of the avatar, and a file that is no video."""
    folder = tmp_path_factory.mktemp("corpus") / "videos"
    folder.mkdir()
    images = [image for signer in range(2) for image in avatar_images(60, signer=signer)]
    for number in range(CLIPS):
        write_clip(folder / f"{number:03}.mp4", images[number * 5 : number * 5 + 12])
    (folder / "text.mp4").write_text("no video")
    return folder


@pytest.fixture(scope="module")
def local(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What this machine makes of them."""
    store = tmp_path_factory.mktemp("local") / "store"
    assert run("extract", videos, "--out", store, "--workers", "2").code == 1
    return store


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts the command in a session of its own, all of which is ended after the test."""
    with started_in_sessions(COMMAND) as started:
        yield started


def on(cluster: TwoNodes) -> tuple[str, ...]:
    return "--executor", "ray", "--ray-address", cluster.address


def assert_same(store: Path | str, local: Path) -> None:
    """That two stores hold the same clips, each once, and list the same failures."""
    clips, others = (by_id(place) for place in (store, local))
    assert clips.keys() == others.keys()
    for clip_id, clip in clips.items():
        other = others[clip_id]
        np.testing.assert_array_equal(clip.sequence.timestamps, other.sequence.timestamps)
        np.testing.assert_allclose(clip.sequence.keypoints, other.sequence.keypoints, atol=1e-4)
        assert clip.provenance is not None
        assert other.provenance is not None
        assert (clip.provenance.origin, clip.provenance.settings) == (
            other.provenance.origin,
            other.provenance.settings,
        )
        assert (clip.gloss, clip.sequence.warnings) == (other.gloss, other.sequence.warnings)
    assert failures(store) == failures(local)


def by_id(place: Path | str) -> dict[str, Clip]:
    clips = list(KeypointStore.open(place).clips())
    assert len({clip.clip_id for clip in clips}) == len(clips)
    return {clip.clip_id: clip for clip in clips}


def failures(place: Path | str) -> dict[str, tuple[str, str]]:
    text = (Storage(place).read("failures.csv") or b"").decode()
    return {row["clip_id"]: (row["error"], row["reason"]) for row in csv.DictReader(io.StringIO(text))}


def state_of(place: Path | str) -> dict[str, Any]:
    return json.loads(Storage(place).read("run.json") or b'{"frames": 0}')


def shards(store: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (store / "clips").glob("*")}


def test_a_cluster_makes_the_same_store_and_goes_on_where_it_was(
    cluster: TwoNodes, videos: Path, local: Path, tmp_path: Path
) -> None:
    store, log = tmp_path / "store", tmp_path / "log.jsonl"
    options = (*on(cluster), "--log-json", log, "--time-limit", "20")
    ran = run("extract", videos, "--out", store, *options)
    assert ran.code == 1
    assert ran.out == f"{CLIPS} clips extracted ({CLIPS * 12} frames), 0 were there already, 1 failed: {store}\n"
    assert "Traceback" not in ran.err
    assert f"{CLIPS + 1}/{CLIPS + 1}" in ran.said
    assert_same(store, local)
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted(line["clip_id"] for line in told) == sorted([*by_id(local), "videos/text.mp4"])
    assert all(line["seconds"] > 0 and line["frames"] == 12 for line in told if line["status"] == "done")
    state = state_of(store)
    assert [state[name] for name in ("state", "done", "failed", "frames")] == ["finished", CLIPS, 1, CLIPS * 12]
    # Again, with a clip that changed since, which takes the place of the old one.
    changed = videos / "003.mp4"
    kept = changed.rename(tmp_path / "kept.mp4")
    try:
        write_clip(changed, avatar_images(6))
        ran = run("extract", videos, "--out", store, *on(cluster))
    finally:
        kept.replace(changed)
    assert f"1 clips extracted (6 frames), {CLIPS - 1} were there already, 1 failed" in ran.out
    assert "1 of them were extracted again" in ran.said
    assert {clip_id: len(clip.sequence) for clip_id, clip in by_id(store).items()} == {
        clip_id: 6 if clip_id == "videos/003.mp4" else 12 for clip_id in by_id(local)
    }


def test_a_node_that_is_killed_costs_only_its_clips_in_flight(
    start: Start, cluster: TwoNodes, videos: Path, local: Path, tmp_path: Path
) -> None:
    store, log = tmp_path / "store", tmp_path / "log.jsonl"
    process = start("extract", videos, "--out", store, *on(cluster), "--log-json", log)
    wait_until(lambda: len(shards(store)) > 1)
    before = shards(store)
    cluster.lose_a_node()
    assert len(before) * 3 < CLIPS
    out, err = process.communicate(timeout=120)
    # Nothing of Ray's own tale of it.
    assert out == f"{CLIPS} clips extracted ({CLIPS * 12} frames), 0 were there already, 1 failed: {store}\n"
    assert [line for line in err.splitlines() if "extracting" not in line] == [
        f"why clips failed stands in {store}/failures.csv"
    ]
    assert process.returncode == 1
    assert_same(store, local)
    # What was finished was not done again.
    assert before.items() <= shards(store).items()
    assert len(log.read_text().splitlines()) == CLIPS + 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_ctrl_c_on_a_cluster(start: Start, cluster: TwoNodes, tmp_path: Path) -> None:
    corpus, store = tmp_path / "videos", tmp_path / "store"
    corpus.mkdir()
    os.link(write_clip(corpus / "1.mp4", avatar_images(40) * 15), corpus / "2.mp4")
    process = start("extract", corpus, "--out", store, *on(cluster))
    # How far a clip is comes from its node.
    wait_until(lambda: state_of(store)["frames"] > 20)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    seconds = time.monotonic() - began
    print(f"Ctrl-C took {seconds:.2f} s")  # noqa: T201 - shown by -s and by a failure
    assert process.returncode == 130
    assert "run the same command again" in err
    assert "Traceback" not in err
    # Two seconds are promised; a busy machine gets more.
    assert seconds < 10
    assert state_of(store)["state"] == "interrupted"
    assert len(KeypointStore.open(store)) == 0


def extract_into(place: str, videos: Path, local: Path, *options: str) -> None:
    ran = run("extract", videos, "--out", place, *options)
    told = f"{CLIPS} clips extracted ({CLIPS * 12} frames), 0 were there already, 1 failed: {place}\n"
    assert (ran.code, ran.out) == (1, told), ran.err
    assert f"why clips failed stands in {place}/failures.csv" in ran.said
    assert_same(place, local)
    assert state_of(place)["state"] == "finished"
    assert not Storage(place).exists("lease.json")


def test_into_an_object_store_from_a_cluster(cluster: TwoNodes, s3: str, videos: Path, local: Path) -> None:
    extract_into(s3, videos, local, *on(cluster))


def test_into_an_object_store_and_what_is_in_it(
    s3: str, videos: Path, local: Path, tmp_path: Path, posegloss: Callable[..., Ran]
) -> None:
    extract_into(s3, videos, local, "--workers", "2")
    status = posegloss("status", s3, "--json")
    told = json.loads(status.out)
    assert (told["store"], told["clips"], told["run"]["state"]) == (s3, CLIPS, "finished")
    assert [kind["error"] for kind in told["failures"]] == ["VideoError"]
    assert told["bytes"] == Storage(s3).size() > 1000
    page = posegloss("inspect", s3, "--clip", "videos/003.mp4", "--out", tmp_path / "page.html")
    assert (page.code, (tmp_path / "page.html").exists()) == (0, True)
    # It can be gone on with, but not by two at once, nor with other settings.
    (videos / "new").mkdir()
    try:
        write_clip(videos / "new" / "clip.mp4", avatar_images(6))
        assert posegloss("extract", videos, "--out", s3, "--dry-run").out.startswith("2 clips new\n")
        ran = posegloss("extract", videos, "--out", s3)
    finally:
        shutil.rmtree(videos / "new")
    assert f"1 clips extracted (6 frames), {CLIPS} were there already, 1 failed" in ran.out
    assert posegloss("extract", videos, "--out", s3, "--model", "lite").code == 2
    lease = {"owner": "x", "host": "h", "pid": 1, "seen": time.time()}
    Storage(s3).write("lease.json", json.dumps(lease).encode())
    refused = posegloss("extract", videos, "--out", s3)
    assert (refused.code, "another run is writing" in refused.said) == (2, True)


def test_without_ray_it_says_what_to_install(videos: Path, tmp_path: Path) -> None:
    script = "import sys; sys.modules['ray'] = None; from posegloss.cli.app import main; main()"
    command = [sys.executable, "-c", script, "extract", str(videos / "000.mp4"), "--out", str(tmp_path / "store")]
    done = subprocess.run([*command, "--executor", "ray"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert 'pip install "posegloss[ray]"' in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_address_needs_the_executor(videos: Path, tmp_path: Path) -> None:
    ran = run("extract", videos, "--out", tmp_path / "store", "--ray-address", "auto")
    assert (ran.code, "--executor ray" in ran.said) == (2, True)


def test_workers_of_a_cluster_run_a_network_of_ones_own(
    cluster: TwoNodes, videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.tflite").write_bytes(models.load("full"))
    clip = videos / "000.mp4"
    ran = run("extract", clip, "--out", "own", "--model", "mine.tflite", *on(cluster))
    assert ran.code == 0, ran.err
    assert run("extract", clip, "--out", "full").code == 0
    (own,), (full,) = (by_id(tmp_path / store).values() for store in ("own", "full"))
    np.testing.assert_allclose(own.sequence.keypoints, full.sequence.keypoints, atol=1e-4)
