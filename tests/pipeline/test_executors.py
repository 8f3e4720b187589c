import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from posegloss.pipeline.errors import WeightsError, WorkerDiedError
from posegloss.pipeline.executors import run_here, run_in_processes

from . import crew
from .processes import is_alive, wait_until


def results_of(pairs: Iterator[tuple[int, object]]) -> dict[int, object]:
    return dict(pairs)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_job_has_its_result(workers: int) -> None:
    assert results_of(run_in_processes(crew.double, range(7), crew.ready, workers)) == {i: 2 * i for i in range(7)}


def test_the_same_in_this_process() -> None:
    assert results_of(run_here(crew.double, range(7), crew.ready)) == {i: 2 * i for i in range(7)}


def test_no_jobs() -> None:
    assert results_of(run_in_processes(crew.double, (), crew.ready, 1)) == {}
    assert results_of(run_here(crew.double, (), crew.ready)) == {}


def test_what_a_job_raises_is_its_result() -> None:
    for results in (
        results_of(run_in_processes(crew.fail_on_odd, range(4), crew.ready, 2)),
        results_of(run_here(crew.fail_on_odd, range(4), crew.ready)),
    ):
        assert (results[0], results[2]) == (0, 2)
        assert [(type(results[i]), str(results[i])) for i in (1, 3)] == [
            (ValueError, "1 is odd"),
            (ValueError, "3 is odd"),
        ]


@pytest.mark.parametrize("work", [crew.die_on_odd, crew.exit_on_odd])
def test_a_job_that_kills_its_worker_does_not_stop_the_others(work: Callable[[int], int]) -> None:
    results = results_of(run_in_processes(work, range(4), crew.ready, 2))
    assert (results[0], results[2]) == (0, 2)
    for job in (1, 3):
        assert isinstance(results[job], WorkerDiedError)
        assert "twice" in str(results[job])


def test_a_job_whose_worker_died_is_tried_again(tmp_path: Path) -> None:
    jobs = [tmp_path / "a", tmp_path / "b"]
    assert dict(run_in_processes(crew.die_the_first_time, jobs, crew.ready, 1)) == {
        jobs[0]: "a",
        jobs[1]: "b",
    }


def test_a_worker_that_dies_between_two_jobs_is_replaced() -> None:
    processes = []
    for _, process in run_in_processes(crew.who, range(3), crew.ready, 1):
        assert isinstance(process, int)
        processes.append(process)
        os.kill(process, signal.SIGKILL)
        wait_until(lambda process=process: not is_alive(process))
    assert len(set(processes)) == 3


def test_what_start_raises_is_raised() -> None:
    with pytest.raises(WeightsError, match="no weights"):
        list(run_in_processes(crew.double, range(3), crew.refuse, 2))
    with pytest.raises(WeightsError, match="no weights"):
        list(run_here(crew.double, range(3), crew.refuse))


def test_what_start_raises_in_a_replaced_worker_is_raised(tmp_path: Path) -> None:
    results = run_in_processes(crew.die_on_odd, range(4), partial(crew.ready_once, tmp_path / "mark"), 1)
    assert next(results) == (0, 0)
    with pytest.raises(WeightsError, match="no weights"):
        list(results)


def test_a_worker_that_dies_while_it_starts_is_a_named_error() -> None:
    with pytest.raises(WorkerDiedError, match="while it started"):
        list(run_in_processes(crew.double, range(3), crew.die_at_once, 2))


@pytest.mark.parametrize("workers", [0, 2])
def test_jobs_are_read_only_as_fast_as_they_are_done(workers: int) -> None:
    read = []

    def endless() -> Iterator[int]:
        job = 0
        while True:
            read.append(job)
            yield job
            job += 1

    run = run_in_processes(crew.double, endless(), crew.ready, workers) if workers else None
    results = run or run_here(crew.double, endless(), crew.ready)
    for done in range(1, 6):
        next(results)
        assert len(read) <= done + workers
    results.close()


def test_ending_early_ends_the_workers_at_once() -> None:
    results = run_in_processes(crew.who, range(100), crew.ready, 2)
    workers = {next(results)[1] for _ in range(10)}
    results.close()
    wait_until(lambda: not any(is_alive(int(str(worker))) for worker in workers))


def test_ending_early_does_not_wait_for_a_job() -> None:
    results = run_in_processes(crew.sleep, [0.0, 3600.0], crew.ready, 2)
    assert next(results) == (0.0, 0.0)
    results.close()
