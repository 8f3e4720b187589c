"""A lease on a place that has no locks: an object that names its holder and that the holder keeps young.

An object store has no lock that ends with its process. A lease is the honest second best: it keeps apart two runs that
start at different times, and finds out, before any work is done, when two started in the same moment. A holder that was
frozen for longer than ``STALE_S`` and wakes up finds another's lease, leaves it alone and is told so when it ends; what
it still writes are whole shards, in which the next run finds clips that are there twice (``shards.drop_repeats``).

How old a lease is, is told by the clocks of two machines: they must not be more than ``STALE_S - BEAT_S`` apart.
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
_BYTES: Final = 512
"""Of every lease, filled up with spaces: who reads asks for the size first, and would cut off what has grown since."""
_SETTLE_S: Final = 2.0
"""Two who take the lease in one moment: the last to write has it, and the other sees that after this time."""


@contextmanager
def leased(storage: Storage, *, settle_s: float = _SETTLE_S, beat_s: float = BEAT_S) -> Iterator[None]:
    """Hold the lease of a place until the block ends.

    Raises:
        StoreError: another run holds it, the place cannot be written, or, when the block has ended, another run has
            taken the lease meanwhile, as this one was silent for too long.
    """
    owner: dict[str, str | int] = {"owner": uuid.uuid4().hex, "host": socket.gethostname(), "pid": os.getpid()}
    held = _read(storage)
    if held and time.time() - float(held["seen"]) < STALE_S:
        raise _refusal(storage, held)
    ended, lost = threading.Event(), threading.Event()
    beat = threading.Thread(target=_keep_young, args=(storage, owner, ended, lost, beat_s), daemon=True)
    try:
        _write(storage, owner)
        time.sleep(settle_s)
        held = _read(storage)
        if held and held["owner"] != owner["owner"]:
            raise _refusal(storage, held)
        beat.start()
        yield
    finally:
        ended.set()
        if beat.is_alive():
            beat.join()
        # One that cannot be removed goes stale by itself.
        with suppress(StoreError):
            _give_back(storage, owner, lost)
    if lost.is_set():
        raise StoreError(
            f"another run has taken {storage.place} over, as this one was silent for {STALE_S:.0f} s or more (or the "
            "clocks of the machines differ); run the same command again when it has ended: it goes on where they were"
        )


def _keep_young(
    storage: Storage, owner: dict[str, str | int], ended: threading.Event, lost: threading.Event, beat_s: float
) -> None:
    while not ended.wait(beat_s):
        # One beat may be missed; the clips' own writes will tell if the place is gone.
        with suppress(StoreError):
            held = _read(storage)
            if held and held["owner"] != owner["owner"]:
                lost.set()
                return
            _write(storage, owner)


def _give_back(storage: Storage, owner: dict[str, str | int], lost: threading.Event) -> None:
    held = _read(storage)
    if held and held["owner"] == owner["owner"]:
        storage.delete(LEASE)
    elif held:
        lost.set()


def _write(storage: Storage, owner: dict[str, str | int]) -> None:
    storage.write(LEASE, json.dumps({**owner, "seen": time.time()}).encode().ljust(_BYTES))


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
