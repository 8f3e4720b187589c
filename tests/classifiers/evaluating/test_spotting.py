import pytest

from posegloss.classifiers.evaluating.spotting import Spotting, overlap, score_spans
from posegloss.pipeline.formats.eaf import GlossSpan

TRUE = [GlossSpan("wave", 1.0, 2.0), GlossSpan("circle", 3.0, 4.0), GlossSpan("wave", 5.0, 6.0)]


def test_found_at_the_right_place_with_the_right_and_a_wrong_gloss():
    found = [GlossSpan("wave", 1.1, 2.2), GlossSpan("wave", 3.0, 4.1), GlossSpan("tap", 8.0, 9.0)]
    score = score_spans(found, TRUE)
    assert score == Spotting(signs=3, found=3, placed=2, right=1)
    assert score.placed_f1 == pytest.approx(2 / 3)
    assert score.f1 == pytest.approx(1 / 3)


def test_a_true_span_has_one_partner_and_so_has_a_found_one():
    halves = [GlossSpan("wave", 1.0, 1.5), GlossSpan("wave", 1.5, 2.0)]
    assert score_spans(halves, TRUE[:1]).placed == 1
    assert score_spans([GlossSpan("wave", 1.0, 4.0)], TRUE[:2], enough=0.3).placed == 1


def test_half_of_the_common_time_is_just_enough():
    assert score_spans([GlossSpan("wave", 1.0, 1.5)], TRUE[:1]).right == 1
    assert score_spans([GlossSpan("wave", 1.0, 1.49)], TRUE[:1]).right == 0


def test_sums_over_recordings_and_nothing_to_find():
    both = score_spans(TRUE, TRUE) + score_spans([], TRUE)
    assert both == Spotting(6, 3, 3, 3)
    assert both.f1 == pytest.approx(6 / 9)
    assert score_spans([], []).f1 == 1.0
    assert score_spans([], TRUE).f1 == 0.0


def test_overlap_is_symmetric_and_of_empty_spans_zero():
    a, b = GlossSpan("", 0.0, 2.0), GlossSpan("", 1.0, 3.0)
    assert overlap(a, b) == overlap(b, a) == pytest.approx(1 / 3)
    assert overlap(GlossSpan("", 1.0, 1.0), GlossSpan("", 1.0, 1.0)) == 0.0
