import numpy as np
import pytest

from posegloss.pipeline.measuring.oks import PictureAnswers, average_precision, similarity
from posegloss.pipeline.measuring.people import Person, from_named
from posegloss.pipeline.skeleton import INDEX

NOSE, HIP = INDEX["nose"], INDEX["left_hip"]


def person(area: float | None = 10_000.0, **marked: tuple[float, float]) -> Person:
    return Person("a.jpg", from_named(marked), area=area)


def found(**marked: tuple[float, float]) -> np.ndarray:
    return from_named(marked)


def picture(people: list[Person], answers: list[np.ndarray], scores: list[float], excused: tuple[int, ...] = ()):
    points = np.array(answers).reshape(-1, 33, 2)
    return PictureAnswers(people, points, np.array(scores), np.isin(np.arange(len(points)), excused))


def test_similarity_by_hand() -> None:
    one = person(nose=(0, 0), left_hip=(100, 100))
    # COCO's sigma of a hip is 0.107: exp(-d^2 / (2 area (2 sigma)^2)).
    hip = np.exp(-(20**2) / (2 * 10_000 * 0.214**2))
    assert similarity(one, found(nose=(0, 0), left_hip=(100, 120))[None], [NOSE, HIP]) == pytest.approx((1 + hip) / 2)
    assert similarity(one, found(nose=(0, 0))[None], [NOSE, HIP]) == pytest.approx(0.5)
    # A point that has no sigma with COCO does not count, nor one that not all systems have.
    heel = INDEX["left_heel"]
    assert similarity(one, found(nose=(0, 0))[None], [NOSE, heel]) == pytest.approx(1)


def test_without_an_area_it_is_that_of_most_of_the_box() -> None:
    boxed = Person("a.jpg", from_named({"nose": (0, 0)}), marked_box=np.array([0.0, 0, 100, 200]))
    expected = np.exp(-(10**2) / (2 * 0.53 * 20_000 * 0.052**2))
    assert similarity(boxed, found(nose=(10, 0))[None], [NOSE]) == pytest.approx(expected)
    assert np.isnan(similarity(person(None, nose=(0, 0)), found(nose=(0, 0))[None], [NOSE])).all()


def test_precision_over_recall_by_hand() -> None:
    one, right, wrong = person(nose=(0, 0)), found(nose=(0, 0)), found(nose=(5000, 0))
    places = [NOSE]
    assert average_precision([picture([one], [right], [0.9])], places) == pytest.approx(1)
    assert average_precision([picture([one], [], [])], places) == 0
    # Two people, one found: precision 1 up to a recall of a half, which is 51 of the 101 recalls.
    half = [picture([one], [right], [0.9]), picture([one], [], [])]
    assert average_precision(half, places) == pytest.approx(51 / 101)
    # A surer answer that is wrong halves the precision at every recall; a less sure one costs nothing.
    assert average_precision([picture([one], [wrong, right], [0.9, 0.8])], places) == pytest.approx(0.5)
    assert average_precision([picture([one], [wrong, right], [0.7, 0.8])], places) == pytest.approx(1)
    # Whoever lies in an ignored box is no mistake, and nobody can be right twice.
    assert average_precision([picture([one], [wrong, right], [0.9, 0.8], (0,))], places) == pytest.approx(1)
    twice = [picture([one], [right, right], [0.9, 0.8]), picture([one], [right], [0.1])]
    assert average_precision(twice, places) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_how_many_thresholds_are_reached_is_what_a_single_pair_gets() -> None:
    # OKS of exactly 0.72: five of the ten thresholds from 0.50 to 0.95 are reached.
    far = np.sqrt(-np.log(0.72) * 2 * 10_000 * 0.214**2)
    answer = picture([person(left_hip=(0, 0))], [found(left_hip=(far, 0))], [1.0])
    assert average_precision([answer], [HIP]) == pytest.approx(0.5)
