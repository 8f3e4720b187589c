"""A session's thread. It works on the newest frame only, so that a slow machine shows fewer frames, not late ones."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from posegloss.cli.live.limits import Close, Refusal

Item = TypeVar("Item")
_MOST_JOBS: Final = 64
THREAD_NAME: Final = "live session"


class Worker(Generic[Item]):
    """Works on frames and jobs, one at a time, on a thread of its own.

    A frame that comes while another is worked on takes the place of the one that waits. Jobs wait in line, and go
    before frames.

    Args:
        start: is called first, on the thread.
        work: is called with each frame, on the thread, and with how many frames were passed over since the last.
        end: is called last, on the thread, whatever happened.
        failed: is told what went wrong, on the thread; nothing is worked on after that.
    """

    def __init__(
        self,
        start: Callable[[], None],
        work: Callable[[Item, int], None],
        end: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._start, self._work, self._end, self._failed = start, work, end, failed
        self._wake = threading.Condition()
        self._newest: Item | None = None
        self._passed_over = 0
        self._jobs: deque[tuple[Callable[[], None], bool]] = deque()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def offer(self, item: Item) -> None:
        """Have a frame worked on, unless a newer one comes first."""
        with self._wake:
            self._passed_over += self._newest is not None
            self._newest = item
            self._wake.notify()

    def submit(self, job: Callable[[], None], *, after_frame: bool = False) -> None:
        """Have a job done, after those before it.

        Args:
            job: what to do.
            after_frame: if a frame waits, that goes first.

        Raises:
            Refusal: too many wait already.
        """
        with self._wake:
            if len(self._jobs) >= _MOST_JOBS:
                raise Refusal(Close.TOO_MANY_MESSAGES, "too many commands at once")
            self._jobs.append((job, after_frame))
            self._wake.notify()

    def close(self) -> None:
        """End the thread, after what it is at, and wait for that."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._start()
            while (task := self._next()) is not None:
                task()
        # Whatever it was, the session is over and its client should know.
        except BaseException as error:  # noqa: BLE001
            self._failed(error)
        finally:
            self._end()

    def _next(self) -> Callable[[], None] | None:
        with self._wake:
            self._wake.wait_for(lambda: self._closed or self._jobs or self._newest is not None)
            if self._closed:
                return None
            if self._jobs and not (self._jobs[0][1] and self._newest is not None):
                return self._jobs.popleft()[0]
            item, passed_over = self._newest, self._passed_over
            self._newest, self._passed_over = None, 0
            assert item is not None
            return lambda: self._work(item, passed_over)
