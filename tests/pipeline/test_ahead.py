import threading
from collections.abc import Iterator

import pytest

from posegloss.pipeline.ahead import read_ahead


def test_the_same_items_in_the_same_order_from_another_thread() -> None:
    threads = set()

    def numbers() -> Iterator[int]:
        for number in range(50):
            threads.add(threading.current_thread())
            yield number

    assert list(read_ahead(numbers())) == list(range(50))
    assert len(threads) == 1
    assert threading.current_thread() not in threads


@pytest.mark.parametrize("items", [0, 1, 2])
def test_fewer_items_than_are_read_ahead(items: int) -> None:
    assert list(read_ahead(range(items))) == list(range(items))


def test_an_error_comes_in_its_place_and_after_it_nothing() -> None:
    def two_then_damage() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("damaged")

    ahead = read_ahead(two_then_damage())
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(ValueError, match="damaged"):
        next(ahead)
    assert list(ahead) == []


def test_left_early_nobody_works_on_the_items_any_more() -> None:
    read = []

    def numbers() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    ahead = read_ahead(numbers())
    assert next(ahead) == 0
    ahead.close()
    assert len(read) < 10
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
