import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import hypothesis.extra.numpy as hnp
import numpy as np
import pandas as pd
import pyarrow.dataset
import pyarrow.parquet
import pytest
from hypothesis import strategies as st

from posegloss.pipeline.errors import DiskFullError, StoreError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75
from posegloss.pipeline.store import Clip, KeypointStore
from posegloss.pipeline.storing.clip import SCHEMA, Known, to_table
from posegloss.pipeline.storing.provenance import Origin, Provenance
from posegloss.pipeline.storing.storage import Storage

from ..conftest import fill_disk

SETTINGS = {"model": "full", "smooth": True}


@pytest.fixture
def store(tmp_path: Path) -> KeypointStore:
    return KeypointStore.create(tmp_path / "store", SETTINGS)


def make_clip(clip_id: str = "a.mp4", frames: int = 3, seed: int = 0, world: bool = False) -> Clip:
    rng = np.random.default_rng(seed)
    keypoints = rng.random((frames, 33, 4), np.float32)
    keypoints[0] = np.nan
    sequence = KeypointSequence(
        keypoints,
        np.arange(frames) / 25,
        (320, 240),
        source=f"/videos/{clip_id}",
        world=rng.random((frames, 33, 3), np.float32) if world else None,
        warnings=["incomplete"],
    )
    return Clip(clip_id, sequence, gloss="WAVE", signer="ada", split="train")


def assert_same(one: Clip, other: Clip) -> None:
    assert (one.clip_id, one.gloss, one.signer, one.split) == (other.clip_id, other.gloss, other.signer, other.split)
    a, b = one.sequence, other.sequence
    assert (a.size, a.source, a.layout, a.warnings) == (b.size, b.source, b.layout, b.warnings)
    np.testing.assert_array_equal(a.keypoints, b.keypoints)
    np.testing.assert_array_equal(a.timestamps, b.timestamps)
    assert (a.world is None) == (b.world is None)
    if a.world is not None and b.world is not None:
        np.testing.assert_array_equal(a.world, b.world)


def test_clips_come_back_as_they_were(store: KeypointStore) -> None:
    clips = [make_clip("a.mp4", world=True), make_clip("gloss/b ü.mp4", 1, 1), Clip("c", make_clip(seed=2).sequence)]
    store.append(clips[:2])
    store.append(clips[2:])
    again = KeypointStore.open(store.path)
    assert again.settings == SETTINGS
    assert len(again) == 3
    assert again.clip_ids() == {"a.mp4", "gloss/b ü.mp4", "c"}
    for clip in clips:
        assert_same(again.get(clip.clip_id), clip)
    assert {clip.clip_id for clip in again.clips()} == again.clip_ids()


@hypothesis.given(
    missing_frames=st.lists(st.booleans(), min_size=1, max_size=6),
    missing_points=hnp.arrays(np.bool_, (33,)),
    keep_world=st.booleans(),
)
@hypothesis.settings(max_examples=25, deadline=None)
def test_every_pattern_of_missing_points_survives(
    tmp_path_factory: pytest.TempPathFactory,
    missing_frames: list[bool],
    missing_points: np.ndarray,
    keep_world: bool,
) -> None:
    clip = make_clip(frames=len(missing_frames), world=keep_world)
    keypoints = np.array(clip.sequence.keypoints)
    keypoints[1:, missing_points] = np.nan
    keypoints[np.array(missing_frames)] = np.nan
    world = None if clip.sequence.world is None else np.where(np.isnan(keypoints[..., :3]), np.nan, 0.5)
    sequence = KeypointSequence(keypoints, clip.sequence.timestamps, (64, 48), world=world)
    store = KeypointStore.create(tmp_path_factory.mktemp("s"), {})
    store.append([Clip("x", sequence)])
    assert_same(store.get("x"), Clip("x", sequence))
    np.testing.assert_array_equal(store.get("x").sequence.present, sequence.present)


def test_clips_are_in_the_order_in_which_they_were_written(store: KeypointStore) -> None:
    names = ["c", "a", "d", "b", "f", "e"]
    for name in names:
        store.append([make_clip(name)])
    assert [clip.clip_id for clip in store.clips()] == names


def test_an_empty_store(store: KeypointStore) -> None:
    store.append([])
    assert (len(store), store.clip_ids(), list(store.clips()), len(store.index())) == (0, set(), [], 0)
    with pytest.raises(KeyError):
        store.get("a")


