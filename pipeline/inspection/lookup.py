"""Finding one clip of a store by its id, or what comes near to it."""

import difflib
from collections.abc import Collection
from pathlib import PurePath
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.store import Clip, KeypointStore

_NEAR: Final = 5
_COMPARED: Final = 300
"""difflib takes a minute for a million ids; it sees those that share the most letters in a row."""


def find_clip(store: KeypointStore, clip_id: str) -> Clip:
    """One clip of a store.

    Raises:
        StoreError: the store has no clip of that id; names what comes near.
    """
    try:
        return store.get(clip_id)
    except KeyError:
        near = near_ids(clip_id, store.clip_ids())
    meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
    raise StoreError(
        f"{store.place} has no clip {clip_id!r}{meant} All its clips: posegloss inspect {store.place} --list"
    )


def near_ids(wanted: str, clip_ids: Collection[str]) -> list[str]:
    """The ids that look most like a wanted one, the nearest first; a file name alone is near to its path."""
    ids = pa.array(sorted(clip_ids), pa.string())
    lower = pc.utf8_lower(ids)
    name = wanted.lower()
    parts = {name[i : i + 3] for i in range(max(len(name) - 2, 1))}
    shared = np.zeros(len(ids), np.int32)
    for part in parts:
        shared += pc.match_substring(lower, part).to_numpy(zero_copy_only=False)
    best = np.argsort(-shared, kind="stable")[:_COMPARED]
    candidates = [ids[int(i)].as_py() for i in best if shared[i]]
    within = [one for one in candidates if name in one.lower() or PurePath(one.lower()).name == PurePath(name).name]
    alike = difflib.get_close_matches(name, [one.lower() for one in candidates], _NEAR, 0.6)
    return list(dict.fromkeys([*within, *(one for text in alike for one in candidates if one.lower() == text)]))[:_NEAR]
