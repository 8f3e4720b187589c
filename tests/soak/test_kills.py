"""Runs that are killed at random moments, and repeated until all is done."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from posegloss.pipeline.store import KeypointStore

from ..pipeline.processes import workers_of
from .conftest import MakeCorpus, Start, assert_same_stores, finish, wait_for_the_end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")


def kill(process: "subprocess.Popen[str]", how: str, moment: random.Random) -> None:
    """Kill a run, or one of its workers and a little later the run."""
    if how == "worker":
        workers = sorted(workers_of(process.pid))
        if workers:
            os.kill(moment.choice(workers), signal.SIGKILL)
        time.sleep(moment.uniform(0, 1))
    if how == "parent":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("kills", "clips", "frames"), [(4, 12, 8), pytest.param(20, 60, 40, marks=pytest.mark.soak)])
def test_a_run_that_is_killed_and_repeated_ends_as_one_that_never_was(
    start: Start, make_corpus: MakeCorpus, tmp_path: Path, kills: int, clips: int, frames: int
) -> None:
    corpus, store = make_corpus(clips, frames), tmp_path / "store"
    finish(start(corpus, "--out", tmp_path / "undisturbed"))
    seed = random.randrange(2**32)
    moment = random.Random(seed)
    done = []
    for number in range(kills):
        process = start(corpus, "--out", store)
        how = ("group", "parent", "worker")[number % 3]
        # Half of them from its start on, half after it has begun to write.
        if number % 2:
            before = done[-1]
            end = time.monotonic() + 10
            while shards(store) <= before and time.monotonic() < end and process.poll() is None:
                time.sleep(0.02)
            time.sleep(moment.uniform(0, 0.2))
        else:
            time.sleep(moment.uniform(0.2, 2.0))
        kill(process, how, moment)
        wait_for_the_end(process)
        done.append(shards(store))
        assert_readable(store)
    print(f"seed {seed}, shards after each kill: {done}")  # noqa: T201 - shown by -s and by a failure
    finish(start(corpus, "--out", store))
    assert_same_stores(store, tmp_path / "undisturbed")
    assert done[-1] > 0


def shards(store: Path) -> int:
    """How many shards a store has."""
    return len(list((store / "clips").glob("*")))


def assert_readable(store: Path) -> None:
    """That what a killed run left can be read, and holds no clip twice."""
    if (store / "store.json").exists():
        ids = [clip.clip_id for clip in KeypointStore.open(store).clips()]
        assert len(set(ids)) == len(ids)


def test_a_worker_that_is_killed_costs_nothing(start: Start, make_corpus: MakeCorpus, tmp_path: Path) -> None:
    corpus, store = make_corpus(12, 8), tmp_path / "store"
    finish(start(corpus, "--out", tmp_path / "undisturbed"))
    process = start(corpus, "--out", store)
    end = time.monotonic() + 60
    while not shards(store):
        assert time.monotonic() < end
        time.sleep(0.01)
    for worker in sorted(workers_of(process.pid))[:1]:
        os.kill(worker, signal.SIGKILL)
    finish(process)
    assert_same_stores(store, tmp_path / "undisturbed")
