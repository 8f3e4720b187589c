import numpy as np
import pytest

from posegloss.pipeline.clock import Clock


def read(stamps: list[float | None], origin: float = 0.0) -> list[float]:
    clock = Clock(origin, tick_s=0.04)
    return [clock.read(stamp) for stamp in stamps]


def test_good_stamps_count_from_the_origin() -> None:
    assert read([10.0, 10.1, 10.15, 11.0], origin=10.0) == pytest.approx([0, 0.1, 0.15, 1.0])


def test_frames_without_stamps_are_a_tick_apart() -> None:
    assert read([None, None, 0.2, None]) == pytest.approx([0, 0.04, 0.2, 0.24])


def test_one_late_frame_does_not_move_the_frames_after_it() -> None:
    times = read([0.0, 0.04, 0.4, 0.08, 0.44, 0.48])
    assert times[4:] == pytest.approx([0.44, 0.48])
    assert times[2] < times[3] < times[4]


def test_a_clock_that_begins_anew_goes_on_with_its_own_distances() -> None:
    assert read([5.0, 6.0, 0.0, 0.5, 0.6], origin=5.0) == pytest.approx([0, 1.0, 1.04, 1.54, 1.64])


def test_equal_stamps_are_spread_out() -> None:
    times = read([0.0] * 100)
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(99 * 0.04, abs=0.05)


def test_what_was_wrong_is_counted() -> None:
    clock = Clock(0.0, 0.04)
    for stamp in (0.0, None, 0.01, 0.2):
        clock.read(stamp)
    assert (clock.unknown, clock.wrong) == (1, 1)


@pytest.mark.parametrize("wild", [[100.0], [100.0, 50.0], [100.0, 100.0], [100.0, None], [1e9]])
def test_wild_stamps_far_ahead_do_not_move_the_frames_around_them(wild: list[float | None]) -> None:
    after = [0.12 + 0.04 * (len(wild) + i) for i in range(3)]
    assert read([0.0, 0.04, 0.08, *wild, *after]) == pytest.approx(np.arange(6 + len(wild)) * 0.04)


def test_a_long_gap_is_kept_once_the_next_frame_confirms_it() -> None:
    assert read([0.0, 0.04, 60.0, 60.04, 60.08]) == pytest.approx([0, 0.04, 0.08, 60.04, 60.08])


def test_pictures_far_apart_keep_their_times() -> None:
    assert read([0.0, 15.0, 30.0, 45.0, 60.0]) == pytest.approx([0, 0.04, 30, 45, 60])
    assert read([100.0, 100.04], origin=0.0) == pytest.approx([100, 100.04])


def test_time_goes_forward_whatever_the_stamps() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        stamps = np.where(generator.random(60) < 0.3, generator.normal(0, 40, 60), np.arange(60) / 25)
        assert np.diff(read(list(map(float, stamps)))).min() > 0
