"""Many clips in, a store out, with the real networks where the sequences matter."""

import csv
import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline import corpus, worker
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.corpus import ClipOutcome, CorpusResult, extract_corpus
from posegloss.pipeline.errors import DiskFullError, VideoError, WeightsError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import KeypointStore

from ..conftest import MakeVideo, fill_disk
from ..made_videos import avatar_images, empty_room

SETTINGS = ExtractionSettings()


@pytest.fixture
def store(tmp_path: Path) -> KeypointStore:
    return KeypointStore.create(tmp_path / "store", SETTINGS.to_dict())


@pytest.fixture
def sources(avatar_video: Path, make_video: MakeVideo, tmp_path: Path) -> list[ClipSource]:
    """Three spans of a person, an empty room, and two that cannot be read."""
    spans = [(0.0, 0.3), (0.4, 0.6), (0.8, 1.0)]
    (tmp_path / "text.mp4").write_text("no video")
    return [
        *(
            ClipSource(f"avatar#{a}-{b}", avatar_video, "WAVE", "ada", "train", a, b)
            for a, b in spans
        ),
        ClipSource("text.mp4", tmp_path / "text.mp4"),
        ClipSource("room.mp4", make_video("room.mp4", [empty_room()] * 4)),
        ClipSource("gone, \"quoted\".mp4", tmp_path / "gone.mp4"),
    ]  # fmt: skip


