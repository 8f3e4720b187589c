"""LastRun: how the run that fills a store gets on, or ended, from the state that it keeps there (``run_state.py``)."""

import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.running.run_state import RUN_FILE
from posegloss.pipeline.storing.storage import Storage

SILENT_S: Final = 60.0
"""A run writes its state every second; one that has been silent for so long is gone."""
STOPPED: Final = "stopped"
_STATES: Final = ("running", "finished", "interrupted", "failed")


@dataclass(frozen=True)
class LastRun:
    """A run, and what has become of its clips.

    Attributes:
        state: running, finished, interrupted, failed, or stopped: ended without saying so.
        started: when.
        updated: when it was last heard of.
        silent_s: seconds since then.
        total: clips that it was given.
        done: clips that it extracted.
        skipped: clips that the store had before.
        failed: clips that could not be extracted.
        frames: frames of the clips that it extracted.
    """

    state: str
    started: datetime
    updated: datetime
    silent_s: float
    total: int
    done: int
    skipped: int
    failed: int
    frames: int

    @property
    def elapsed_s(self) -> float:
        """Seconds from the start until it was last heard of."""
        return max((self.updated - self.started).total_seconds(), 0.0)

    @property
    def frames_per_s(self) -> float | None:
        """Frames a second since the start; None before the first."""
        return self.frames / self.elapsed_s if self.frames and self.elapsed_s else None

    @property
    def left(self) -> int:
        """Clips that nothing has become of yet."""
        return max(self.total - self.done - self.skipped - self.failed, 0)

    @property
    def left_s(self) -> float | None:
        """Seconds that a running one still needs, at the pace so far; None if it does not run or has no pace yet."""
        worked = self.done + self.failed
        if self.state != "running" or not worked:
            return None
        return max(self.left * self.elapsed_s / worked - self.silent_s, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        counts = {name: getattr(self, name) for name in ("total", "done", "skipped", "failed", "left", "frames")}
        times = {name: getattr(self, name).isoformat() for name in ("started", "updated")}
        pace = {name: getattr(self, name) for name in ("elapsed_s", "frames_per_s", "left_s")}
        return {"state": self.state, **times, **counts, **pace}


def read_last_run(store: Storage, now: datetime | None = None) -> LastRun | None:
    """The run that last wrote into a store; None if none left its state there.

    Args:
        store: the store's place.
        now: the time, unless it is now.

    Raises:
        StoreError: the state file cannot be read, or is not one.
    """
    data = store.read(RUN_FILE)
    if data is None:
        return None
    try:
        written = json.loads(data.decode())
        started, updated = (_time(written[name]) for name in ("started", "updated"))
        counts = {name: max(int(written[name]), 0) for name in ("total", "done", "skipped", "failed", "frames")}
        state, pid, host = written["state"], int(written["pid"]), str(written["host"])
        if state not in _STATES:
            raise ValueError(f"there is no state {state!r}")
    # A number too large, and JSON nested too deeply, are the last two.
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise StoreError(
            f"{store.place}/{RUN_FILE} cannot be read ({type(error).__name__}: {error}), so nothing is known of the "
            "last run; the next one writes a new file"
        ) from error
    silent_s = max(((now or datetime.now(UTC)) - updated).total_seconds(), 0.0)
    if state == "running" and (silent_s > SILENT_S or _is_dead(pid, host)):
        state = STOPPED
    return LastRun(state, started, updated, silent_s, **counts)


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _is_dead(pid: int, host: str) -> bool:
    # On Windows os.kill ends the process that it is asked about.
    if os.name != "posix" or host != socket.gethostname() or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # another user's, which lives
    return False