def test_the_index_tells_what_there_is(store: KeypointStore) -> None:
    store.append([make_clip("b"), make_clip("a")])
    row = store.index().iloc[0]
    assert list(store.index()["clip_id"]) == ["a", "b"]
    assert (row["gloss"], row["signer"], row["split"], row["width"], row["height"]) == (
        "WAVE",
        "ada",
        "train",
        320,
        240,
    )
    assert (row["frames"], row["frames_with_person"], row["frame_rate"]) == (3, 2, pytest.approx(25))
    assert list(row["warnings"]) == ["incomplete"]


def test_pandas_reads_it_directly(store: KeypointStore) -> None:
    store.append([make_clip("a")])
    store.append([make_clip("b", seed=1)])
    frame = pd.read_parquet(store.path / "clips").set_index("clip_id")
    assert set(frame.index) == {"a", "b"}
    keypoints = np.asarray(frame.loc["b", "keypoints"]).reshape(-1, 33, 4)
    np.testing.assert_array_equal(keypoints, store.get("b").sequence.keypoints)


def test_pyarrow_reads_it_directly(store: KeypointStore) -> None:
    store.append([make_clip("a")])
    table = pyarrow.dataset.dataset(store.path / "clips").to_table(columns=["gloss", "timestamps"])
    assert table["gloss"].to_pylist() == ["WAVE"]
    assert table["timestamps"][0].as_py() == pytest.approx([0, 0.04, 0.08])


def test_making_it_again_with_the_same_settings_opens_it(store: KeypointStore) -> None:
    store.append([make_clip()])
    assert len(KeypointStore.create(store.path, dict(SETTINGS))) == 1


def test_other_settings_are_refused_and_named(store: KeypointStore) -> None:
    with pytest.raises(StoreError, match=r"model: 'full' there, 'lite' now.*choose another --out"):
        KeypointStore.create(store.path, {"model": "lite", "smooth": True})


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not a keypoint store"):
        KeypointStore.open(tmp_path)
    with pytest.raises(StoreError, match="not a keypoint store"):
        KeypointStore.open(tmp_path / "none")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"settings": {}}', "\0\xff", "7"])
def test_a_damaged_description(store: KeypointStore, content: str) -> None:
    (store.path / "store.json").write_bytes(content.encode("latin-1"))
    for opened in (KeypointStore.open, lambda path: KeypointStore.create(path, SETTINGS)):
        with pytest.raises(StoreError, match=r"store\.json"):
            opened(store.path)


def test_a_store_of_another_format(store: KeypointStore) -> None:
    (store.path / "store.json").write_text('{"format": 99, "settings": {}}')
    with pytest.raises(StoreError, match="format 99"):
        KeypointStore.open(store.path)


