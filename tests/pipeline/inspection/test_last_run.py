import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.inspection.last_run import read_last_run
from posegloss.pipeline.storing.storage import Storage

NOW = datetime(2030, 5, 1, 12, 0, 0, tzinfo=UTC)


def write_state(folder: Path, **changed: Any) -> None:
    state = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": (NOW - timedelta(seconds=101)).isoformat(),
        "updated": (NOW - timedelta(seconds=1)).isoformat(),
        "total": 100,
        "done": 18,
        "skipped": 30,
        "failed": 2,
        "frames": 4000,
        "state": "running",
    }
    (folder / "run.json").write_text(json.dumps(state | changed))


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_running_run_tells_its_pace_and_the_time_left(tmp_path: Path) -> None:
    write_state(tmp_path)
    run = read_last_run(Storage(tmp_path), NOW)
    assert run is not None
    assert (run.state, run.left, run.elapsed_s, run.frames_per_s) == ("running", 50, 100, 40)
    # 20 clips took 100 s: 50 more take 250, of which one has passed since.
    assert run.left_s == pytest.approx(249)
    assert run.to_dict()["left_s"] == run.left_s


def test_a_run_that_has_done_nothing_yet_does_not_guess(tmp_path: Path) -> None:
    write_state(tmp_path, done=0, failed=0, frames=0, started=NOW.isoformat(), updated=NOW.isoformat())
    run = read_last_run(Storage(tmp_path), NOW)
    assert run is not None
    assert (run.left_s, run.frames_per_s, run.elapsed_s) == (None, None, 0)


@pytest.mark.parametrize("state", ["finished", "interrupted", "failed"])
def test_a_run_that_ended_has_no_time_left_however_long_ago(tmp_path: Path, state: str) -> None:
    write_state(tmp_path, state=state, pid=dead_process())
    run = read_last_run(Storage(tmp_path), NOW + timedelta(days=3))
    assert run is not None
    assert (run.state, run.left_s) == (state, None)


def test_silence_for_a_minute_is_the_end_of_a_run(tmp_path: Path) -> None:
    write_state(tmp_path)
    states = [read_last_run(Storage(tmp_path), NOW + timedelta(seconds=s)) for s in (58, 60)]
    assert [run and run.state for run in states] == ["running", "stopped"]


@pytest.mark.skipif(os.name != "posix", reason="asks the system whether a process lives")
def test_a_dead_process_of_this_host_is_the_end_of_a_run(tmp_path: Path) -> None:
    write_state(tmp_path, pid=dead_process())
    run = read_last_run(Storage(tmp_path), NOW)
    assert run is not None
    assert (run.state, run.left_s) == ("stopped", None)


def test_nothing_is_known_of_a_process_of_another_host(tmp_path: Path) -> None:
    write_state(tmp_path, pid=dead_process(), host="another-host")
    run = read_last_run(Storage(tmp_path), NOW)
    assert run is not None
    assert run.state == "running"


def test_a_clock_that_goes_behind_the_other_host(tmp_path: Path) -> None:
    write_state(tmp_path, updated=(NOW + timedelta(minutes=5)).replace(tzinfo=None).isoformat())
    run = read_last_run(Storage(tmp_path), NOW)
    assert run is not None
    assert (run.state, run.silent_s) == ("running", 0)


def test_a_store_without_a_run(tmp_path: Path) -> None:
    assert read_last_run(Storage(tmp_path)) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b"null", b"\0\xff", b'{"state": "running"}', b"[" * 100_000, b'{"started": 1}'],
)
def test_a_damaged_state_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(StoreError, match=r"run\.json cannot be read"):
        read_last_run(Storage(tmp_path))


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "dancing"},
        {"state": []},
        {"total": "many"},
        {"started": "soon"},
        {"pid": None},
        {"done": float("inf")},
    ],
)
def test_a_state_of_nonsense_is_named(tmp_path: Path, changed: dict[str, Any]) -> None:
    write_state(tmp_path, **changed)
    with pytest.raises(StoreError, match=r"run\.json cannot be read"):
        read_last_run(Storage(tmp_path), NOW)
