import math

import numpy as np
import pytest

from posegloss.pipeline.smoothing import LowPassFilter, OneEuroFilter


class ScalarOneEuro:
    """The filter of one_euro_filter.cc for one number, step by step."""

    def __init__(self, min_cutoff: float, beta: float, derivate_cutoff: float) -> None:
        self.settings = min_cutoff, beta, derivate_cutoff
        self.value: float | None = None

    def apply(self, time: float, value: float, scale: float) -> float:
        min_cutoff, beta, derivate_cutoff = self.settings
        if self.value is None:
            self.value, self.speed = value, 0.0
        else:
            rate = 1 / (time - self.time)
            speed = (value - self.raw) * scale * rate
            share = self.alpha(derivate_cutoff, rate)
            self.speed = share * speed + (1 - share) * self.speed
            share = self.alpha(min_cutoff + beta * abs(self.speed), rate)
            self.value = share * value + (1 - share) * self.value
        self.time, self.raw = time, value
        return self.value

    @staticmethod
    def alpha(cutoff: float, rate: float) -> float:
        tau = 1 / (2 * math.pi * cutoff)
        return 1 / (1 + tau * rate)


def test_arrays_are_filtered_as_single_numbers_at_a_varying_frame_rate() -> None:
    generator = np.random.default_rng(0)
    times = np.cumsum(generator.uniform(0.01, 0.1, 50))
    values = np.cumsum(generator.normal(0, 5, (50, 7)), axis=0)
    ours = OneEuroFilter(min_cutoff=0.05, beta=80.0, derivate_cutoff=1.0)
    single = [ScalarOneEuro(0.05, 80.0, 1.0) for _ in range(7)]
    for time, value in zip(times, values, strict=True):
        expected = [one.apply(time, v, 1 / 400) for one, v in zip(single, value, strict=True)]
        assert ours(time, value, 1 / 400) == pytest.approx(expected, rel=1e-9)


def test_rest_is_smoothed_more_than_movement() -> None:
    one_euro = OneEuroFilter(min_cutoff=0.05, beta=80.0, derivate_cutoff=1.0)
    one_euro(0.0, np.zeros(2))
    at_rest, moving = one_euro(1 / 30, np.array([0.001, 100.0]))
    assert at_rest < 0.05 * 0.001 * 10
    assert moving > 0.9 * 100


def test_reset_forgets() -> None:
    one_euro = OneEuroFilter(min_cutoff=0.05, beta=0.0, derivate_cutoff=1.0)
    one_euro(0.0, np.zeros(1))
    one_euro.reset()
    assert one_euro(0.1, np.array([7.0])).tolist() == [7.0]


def test_low_pass_begins_with_the_first_value() -> None:
    low_pass = LowPassFilter()
    assert low_pass(np.array([1.0]), 0.1).tolist() == [1.0]
    assert low_pass(np.array([2.0]), 0.1) == pytest.approx([1.1])
