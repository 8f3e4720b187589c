"""One run at a time on a store, and the file that tells how it gets on."""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from posegloss.pipeline.errors import StoreError, told_as_store_error
from posegloss.pipeline.storing.storage import Storage

RUN_FILE: Final = "run.json"
_LOCK_FILE: Final = ".lock"
_WRITE_S: Final = 1.0
_WRITE_REMOTE_S: Final = 5.0
"""So often the file is written at most; in an object store each time takes a tenth of a second."""


@contextmanager
def held(store: Path) -> Iterator[None]:
    """Hold a store against other runs. The operating system lets go of it when this process ends, however it ends.

    Raises:
        StoreError: another run holds it, or the folder cannot be written.
    """
    # Not by thread, which is filelock's habit: the lock is the process's.
    lock = FileLock(store / _LOCK_FILE, thread_local=False)
    with told_as_store_error(store):
        try:
            lock.acquire(blocking=False)
        except Timeout:
            raise StoreError(
                f"another run is writing {store} ({_holder(store)}); wait until it has ended, or stop it"
            ) from None
    try:
        yield
    finally:
        lock.release()


def _holder(store: Path) -> str:
    try:
        run = json.loads((store / RUN_FILE).read_text("utf-8"))
        return f"process {run['pid']} on {run['host']}, since {run['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "just started"  # it holds the store a moment before it says so


@dataclass
class RunState:
    """How a run gets on: ``run.json`` in the store, rewritten now and then, which anybody may read.

    Attributes:
        store: the store's place.
        total: clips and rows that the run was given.
        done: clips that were extracted.
        skipped: clips that the store had.
        failed: clips and rows that could not be extracted.
        frames: frames that were read, those of clips in flight included.
        state: "running", "finished", "interrupted" (Ctrl-C) or "failed" (an error ended the run). One that was killed
            says "running" for ever: its process is gone.
    """

    store: Storage
    total: int
    done: int = 0
    skipped: int = 0
    failed: int = 0
    frames: int = 0
    state: str = "running"
    started: str = field(default_factory=lambda: _now())
    _written: float = 0.0

    def __enter__(self) -> "RunState":
        self._write()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.state = "finished" if kind is None else "interrupted" if kind is KeyboardInterrupt else "failed"
        try:
            self._write()
        except StoreError:
            # A full disk: better no word than that it still runs.
            with suppress(StoreError):
                self.store.delete(RUN_FILE)

    def write_if_due(self) -> None:
        """Bring the file up to date if it is too old."""
        if time.monotonic() - self._written >= (_WRITE_S if self.store.folder else _WRITE_REMOTE_S):
            # A disk that cannot be written will be told by the clips, which matter.
            with suppress(StoreError):
                self._write()

    def _write(self) -> None:
        told = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("store", "_written")}
        text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "updated": _now(), **told})
        self._written = time.monotonic()
        self.store.write(RUN_FILE, text.encode(), sync=False)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
