from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.inspection.lookup import find_clip, near_ids
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import Clip, KeypointStore

IDS = [f"{gloss}/signer-{i}.mp4" for gloss in ("WAVE", "CHIN-TAP", "CIRCLE") for i in range(40)]


@pytest.fixture
def store(tmp_path: Path) -> KeypointStore:
    store = KeypointStore.create(tmp_path / "store", {})
    sequence = KeypointSequence(np.zeros((1, 33, 4)), np.zeros(1), (8, 8))
    for half in (IDS[::2], IDS[1::2]):
        store.append([Clip(clip_id, sequence) for clip_id in half])
    return store


def test_a_clip_is_found_by_its_id(store: KeypointStore) -> None:
    assert find_clip(store, "WAVE/signer-7.mp4").clip_id == "WAVE/signer-7.mp4"


def test_a_clip_that_is_not_there_names_what_is_near_and_how_to_list(store: KeypointStore) -> None:
    with pytest.raises(
        StoreError, match=r"no clip 'CHINTAP/signer-31'; did you mean 'CHIN-TAP/signer-31\.mp4'.*--list"
    ):
        find_clip(store, "CHINTAP/signer-31")
    with pytest.raises(StoreError, match=r"no clip 'qqq'\. All its clips: posegloss inspect .* --list"):
        find_clip(store, "qqq")


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("wave/signer-12.mp4", "WAVE/signer-12.mp4"),
        ("/home/me/corpus/CIRCLE/signer-3.mp4", "CIRCLE/signer-3.mp4"),
        ("CIRCLE/singer-3.mp4", "CIRCLE/signer-3.mp4"),
        ("CHIN-TAP/signer-31", "CHIN-TAP/signer-31.mp4"),
    ],
)
def test_the_nearest_comes_first(wanted: str, nearest: str) -> None:
    assert near_ids(wanted, IDS)[0] == nearest


@pytest.mark.parametrize("wanted", ["", "x", "ab"])
def test_short_ids_do_no_harm(wanted: str) -> None:
    assert len(near_ids(wanted, IDS)) <= 5
    assert near_ids(wanted, []) == []
