import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from posegloss.pipeline import executors
from posegloss.pipeline.errors import ClipTimeoutError, WeightsError, WorkerDiedError
from posegloss.pipeline.executors import Results
from posegloss.pipeline.running.time_limit import TimeLimit

from . import crew
from .processes import is_alive, wait_until


def ignore(_: int) -> None:
    """Takes a beat."""


def run_here(work: Callable[..., Any], jobs: Iterable[Any], start: Callable[[], None]) -> Results[Any, Any]:
    return executors.run_here(work, jobs, start, on_beat=ignore)


def run_in_processes(
    work: Callable[..., Any], jobs: Iterable[Any], start: Callable[[], None], workers: int, **options: Any
) -> Results[Any, Any]:
    return executors.run_in_processes(work, jobs, start, workers=workers, **{"on_beat": ignore, **options})


def results_of(pairs: Iterator[tuple[int, object]]) -> dict[int, object]:
    return dict(pairs)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_job_has_its_result(workers: int) -> None:
    assert results_of(run_in_processes(crew.double, range(7), crew.ready, workers)) == {i: 2 * i for i in range(7)}


def test_the_same_in_this_process() -> None:
    assert results_of(run_here(crew.double, range(7), crew.ready)) == {i: 2 * i for i in range(7)}


def test_jobs_that_belong_together_are_done_by_one_process() -> None:
    who = results_of(run_in_processes(crew.who, range(12), crew.ready, 2, together=lambda job: job // 4))
    assert [len({who[job] for job in range(first, first + 4)}) for first in (0, 4, 8)] == [1, 1, 1]


def test_what_belongs_together_is_done_also_when_one_of_it_kills_its_process() -> None:
    jobs = [0, signal.SIGKILL, 0, 0]
    results = list(run_in_processes(crew.die, jobs, crew.ready, 2, together=lambda _: "all"))
    assert [result for job, result in results if not job] == [0, 0, 0]
    assert [type(result) for job, result in results if job] == [WorkerDiedError]


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


def test_an_error_that_cannot_travel_is_told_in_words() -> None:
    ((_, error),) = run_in_processes(crew.fail_strangely, [1], crew.ready, 1)
    assert (type(error), str(error)) == (RuntimeError, "OddError: 1 is strange")


def test_a_job_that_kills_its_worker_does_not_stop_the_others_and_its_end_is_named() -> None:
    jobs = [0, signal.SIGKILL, signal.SIGSEGV, -7]
    results = results_of(run_in_processes(crew.die, jobs, crew.ready, 2))
    assert results.pop(0) == 0
    told = {job: str(error) for job, error in results.items() if isinstance(error, WorkerDiedError)}
    assert all("twice" in text for text in told.values())
    assert "SIGKILL (out of memory?)" in told[signal.SIGKILL]
    assert "SIGSEGV" in told[signal.SIGSEGV]
    assert "exit status 7" in told[-7]


def test_a_job_whose_worker_died_is_tried_again_alone(tmp_path: Path) -> None:
    jobs = [(tmp_path, name) for name in ("bad", "a", "b", "c", "d")]
    results = list(run_in_processes(crew.log_and_die_the_first_time, jobs, crew.ready, 2))
    assert {job[1] for job, _ in results} == {"bad", "a", "b", "c", "d"}
    assert results[-1] == ((tmp_path, "bad"), "bad")
    log = (tmp_path / "log").read_text().splitlines()
    assert log[-2:] == ["bad begins", "bad ends"]
    assert log.count("bad begins") == 2


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
    results = run_in_processes(crew.die, [0, -1, 0], partial(crew.ready_once, tmp_path / "mark"), 1)
    assert next(results) == (0, 0)
    with pytest.raises(WeightsError, match="no weights"):
        list(results)


def test_a_worker_that_dies_while_it_starts_is_a_named_error() -> None:
    with pytest.raises(WorkerDiedError, match=r"exit status 3 while it started.*__main__"):
        list(run_in_processes(crew.double, range(3), crew.die_at_once, 2))
    with pytest.raises(WorkerDiedError, match=r"SIGKILL .*while it started.*fewer workers"):
        list(run_in_processes(crew.double, range(3), crew.be_killed, 2))


def test_a_worker_that_is_killed_while_it_starts_is_replaced(tmp_path: Path) -> None:
    start = partial(crew.be_killed_once, tmp_path / "mark")
    assert results_of(run_in_processes(crew.double, range(3), start, 1)) == {0: 0, 1: 2, 2: 4}


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


QUICK = TimeLimit(factor=1.0, base_s=1.0)


def test_a_job_that_does_not_open_its_file_is_stopped() -> None:
    results = results_of(run_in_processes(crew.sleep, [3600.0, 0.0], crew.ready, 2, limit=QUICK))
    assert results[0.0] == 0.0
    assert isinstance(results[3600.0], ClipTimeoutError)
    assert "could not be opened" in str(results[3600.0])


def test_the_limit_is_in_proportion_to_the_length() -> None:
    short, long, unknown = (0.5, 0.0, 3600.0), (3600.0, 3.0, 0.0), (None, 0.0, 3600.0)
    results = results_of(run_in_processes(crew.open_and_sleep, [short, long, unknown], crew.ready, 3, limit=QUICK))
    assert "too long for 0.5 s of video" in str(results[short])
    assert results[long] == 3.0
    assert "made no progress" in str(results[unknown])


def test_what_comes_before_a_span_counts_once() -> None:
    results = results_of(run_in_processes(crew.open_late, [0.0, 60.0], crew.ready, 2, limit=QUICK))
    assert isinstance(results[0.0], ClipTimeoutError)
    assert results[60.0] == 60.0


def test_progress_keeps_a_job_of_unknown_length_going() -> None:
    job, limit = (None, 4.0, 0.0), TimeLimit(factor=0.1, base_s=2.5)
    assert results_of(run_in_processes(crew.open_and_sleep, [job], crew.ready, 1, limit=limit)) == {job: 4.0}


def test_without_a_limit_nothing_is_stopped() -> None:
    assert results_of(run_in_processes(crew.sleep, [2.0], crew.ready, 1)) == {2.0: 2.0}


def test_beats_tell_how_far_the_jobs_in_flight_are() -> None:
    job, beats = (None, 3.5, 0.0), list[int]()
    list(run_in_processes(crew.open_and_sleep, [job], crew.ready, 1, on_beat=beats.append))
    assert beats == sorted(beats)
    assert 0 < beats[-1] <= 35
    beats.clear()
    list(executors.run_here(crew.open_and_sleep, [job], crew.ready, on_beat=beats.append))
    assert 0 < beats[-1] <= 35


@pytest.mark.parametrize("run", [executors.run_here, partial(executors.run_in_processes, workers=1)])
def test_what_a_beat_raises_ends_the_run(run: Callable[..., Results[Any, Any]]) -> None:
    def fail(_: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run(crew.open_and_sleep, [(None, 3600.0, 0.0)], crew.ready, on_beat=fail))


def test_an_interrupt_ends_the_workers_at_once() -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(run_in_processes(crew.sleep, [3600.0] * 2, crew.ready, 2, on_beat=interrupt))
    assert time.monotonic() - began < 60