def test_what_a_killed_run_left_half_written_is_ignored(store: KeypointStore) -> None:
    store.append([make_clip()])
    whole = next((store.path / "clips").iterdir()).read_bytes()
    (store.path / ".0123.parquet.part").write_bytes(whole[: len(whole) // 2])
    assert KeypointStore.open(store.path).clip_ids() == {"a.mp4"}
    assert len(pd.read_parquet(store.path / "clips")) == 1


@pytest.mark.parametrize("read", [len, KeypointStore.clip_ids, KeypointStore.index, lambda store: list(store.clips())])
def test_a_damaged_shard_is_named(store: KeypointStore, read: Callable[[KeypointStore], object]) -> None:
    store.append([make_clip()])
    shard = next((store.path / "clips").iterdir())
    shard.write_bytes(shard.read_bytes()[:200])
    with pytest.raises(StoreError, match=shard.name):
        read(KeypointStore.open(store.path))


def test_a_store_without_its_shards(store: KeypointStore) -> None:
    (store.path / "clips").rmdir()
    with pytest.raises(StoreError, match="clips"):
        len(KeypointStore.open(store.path))


def provenance_of(clip: Clip, size: int = 7) -> Provenance:
    origin = Origin(clip.sequence.source, size, 10**18, "ab" * 32)
    return Provenance(origin, "full", '{"model": "full"}', "0.1.0", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_where_a_clip_comes_from_comes_back(store: KeypointStore) -> None:
    clip = make_clip("a")
    recorded = replace(clip, provenance=provenance_of(clip))
    store.append([recorded, make_clip("b")])
    assert store.get("a").provenance == recorded.provenance
    assert store.get("b").provenance is None
    assert store.known()["a"] == Known("WAVE", "ada", "train", False, provenance_of(clip).origin)
    assert store.known()["b"].origin == Origin("/videos/b")
    row = store.index().set_index("clip_id").loc["a"]
    assert (row["source_size"], row["model"], row["extracted_at"]) == (7, "full", pd.Timestamp("2026-01-02T03:04:05Z"))


def write_format_1(store: KeypointStore, *clips: Clip) -> None:
    """What posegloss 0.1 wrote first."""
    table = to_table(clips).select(SCHEMA.names[: SCHEMA.names.index("source_size")])
    pyarrow.parquet.write_table(table, store.path / "clips" / "0.parquet")
    (store.path / "store.json").write_text(json.dumps({"format": 1, "settings": store.settings}))


def test_a_store_of_format_1_is_read_and_gone_on_with(store: KeypointStore) -> None:
    write_format_1(store, make_clip("a"), make_clip("b"))
    old = KeypointStore.open_with(store.path, SETTINGS)
    assert old.clip_ids() == {"a", "b"}
    assert old.known()["a"].origin == Origin("/videos/a")
    assert old.get("a").provenance is None
    assert_same(next(old.clips()), make_clip("a"))
    assert old.index()["source_size"].isna().all()
    with old.exclusive():
        old.append([replace(make_clip("c"), provenance=provenance_of(make_clip("c")))])
        old.amend({"a": {"gloss": "GREET"}})
        old.replace([make_clip("b", seed=5)])
    assert json.loads((store.path / "store.json").read_text())["format"] == 2
    again = KeypointStore.open(store.path)
    assert [clip.clip_id for clip in again.clips()] == ["a", "b", "c"]
    assert (again.get("a").gloss, len(pd.read_parquet(store.path / "clips"))) == ("GREET", 3)
    assert_same(again.get("b"), make_clip("b", seed=5))


def test_a_clip_takes_the_place_of_another(store: KeypointStore) -> None:
    store.append([make_clip(name) for name in "abc"])
    store.append([make_clip(name) for name in "de"])
    before = sorted((store.path / "clips").iterdir())
    new = [make_clip("b", frames=9, seed=1), make_clip("d", frames=8, seed=2), make_clip("c", seed=3)]
    store.replace(new)
    assert [clip.clip_id for clip in store.clips()] == list("abcde")
    for clip in [*new, make_clip("a"), make_clip("e")]:
        assert_same(store.get(clip.clip_id), clip)
    assert sorted((store.path / "clips").iterdir()) == before


def test_clips_that_are_there_twice_are_left_once(store: KeypointStore) -> None:
    # A worker of a cluster that was cut off may have written what another had done.
    for names in ("ab", "bc", "c"):
        store.append([make_clip(name) for name in names])
    assert set(store.known()) == {"a", "b", "c"}
    assert len(store) == 5
    with store.exclusive():
        assert set(store.known(tidy=True)) == {"a", "b", "c"}
    assert [clip.clip_id for clip in store.clips()] == ["a", "b", "c"]


def test_only_the_shards_that_change_are_written(store: KeypointStore) -> None:
    store.append([make_clip("a")])
    store.append([make_clip("b")])
    first, second = ((path, path.stat()) for path in sorted((store.path / "clips").iterdir()))
    store.replace([])
    store.amend({})
    store.amend({"b": {"gloss": "GREET", "source": "/elsewhere/b", "source_mtime_ns": 3}})
    assert first[0].stat().st_ino == first[1].st_ino
    assert second[0].stat().st_ino != second[1].st_ino
    assert store.known()["b"] == Known("GREET", "ada", "train", False, Origin("/elsewhere/b", None, 3))
    assert store.get("a").gloss == "WAVE"


def test_a_full_disk_leaves_the_old_clip(small_disk: Path) -> None:
    store = KeypointStore.create(small_disk / "store", SETTINGS)
    store.append([make_clip("a"), make_clip("b")])
    with pytest.raises(DiskFullError):
        store.replace([make_clip("b", frames=2000)])
    assert_same(KeypointStore.open(store.path).get("b"), make_clip("b"))


def test_settings_that_came_in_between_are_noticed(store: KeypointStore) -> None:
    (store.path / "store.json").write_text(json.dumps({"format": 2, "settings": {"model": "lite"}}))
    with pytest.raises(StoreError, match="other settings"), store.exclusive():
        pass


@pytest.mark.parametrize("tidied", [False, True])
def test_of_two_who_make_a_store_at_once_the_first_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tidied: bool
) -> None:
    make = Storage.make

    def first_makes_it(storage: Storage, folder: str) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(Storage, "make", make)
            first = KeypointStore.create(tmp_path, SETTINGS)
        if tidied:
            write = storage.write

            def write_and_tidy(name: str, data: bytes) -> None:
                write(name, data)
                with first.exclusive():
                    pass

            monkeypatch.setattr(storage, "write", write_and_tidy)

    monkeypatch.setattr(Storage, "make", first_makes_it)
    with pytest.raises(StoreError, match="other settings"):
        KeypointStore.create(tmp_path, {"model": "lite", "smooth": True})
    assert KeypointStore.open(tmp_path).settings == SETTINGS
    assert not list(tmp_path.glob(".*.part*"))


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert KeypointStore.create(tmp_path, SETTINGS).settings == SETTINGS
    assert {path.name for path in tmp_path.iterdir()} == {"store.json", "clips"}


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        KeypointStore.create(tmp_path / "file" / "store", {})


def test_a_full_disk_keeps_what_was_there(store: KeypointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([make_clip("a")])

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFullError, match=r"full.*run the same command again"):
            store.append([make_clip("b")])
    assert store.clip_ids() == {"a"}
    store.append([make_clip("b")])
    assert store.clip_ids() == {"a", "b"}
    assert {path.name for path in store.path.iterdir()} == {"store.json", "clips"}


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    store = KeypointStore.create(small_disk / "store", SETTINGS)
    store.append([make_clip("a")])
    with pytest.raises(DiskFullError):
        store.append([make_clip("big", frames=2000)])
    assert [clip.clip_id for clip in KeypointStore.open(store.path).clips()] == ["a"]
    store.append([make_clip("small")])
    assert store.clip_ids() == {"a", "small"}


def test_a_store_cannot_be_made_on_a_full_disk(small_disk: Path) -> None:
    fill_disk(small_disk)
    with pytest.raises(DiskFullError):
        KeypointStore.create(small_disk / "store", SETTINGS)
    assert not (small_disk / "store" / "store.json").exists()


def test_a_store_of_before_there_was_a_choice_has_the_layout_of_the_default(store: KeypointStore) -> None:
    assert store.layout == BLAZEPOSE33
    assert ExtractionSettings().to_dict() == ExtractionSettings(layout=BLAZEPOSE33).to_dict()
    assert "layout" not in ExtractionSettings().to_dict()


def test_clips_of_another_layout_are_refused(store: KeypointStore, tmp_path: Path) -> None:
    with_hands = Clip("h.mp4", KeypointSequence(np.ones((2, 75, 4)), np.arange(2), (320, 240), layout=HOLISTIC75))
    for write in (store.append, store.replace):
        with pytest.raises(StoreError, match=r"sequences of blazepose33; h\.mp4 is of holistic75"):
            write([make_clip(), with_hands])
    assert len(store) == 0
    other = KeypointStore.create(tmp_path / "hands", ExtractionSettings(layout=HOLISTIC75).to_dict())
    other.append([with_hands])
    assert_same(other.get("h.mp4"), with_hands)
    with pytest.raises(StoreError, match=r"layout: None there, 'holistic75' now"):
        KeypointStore.open_with(store.path, {**SETTINGS, "layout": HOLISTIC75})


def test_a_layout_of_a_later_version_is_named(store: KeypointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([make_clip()])
    monkeypatch.setattr("posegloss.pipeline.storing.clip.LAYOUTS", {})
    with pytest.raises(StoreError, match="'blazepose33', which this posegloss does not know"):
        store.get("a.mp4")


def test_a_network_of_ones_own_is_known_by_its_contents(tmp_path: Path) -> None:
    settings = {**SETTINGS, "model": "/here/mine.tflite", "model_sha256": "1" * 64}
    KeypointStore.create(tmp_path / "own", settings)
    moved = {**settings, "model": "/there/other.tflite"}
    assert KeypointStore.create(tmp_path / "own", moved).settings == settings
    with pytest.raises(StoreError, match=r"model_sha256: '1111.* there, '2222.* now"):
        KeypointStore.create(tmp_path / "own", {**settings, "model_sha256": "2" * 64})
    with pytest.raises(StoreError, match=r"other settings \(model: "):
        KeypointStore.create(tmp_path / "own", SETTINGS)
