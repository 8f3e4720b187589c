import numpy as np
import pytest

from posegloss.classifiers.evaluating.intervals import BY_CLIP, BY_SIGNER, WILSON, Units, bootstrapped, mean, wilson
from posegloss.classifiers.evaluating.measures import (
    calibration_bins,
    calibration_error,
    gains,
    macro_f1,
    reciprocal_ranks,
)


def by_clip(count):
    return Units.choose([f"{i}" for i in range(count)], [None] * count)


def test_rank_measures():
    ranks = np.array([1, 2, 3, 7])
    np.testing.assert_allclose(reciprocal_ranks(ranks), [1, 0.5, 1 / 3, 1 / 7])
    np.testing.assert_allclose(gains(ranks), [1, 1 / np.log2(3), 0.5, 1 / 3])


def test_calibration_error_by_hand():
    """Two of three are right at 0.9, none of one at 0.31: 3/4 * |2/3 - 0.9| + 1/4 * |0 - 0.31|."""
    confidences, right = np.array([0.9, 0.9, 0.9, 0.31]), np.array([True, True, False, False])
    error = calibration_error(confidences, right, by_clip(4))
    assert error.value == pytest.approx(0.75 * (0.9 - 2 / 3) + 0.25 * 0.31)
    assert error.low <= error.value <= error.high
    low, high = calibration_bins(confidences, right)
    assert (low.answers, low.accuracy, high.answers) == (1, 0, 3)
    assert (low.low, low.high) == pytest.approx((4 / 15, 5 / 15))
    assert high.accuracy == pytest.approx(2 / 3)


def test_errors_within_a_bin_cancel_and_between_bins_do_not():
    right = np.array([True, False])
    assert calibration_error(np.array([0.5, 0.5]), right, by_clip(2)).value == pytest.approx(0)
    assert calibration_error(np.array([0.99, 0.01]), right, by_clip(2)).value == pytest.approx(0.01)
    assert calibration_error(np.array([0.01, 0.99]), right, by_clip(2)).value == pytest.approx(0.99)


def test_a_confidence_of_one_or_none_has_a_bin():
    assert calibration_error(np.array([1.0, 0.0]), np.array([True, False]), by_clip(2)).value == 0


def test_macro_f1_of_glosses_that_are_only_answered():
    """A gloss that nobody signs is no part of the mean, but costs the one that it was answered for."""
    labels, predicted = np.array([0, 0, 1]), np.array([0, 2, 1])
    assert macro_f1(labels, predicted, 3, by_clip(3)).value == pytest.approx((2 / 3 + 1) / 2)


def test_people_are_drawn_where_five_are_known():
    clips, signers = [f"{i}" for i in range(10)], [f"s{i % 5}" for i in range(10)]
    units = Units.choose(clips, signers)
    assert (units.method, units.count, units.clips) == (BY_SIGNER, 5, 10)
    assert units.of.tolist() == [0, 1, 2, 3, 4] * 2
    assert Units.choose(clips, [f"s{i % 4}" for i in range(10)]).method == BY_CLIP
    assert Units.choose(clips, [*signers[:-1], None]).method == BY_CLIP


def test_bootstrap_of_a_mean_is_as_wide_as_theory_says():
    """40 people with standard deviation 0.5: 1.96 * 0.5 / sqrt(40) to either side."""
    values = np.array([0.0, 1.0] * 20)
    units = Units.choose([f"{i}" for i in range(40)], [f"s{i}" for i in range(40)])
    found = mean(values, units)
    assert found.method == BY_SIGNER
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.5 - 0.155, 0.5 + 0.155), abs=0.03)


def test_a_clip_that_three_models_answered_counts_once():
    right = np.array([True, False, True, True, False, True])
    once = mean(right, Units.choose([f"{i}" for i in range(6)], [None] * 6))
    thrice = mean(np.repeat(right, 3), Units.choose([f"{i // 3}" for i in range(18)], [None] * 18))
    assert once == thrice == wilson(4 / 6, 6)
    assert once.method == WILSON


def test_the_interval_holds_a_value_that_resampling_shifts():
    units = by_clip(3)
    sums = np.eye(3)
    found = bootstrapped(sums, lambda total: (total > 0).sum(axis=1) / 3, units)
    # Three draws of three seldom give three different ones.
    assert found.value == found.high == 1
    assert found.low < 0.7


def test_the_same_answers_give_the_same_interval():
    values = np.linspace(0, 1, 12)
    units = Units.choose([f"{i}" for i in range(12)], [f"s{i // 2}" for i in range(12)])
    assert mean(values, units) == mean(values, units)