def failures(store: KeypointStore) -> dict[str, dict[str, str]]:
    with (store.path / "failures.csv").open(newline="", encoding="utf-8") as file:
        return {row["clip_id"]: row for row in csv.DictReader(file)}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips are 'extracted' without networks; the one named 'bad' fails."""

    def work(source: ClipSource) -> KeypointSequence:
        if source.clip_id.startswith("bad"):
            raise VideoError("bad clip")
        if source.clip_id.startswith("bug"):
            raise IndexError("list index out of range")
        return KeypointSequence(np.zeros((2, 33, 4), np.float32), np.arange(2) / 25, (64, 48), str(source.path))

    monkeypatch.setattr(worker, "start", lambda settings, threads: None)
    monkeypatch.setattr(worker, "work", work)


def named(*names: str) -> list[ClipSource]:
    return [ClipSource(name, Path(name)) for name in names]


@pytest.mark.parametrize("workers", [1, 2])
def test_everything_that_can_be_extracted_is(sources: list[ClipSource], store: KeypointStore, workers: int) -> None:
    assert extract_corpus(sources, store, SETTINGS, workers=workers) == CorpusResult(4, 0, 2)
    assert store.clip_ids() == {source.clip_id for source in sources} - {"text.mp4", 'gone, "quoted".mp4'}
    clip = store.get("avatar#0.4-0.6")
    assert (clip.gloss, clip.signer, clip.split, len(clip.sequence)) == ("WAVE", "ada", "train", 5)
    assert clip.sequence.present.all()
    assert store.get("room.mp4").sequence.warnings == ("no person was found in any frame",)
    failed = failures(store)
    assert set(failed) == {"text.mp4", 'gone, "quoted".mp4'}
    assert failed["text.mp4"]["error"] == "VideoError"
    assert "not a video" in failed["text.mp4"]["reason"]
    assert failed['gone, "quoted".mp4']["path"] == str(sources[-1].path)


def test_the_number_of_workers_makes_no_difference(sources: list[ClipSource], tmp_path: Path) -> None:
    stores = []
    for workers in (1, 2):
        stores.append(KeypointStore.create(tmp_path / str(workers), SETTINGS.to_dict()))
        extract_corpus(sources, stores[-1], SETTINGS, workers=workers)
    one, two = stores
    assert one.index().drop(columns="warnings").equals(two.index().drop(columns="warnings"))
    for clip_id in one.clip_ids():
        a, b = one.get(clip_id).sequence, two.get(clip_id).sequence
        np.testing.assert_array_equal(a.timestamps, b.timestamps)
        # The networks add up in another order on another number of threads.
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=1e-4)


def test_what_is_there_is_skipped_and_what_failed_is_tried_again(quick: None, store: KeypointStore) -> None:
    assert extract_corpus(named("a", "bad"), store, SETTINGS, workers=1) == CorpusResult(1, 0, 1)
    assert extract_corpus(named("a", "bad", "b"), store, SETTINGS, workers=1) == CorpusResult(1, 1, 1)
    assert sorted(clip.clip_id for clip in store.clips()) == ["a", "b"]
    assert set(failures(store)) == {"bad"}
    started: list[int] = []
    assert extract_corpus(named("a", "b"), store, SETTINGS, on_start=started.append) == CorpusResult(0, 2, 0)
    assert started == [2]
    assert failures(store) == {}


def test_nothing_to_do_loads_no_networks(store: KeypointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(settings: ExtractionSettings, threads: int) -> None:
        raise AssertionError("must not be called")

    monkeypatch.setattr(worker, "start", start)
    assert extract_corpus([], store, SETTINGS) == CorpusResult(0, 0, 0)


def test_each_clip_is_told(quick: None, store: KeypointStore) -> None:
    told: list[ClipOutcome] = []
    extract_corpus(named("a", "bad", "bug"), store, SETTINGS, workers=1, on_clip=told.append)
    assert [(outcome.source.clip_id, outcome.frames, outcome.error) for outcome in told] == [
        ("a", 2, None),
        ("bad", 0, "bad clip"),
        ("bug", 0, "IndexError: list index out of range"),
    ]
    assert told[0].frames_with_person == 2


def test_shards_are_written_as_the_run_goes_on(
    quick: None, store: KeypointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "FLUSH_CLIPS", 3)
    seen: list[int] = []
    names = [str(number) for number in range(8)]
    extract_corpus(named(*names), store, SETTINGS, workers=1, on_clip=lambda _: seen.append(len(store)))
    assert seen == [0, 0, 3, 3, 3, 6, 6, 6]
    assert len(store) == 8


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, ZeroDivisionError])
def test_what_was_done_before_an_interrupt_is_kept(
    quick: None, store: KeypointStore, interrupt: type[BaseException]
) -> None:
    def stop(outcome: ClipOutcome) -> None:
        if outcome.source.clip_id == "b":
            raise interrupt

    with pytest.raises(interrupt):
        extract_corpus(named("a", "bad", "b", "c"), store, SETTINGS, workers=1, on_clip=stop)
    assert store.clip_ids() == {"a", "b"}
    assert set(failures(store)) == {"bad"}


def test_a_full_disk_stops_the_run_and_loses_nothing(
    quick: None, store: KeypointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "FLUSH_CLIPS", 2)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill(outcome: ClipOutcome) -> None:
        if outcome.source.clip_id == "b":
            monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(DiskFullError):
        extract_corpus(named("a", "b", "c", "d"), store, SETTINGS, workers=1, on_clip=fill)
    assert store.clip_ids() == {"a", "b"}
    monkeypatch.undo()


def test_a_really_full_disk(sources: list[ClipSource], small_disk: Path) -> None:
    store = KeypointStore.create(small_disk / "store", SETTINGS.to_dict())
    extract_corpus(sources[:1], store, SETTINGS, workers=1)
    fill_disk(small_disk)
    with pytest.raises(DiskFullError):
        extract_corpus(sources[:3], store, SETTINGS, workers=1)
    (small_disk / "ballast").unlink()
    assert extract_corpus(sources[:3], store, SETTINGS, workers=1) == CorpusResult(2, 1, 0)


def test_weights_that_are_missing_stop_the_run(store: KeypointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(settings: ExtractionSettings, threads: int) -> None:
        raise WeightsError("no weights")

    monkeypatch.setattr(worker, "start", start)
    with pytest.raises(WeightsError):
        extract_corpus(named("a"), store, SETTINGS, workers=1)


def test_names_of_any_kind_can_fail(quick: None, store: KeypointStore) -> None:
    names = ["bad\udcff.mp4", 'bad, "x"\n.mp4', "bad 手話.mp4"]
    assert extract_corpus(named(*names), store, SETTINGS, workers=1).failed == 3
    assert len(failures(store)) == 3


def test_one_tracker_for_different_signers(make_video: MakeVideo, store: KeypointStore) -> None:
    videos = [make_video(f"signer-{i}.mp4", avatar_images(4, signer=i)) for i in range(3)]
    extract_corpus([ClipSource(video.name, video) for video in videos], store, SETTINGS, workers=2)
    assert (store.index()["frames_with_person"] == 4).all()


def test_labels_that_changed_are_taken_over_without_another_extraction(
    sources: list[ClipSource], store: KeypointStore
) -> None:
    good = sources[:3]
    extract_corpus(good, store, SETTINGS, workers=1)
    before = store.get(good[0].clip_id)
    renamed = [replace(good[0], gloss="GREET", signer="bo", synthetic=True), replace(good[1], gloss=None), good[2]]
    assert extract_corpus(renamed, store, SETTINGS) == CorpusResult(0, 3, 0, relabelled=1)
    after = store.get(good[0].clip_id)
    assert (after.gloss, after.signer, after.split, after.synthetic) == ("GREET", "bo", "train", True)
    assert np.array_equal(after.sequence.keypoints, before.sequence.keypoints, equal_nan=True)
    # What the manifest no longer names is not forgotten.
    assert store.get(good[1].clip_id).gloss == "WAVE"
    assert len(store) == 3


def test_another_file_of_a_name_that_the_store_has_fails_instead_of_vanishing(
    store: KeypointStore, make_video: MakeVideo
) -> None:
    one, other = (make_video(f"{name}/clip.mp4", [empty_room()] * n) for name, n in (("a", 3), ("b", 4)))
    assert extract_corpus([ClipSource("clip.mp4", one)], store, SETTINGS) == CorpusResult(1, 0, 0)
    assert extract_corpus([ClipSource("clip.mp4", other)], store, SETTINGS) == CorpusResult(0, 0, 1)
    assert "another store" in failures(store)["clip.mp4"]["reason"]
    # A corpus that was copied or moved is the same corpus.
    copy = one.with_name("copy.mp4")
    copy.write_bytes(one.read_bytes())
    assert extract_corpus([ClipSource("clip.mp4", copy)], store, SETTINGS) == CorpusResult(0, 1, 0)
    one.rename(one.with_name("moved.mp4"))
    assert extract_corpus([ClipSource("clip.mp4", other)], store, SETTINGS) == CorpusResult(0, 1, 0)


def test_what_is_no_clip_stands_in_the_list_of_failures(store: KeypointStore) -> None:
    assert extract_corpus([], store, SETTINGS, unusable=[("gone.mp4", "row 2: no such file")]) == CorpusResult(0, 0, 1)
    assert failures(store)[""]["path"] == "gone.mp4"
