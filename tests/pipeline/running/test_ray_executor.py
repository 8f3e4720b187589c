import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from posegloss.pipeline.errors import ClipTimeoutError, ClusterError, StoreError, WeightsError, WorkerDiedError
from posegloss.pipeline.running import ray_executor
from posegloss.pipeline.running.batches import Batch
from posegloss.pipeline.running.ray_executor import run_on_ray
from posegloss.pipeline.running.time_limit import TimeLimit

from ...remote import TwoNodes
from .. import cluster_jobs as crew
from ..cluster_jobs import FileKeeper

FIRST = 4
"""Jobs of the first batches."""
Job = tuple[int, float]


def run(cluster: TwoNodes, jobs: list[Job], keeper: FileKeeper, **options: Any) -> Iterator[tuple[Job, Any]]:
    defaults = {"start": crew.ready, "on_beat": lambda _: None, "limit": TimeLimit(base_s=2)}
    return run_on_ray(crew.work, jobs, keeper=keeper, address=cluster.address, **defaults | options)


def kept(folder: Path) -> Counter[int]:
    return Counter(number for file in folder.iterdir() for number in json.loads(file.read_text()))


def test_jobs_are_done_on_both_nodes_and_a_bad_one_costs_only_itself(cluster: TwoNodes, tmp_path: Path) -> None:
    # Long enough that the second node's worker comes in time also on a busy machine.
    jobs = [(number, 0.4) for number in range(12)] + [(-1, 0.0), (-2, 0.0), (-3, 0.0)]
    results = dict(run(cluster, jobs, FileKeeper(tmp_path)))
    assert set(results) == set(jobs)
    assert kept(tmp_path) == Counter(range(12))
    assert len({results[job].split()[-1] for job in jobs[:12]}) == 2
    assert isinstance(results[-1, 0.0], ValueError)
    assert isinstance(results[-2, 0.0], WorkerDiedError)
    assert "SIGSEGV" in str(results[-2, 0.0])
    assert isinstance(results[-3, 0.0], ClipTimeoutError)


def test_what_ends_a_run(cluster: TwoNodes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights"):
        list(run(cluster, [(1, 0.0)], FileKeeper(tmp_path), start=crew.refuse))
    (tmp_path / "full").mkdir()
    with pytest.raises(StoreError, match="no room"):
        list(run(cluster, [(1, 0.0)], FileKeeper(tmp_path / "full")))


def test_long_jobs_make_small_batches_and_a_store_may_be_away_for_a_moment(cluster: TwoNodes, tmp_path: Path) -> None:
    (tmp_path / "away").touch()
    (tmp_path / "store").mkdir()
    jobs = [(number, 0.0) for number in range(12)]
    results = dict(run(cluster, jobs, FileKeeper(tmp_path / "store", length_s=1000.0)))
    assert set(results) == set(jobs)
    assert not (tmp_path / "away").exists()
    assert kept(tmp_path / "store") == Counter(range(12))
    # Until it is known that they are quickly done.
    assert {"0", "1"} <= {file.name for file in (tmp_path / "store").iterdir()}


def test_a_lost_node_costs_only_what_was_in_flight_and_another_takes_its_place(
    cluster: TwoNodes, tmp_path: Path
) -> None:
    jobs = [(number, 0.1) for number in range(24)]
    # Both nodes have kept their first batch, and have not said so yet, when one of them is lost.
    keeper = FileKeeper(tmp_path, slow_s=2.5)
    lost: list[bool] = []

    def lose_a_node(_: int) -> None:
        if not lost and len(list(tmp_path.iterdir())) == 2:
            lost.append(True)
            cluster.lose_a_node()

    results = list(run(cluster, jobs, keeper, on_beat=lose_a_node))
    assert lost
    assert Counter(job for job, _ in results) == Counter(jobs)
    assert kept(tmp_path) == Counter(range(24))
    texts = [result for _, result in results]
    # These were found where the lost node had kept them; nothing was done twice but what was in flight.
    assert sum("was kept" in text for text in texts) == FIRST
    assert len({text.split()[-1] for text in texts if "kept by" in text}) == 2


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"posegloss\[ray\]"):
        next(run_on_ray(crew.work, [(1, 0.0)], crew.ready, keeper=FileKeeper(tmp_path), on_beat=lambda _: None))


def test_a_cluster_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason='needs Ray: pip install "posegloss[ray]"')
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    keeper = FileKeeper(tmp_path)
    with pytest.raises(ClusterError, match="--ray-address"):
        next(
            run_on_ray(
                crew.work, [(1, 0.0)], crew.ready, keeper=keeper, on_beat=lambda _: None, address="ray://127.0.0.1:1"
            )
        )


class LosingRay:
    """A cluster of one processor, of which the first batch is kept, and no answer ever arrives."""

    class RayError(Exception):
        """As Ray's."""

    class RayTaskError(RayError):
        """As Ray's."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self, keeper: FileKeeper) -> None:
        self.keeper, self.answers = keeper, itertools.count()

    def remote(self, **_: object) -> Callable[[type], SimpleNamespace]:
        hello, do = (SimpleNamespace(remote=answer) for answer in (lambda: "hello", self.do))
        return lambda _: SimpleNamespace(remote=lambda *_: SimpleNamespace(hello=hello, do=do))

    def do(self, batch: Batch[Job]) -> int:
        answer = next(self.answers)
        if not answer:
            self.keeper.keep(self.keeper.name(batch.jobs), [(job, 0) for job in batch.jobs[:1]])
        return answer

    def get(self, answer: object) -> None:
        if answer != "hello":
            raise self.RayError("lost")

    def wait(self, answers: list[object], **_: object) -> tuple[list[object], list[object]]:
        return answers[:1], answers[1:]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 1.0}

    def kill(self, actor: object) -> None:
        """It is gone already."""


def test_what_was_kept_before_the_last_machine_was_lost_has_not_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = FileKeeper(tmp_path)
    monkeypatch.setattr(ray_executor, "connected", lambda *_: nullcontext(LosingRay(keeper)))
    jobs = [(number, 0.0) for number in range(4)]
    results = dict(run_on_ray(crew.work, jobs, crew.ready, keeper=keeper, on_beat=lambda _: None, workers=1))
    assert results.pop((0, 0.0)) == "0 was kept"
    assert set(results) == set(jobs[1:])
    assert all("lost twice" in str(error) for error in results.values())
