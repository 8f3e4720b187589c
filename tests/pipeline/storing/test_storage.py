import json
import pickle
import time
from pathlib import Path

import pytest

from posegloss.pipeline.errors import DiskFullError, StoreError
from posegloss.pipeline.inspection.overview import survey
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing import shards
from posegloss.pipeline.storing.clip import SCHEMA
from posegloss.pipeline.storing.lease import LEASE, leased
from posegloss.pipeline.storing.storage import Storage, is_remote

from ..test_store import make_clip


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    place = str(tmp_path / "store") if request.param == "local" else request.getfixturevalue("s3")
    storage = Storage(place)
    storage.make("clips")
    return storage


def names(storage: Storage) -> list[str]:
    """The shards of a store."""
    return [storage.name_of(path) for path in storage.dataset("clips", SCHEMA).files]


def test_files_are_written_listed_read_and_removed(storage: Storage) -> None:
    assert names(storage) == []
    assert storage.read("clips/b.parquet") is None
    for name in ("clips/b.parquet", "clips/a.parquet", "c.txt"):
        storage.write(name, name.encode())
    storage.write("clips/a.parquet", b"new")
    assert names(storage) == ["clips/a.parquet", "clips/b.parquet"]
    assert storage.read("clips/a.parquet") == b"new"
    assert storage.exists("c.txt")
    storage.delete("c.txt")
    storage.delete("c.txt")
    assert not storage.exists("c.txt")
    assert pickle.loads(pickle.dumps(storage)).read("clips/a.parquet") == b"new"
    storage.write("b", b"four")
    assert storage.size() == len(b"new" + b"clips/b.parquet" + b"four")


def test_a_batch_that_is_written_twice_is_there_once(storage: Storage) -> None:
    a, b, c = (make_clip(name) for name in "abc")
    name = shards.batch_name(["b", "a", "c"])
    assert name == shards.batch_name(["a", "b", "c"]) != shards.batch_name(["a", "bc"])
    shards.add_to(storage, name, [a, b])
    shards.add_to(storage, name, [b, c])
    shards.add_to(storage, name, [])
    assert sorted(storage.dataset("clips", SCHEMA).to_table()["clip_id"].to_pylist()) == ["a", "b", "c"]
    assert names(storage) == [name]


def test_clips_that_are_in_two_shards_are_left_in_one(storage: Storage) -> None:
    for name, ids in (("1", "ab"), ("2", "bc"), ("3", "ca"), ("4", "d")):
        shards.add_to(storage, f"clips/{name}.parquet", [make_clip(clip_id) for clip_id in ids])
    assert shards.drop_repeats(storage) == 3
    assert names(storage) == ["clips/1.parquet", "clips/2.parquet", "clips/4.parquet"]
    table = storage.dataset("clips", SCHEMA).to_table(columns=["clip_id"])
    assert sorted(table["clip_id"].to_pylist()) == ["a", "b", "c", "d"]
    assert shards.drop_repeats(storage) == 0


def test_a_lease_keeps_a_second_run_out_until_it_ends(storage: Storage) -> None:
    with leased(storage, settle_s=0, beat_s=0.05):
        time.sleep(0.2)
        with pytest.raises(StoreError, match="another run is writing"), leased(storage, settle_s=0):
            pass
    assert not storage.exists(LEASE)


def test_a_lease_keeps_its_size_whenever_it_is_renewed(storage: Storage) -> None:
    sizes = set()
    with leased(storage, settle_s=0, beat_s=0.01):
        for _ in range(20):
            sizes.add(len(storage.read(LEASE) or b""))
            time.sleep(0.02)
    assert len(sizes) == 1


@pytest.mark.parametrize("beat_s", [0.05, 3600])
def test_who_was_silent_for_too_long_leaves_the_lease_to_the_other(storage: Storage, beat_s: float) -> None:
    theirs = json.dumps({"owner": "other", "host": "there", "pid": 1, "seen": time.time()}).encode()

    def hold() -> None:
        with leased(storage, settle_s=0, beat_s=beat_s):
            # Once more if it came between the look and the write of a beat.
            for _ in range(3):
                if storage.read(LEASE) != theirs:
                    storage.write(LEASE, theirs)
                time.sleep(0.15)

    with pytest.raises(StoreError, match="has taken"):
        hold()
    assert storage.read(LEASE) == theirs


def test_a_lease_that_nobody_renews_is_nobodys(storage: Storage) -> None:
    storage.write(LEASE, json.dumps({"owner": "other", "host": "there", "pid": 1, "seen": 0.0}).encode())
    with leased(storage, settle_s=0):
        pass
    assert not storage.exists(LEASE)


@pytest.mark.parametrize("taken", [False, True])
def test_a_stop_before_the_work_begins_gives_back_only_what_is_held(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    def stop(_: float) -> None:
        if taken:
            storage.write(LEASE, b'{"owner": "other", "host": "there", "pid": 1, "seen": 0}')
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt), leased(storage):
        pass
    assert storage.exists(LEASE) == taken


def test_what_goes_wrong_is_told(s3: str, small_disk: Path) -> None:
    with pytest.raises(StoreError, match="no such bucket"):
        Storage("s3://nobucket/store").write("a", b"")
    with pytest.raises(DiskFullError, match="full"):
        Storage(small_disk).write("a", bytes(1 << 20))
    assert not list(small_disk.iterdir())
    with pytest.raises(StoreError, match="pip install fsspec"):
        Storage("strange://place/store")


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(StoreError, match="cannot be reached"):
        Storage("s3://bucket/store").exists("a")


@pytest.mark.parametrize(
    ("place", "remote"),
    [("store", False), ("/a/store", False), ("file:///a/store", False), ("s3://b/c", True), ("C:\\store", False)],
)
def test_what_is_remote(place: str, remote: bool) -> None:
    assert is_remote(place) is remote


@pytest.mark.parametrize("scheme", ["s3", "memory"])
def test_a_store_that_is_no_folder(scheme: str, request: pytest.FixtureRequest) -> None:
    """As tests/pipeline/test_store.py in short; memory:// is what only fsspec knows."""
    if scheme == "memory":
        pytest.importorskip("fsspec", reason="needs fsspec (the dev extra)")
    place = request.getfixturevalue("s3") if scheme == "s3" else "memory://bucket/store"
    with pytest.raises(StoreError, match="is not a keypoint store"):
        KeypointStore.open(place)
    store = KeypointStore.create(place, {"model": "full"})
    assert (store.place, len(store), store.clip_ids()) == (place, 0, set())
    store.append([make_clip("a"), make_clip("b")])
    store.append([make_clip("c")])
    store.replace([make_clip("b", frames=7)])
    store.amend({"c": {"gloss": "GREET"}})
    again = KeypointStore.create(place, {"model": "full"})
    assert {clip.clip_id: (len(clip.sequence), clip.gloss) for clip in again.clips()} == {
        "a": (3, "WAVE"),
        "b": (7, "WAVE"),
        "c": (3, "GREET"),
    }
    assert len(again.get("b").sequence) == 7
    assert survey(again).clips == 3
    with pytest.raises(StoreError, match="choose another"):
        KeypointStore.create(place, {"model": "lite"})
    with pytest.raises(StoreError, match="no folder of this machine"):
        _ = again.path
