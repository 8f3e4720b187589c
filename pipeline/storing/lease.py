"""A lease on a place that has no locks: an object that names its holder and that the holder keeps young.

An object store has no lock that ends with its process. A lease is the honest second best: it keeps apart two runs that
start at different times, and finds out, before any work is done, when two started in the same moment. It does not stop
a holder that was frozen for longer than ``STALE_S`` and wakes up; what it then still writes are whole shards, in which
the next run finds clips that are there twice (``shards.drop_repeats``).
"""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.storing.storage import Storage

LEASE: Final = "lease.json"
BEAT_S: Final = 15.0
"""So often the holder says that it is there."""
STALE_S: Final = 90.0
"""A lease that is older than so many seconds belongs to nobody: its holder missed several beats."""
_SETTLE_S: Final = 2.0
"""Two who take the lease in one moment: the last to write has it, and the other sees that after this time."""


@contextmanager
def leased(storage: Storage, *, settle_s: float = _SETTLE_S, beat_s: float = BEAT_S) -> Iterator[None]:
    """Hold the lease of a place until the block ends.

    Raises:
        StoreError: another run holds it, or the place cannot be written.
    """
    owner: dict[str, str | int] = {"owner": uuid.uuid4().hex, "host": socket.gethostname(), "pid": os.getpid()}
    held = _read(storage)
    if held and time.time() - float(held["seen"]) < STALE_S:
        raise _refusal(storage, held)
    _write(storage, owner)
    time.sleep(settle_s)
    held = _read(storage)
    if held and held["owner"] != owner["owner"]:
        raise _refusal(storage, held)
    ended = threading.Event()
    beat = threading.Thread(target=_keep_young, args=(storage, owner, ended, beat_s), daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()
        # One that cannot be removed goes stale by itself.
        with suppress(StoreError):
            storage.delete(LEASE)


def _keep_young(storage: Storage, owner: dict[str, str | int], ended: threading.Event, beat_s: float) -> None:
    while not ended.wait(beat_s):
        # One beat may be missed; the clips' own writes will tell if the place is gone.
        with suppress(StoreError):
            _write(storage, owner)


def _write(storage: Storage, owner: dict[str, str | int]) -> None:
    storage.write(LEASE, json.dumps({**owner, "seen": time.time()}).encode())


def _read(storage: Storage) -> dict[str, str | float] | None:
    try:
        held: dict[str, str | float] = json.loads(storage.read(LEASE) or b"null")
        return held and {"seen": float(held["seen"]), **{name: held[name] for name in ("owner", "host", "pid")}}
    except (ValueError, KeyError, TypeError):
        return None  # not a lease of ours


def _refusal(storage: Storage, held: dict[str, str | float]) -> StoreError:
    return StoreError(
        f"another run is writing {storage.place} (process {held['pid']} on {held['host']}); wait until it has ended, "
        f"or stop it. If it was killed, wait {STALE_S:.0f} s and run the same command again"
    )
