"""Reading ahead: what comes next is made on another thread while the last is worked on."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")

_AHEAD: Final = 3
"""Frames that wait: a keyframe takes longer to decode than those between, and each takes megabytes."""


def read_ahead(items: Iterable[Item]) -> Generator[Item, None, None]:
    """The items, made on one other thread, a few of them before they are asked for.

    Close it where it is left early: only then is nobody working on the items any more.

    Raises:
        Exception: what making an item raised, in its place.
    """
    source = iter(items)
    end = object()
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        waiting = deque(reader.submit(next, source, end) for _ in range(_AHEAD))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(reader.submit(next, source, end))
                yield item  # type: ignore[misc]
        finally:
            reader.shutdown(cancel_futures=True)
