"""The arithmetic and the machinery of `python -m benchmarks.extraction`; nothing here is about how fast anything is."""

import json

import pytest

from benchmarks.extraction import Results
from benchmarks.speed.frame_time import NETWORK, FrameTime
from benchmarks.speed.rates import MP_SOLUTIONS, OURS, TASKS, Contender, Contest, Ratio, hold
from benchmarks.speed.runner import RunnerError
from benchmarks.speed.targets import of_contests, of_frame_time, of_worker
from benchmarks.speed.worker_life import WorkerLife

FAKE = "tests.benchmarks.fake_tool"


def contest(*contenders: Contender, rounds: int = 2) -> Contest:
    return hold("t", "corpus", "c", ["a", "b", "c"], contenders, rounds=rounds, warm_up="w", tell=lambda step: None)


def fake(name: str, per_s: float, **more: object) -> Contender:
    return Contender(name, FAKE, arguments={"per_s": per_s, **more})


def test_a_ratio_is_that_of_the_medians_with_the_least_and_most_of_the_rounds() -> None:
    ratio = Ratio.of([100, 120, 80], [50, 40, 40])
    assert (ratio.of_medians, ratio.least, ratio.most) == (2.5, 2.0, 3.0)


def test_every_tool_has_its_turn_in_every_round() -> None:
    result = contest(fake(OURS, 100), fake(TASKS, 25))
    assert [row.per_s for row in result.rates] == [[100, 100], [25, 25]]
    assert result.notes == []
    ratio = result.ratio(OURS, TASKS)
    assert ratio
    assert ratio.of_medians == pytest.approx(4)
    assert [target.ok for target in of_contests([result])] == [True]
    assert json.loads(json.dumps(Results("m", [result]).to_dict()))["contests"][0]["rates"][0]["frames"] == 30


def test_processes_at_once_share_the_clips() -> None:
    result = contest(fake(OURS, 100), Contender(TASKS, FAKE, arguments={"per_s": 25}, processes=2), rounds=1)
    assert result.rates[1].frames == 30


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        (Contender(MP_SOLUTIONS, "tests.benchmarks.no_such_tool"), "No module named"),
        (fake(MP_SOLUTIONS, 10, fail_after=2), "tired of it"),
    ],
)
def test_a_peer_that_fails_is_left_out_with_the_reason(peer: Contender, reason: str) -> None:
    result = contest(fake(OURS, 100), peer)
    assert [row.name for row in result.rates] == [OURS]
    assert reason in result.notes[0]
    assert result.ratio(OURS, MP_SOLUTIONS) is None
    assert list(of_contests([result])) == []


def test_nothing_is_measured_if_ours_fails() -> None:
    with pytest.raises(RunnerError, match="tired of it"):
        contest(fake(OURS, 100, fail_after=1), fake(TASKS, 25))


def test_work_around_the_network_counts_decoding_only_in_all() -> None:
    times = FrameTime({"decode": 1.0, "colour": 0.5, "crop": 1.0, NETWORK: 10.0, "other": 0.4}, 0, 0, 0)
    assert times.around_share == pytest.approx(0.29)
    assert times.around_share_overlapped == pytest.approx(0.14)
    assert [target.ok for target in of_frame_time("clip", times)] == [True]


def test_memory_that_grows_is_told_from_memory_that_settles() -> None:
    grows = WorkerLife([0.5], [], [(n, 200 + n / 100) for n in range(0, 20_001, 100)], 400)
    settles = WorkerLife(
        [0.9, 1.2, 1.3], ["mediapipe"], [(n, 200 + min(n, 5000) / 100) for n in range(0, 20_001, 100)], 260
    )
    assert grows.mb_per_1000_frames == pytest.approx(10)
    assert settles.mb_per_1000_frames == pytest.approx(0, abs=1e-6)
    assert [target.ok for target in of_worker(grows)] == [True, True, False, False]
    assert [target.ok for target in of_worker(settles)] == [False, False, True, True]
