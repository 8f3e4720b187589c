"""Many clips in, a store out, with the real networks where the sequences matter."""

import csv
import errno
import hashlib
import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import posegloss
from posegloss.pipeline import corpus
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.corpus import ClipOutcome, CorpusResult, extract_corpus
from posegloss.pipeline.errors import DiskFullError, StoreError, VideoError, WeightsError
from posegloss.pipeline.executors import run_here
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.running import worker
from posegloss.pipeline.running.plan import Plan
from posegloss.pipeline.running.time_limit import TimeLimit
from posegloss.pipeline.running.worker import Extracted, Job
from posegloss.pipeline.running.worker_process import Tell
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.provenance import Origin

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
    """Clips are 'extracted' in this process without networks; the one named 'bad' fails."""

    def work(job: Job, tell: Tell) -> Extracted:
        source = job.source
        if source.clip_id.startswith("bad"):
            raise VideoError("bad clip")
        if source.clip_id.startswith("bug"):
            raise IndexError("list index out of range")
        sequence = KeypointSequence(np.zeros((2, 33, 4), np.float32), np.arange(2) / 25, (64, 48), str(source.path))
        return Extracted(Origin(str(source.path)), sequence, 0.5)

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
    assert (
        one.index()
        .drop(columns=["warnings", "extracted_at"])
        .equals(two.index().drop(columns=["warnings", "extracted_at"]))
    )
    for clip_id in one.clip_ids():
        a, b = one.get(clip_id).sequence, two.get(clip_id).sequence
        np.testing.assert_array_equal(a.timestamps, b.timestamps)
        # The networks add up in another order on another number of threads.
        np.testing.assert_allclose(a.keypoints, b.keypoints, atol=1e-4)


def test_what_is_there_is_skipped_and_what_failed_is_tried_again(quick: None, store: KeypointStore) -> None:
    assert extract_corpus(named("a", "bad"), store, SETTINGS, executor=run_here) == CorpusResult(1, 0, 1)
    assert extract_corpus(named("a", "bad", "b"), store, SETTINGS, executor=run_here) == CorpusResult(1, 1, 1)
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
    extract_corpus(named("a", "bad", "bug"), store, SETTINGS, executor=run_here, on_clip=told.append)
    assert [(told_of.source.clip_id, told_of.status, told_of.frames, told_of.reason) for told_of in told] == [
        ("a", "done", 2, None),
        ("bad", "failed", 0, "bad clip"),
        ("bug", "failed", 0, "IndexError: list index out of range"),
    ]
    assert (told[0].frames_with_person, told[0].seconds, told[1].error) == (2, 0.5, "VideoError")
    told.clear()
    extract_corpus(named("a"), store, SETTINGS, executor=run_here, on_clip=told.append)
    assert [outcome.status for outcome in told] == ["skipped"]


def test_shards_are_written_as_the_run_goes_on(
    quick: None, store: KeypointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "FLUSH_CLIPS", 3)
    seen: list[int] = []
    names = [str(number) for number in range(8)]
    extract_corpus(named(*names), store, SETTINGS, executor=run_here, on_clip=lambda _: seen.append(len(store)))
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
        extract_corpus(named("a", "bad", "b", "c"), store, SETTINGS, executor=run_here, on_clip=stop)
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
        extract_corpus(named("a", "b", "c", "d"), store, SETTINGS, executor=run_here, on_clip=fill)
    assert store.clip_ids() == {"a", "b"}
    monkeypatch.undo()


def test_a_really_full_disk(sources: list[ClipSource], small_disk: Path) -> None:
    store = KeypointStore.create(small_disk / "store", SETTINGS.to_dict())
    extract_corpus(sources[:1], store, SETTINGS, executor=run_here)
    fill_disk(small_disk)
    with pytest.raises(DiskFullError):
        extract_corpus(sources[:3], store, SETTINGS, executor=run_here)
    (small_disk / "ballast").unlink()
    assert extract_corpus(sources[:3], store, SETTINGS, executor=run_here) == CorpusResult(2, 1, 0)


def test_weights_that_are_missing_stop_the_run(store: KeypointStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(settings: ExtractionSettings, threads: int) -> None:
        raise WeightsError("no weights")

    monkeypatch.setattr(worker, "start", start)
    with pytest.raises(WeightsError):
        extract_corpus(named("a"), store, SETTINGS, executor=run_here)


def test_names_of_any_kind_can_fail(quick: None, store: KeypointStore) -> None:
    names = ["bad\udcff.mp4", 'bad, "x"\n.mp4', "bad 手話.mp4"]
    assert extract_corpus(named(*names), store, SETTINGS, executor=run_here).failed == 3
    assert len(failures(store)) == 3


def test_one_tracker_for_different_signers(make_video: MakeVideo, store: KeypointStore) -> None:
    videos = [make_video(f"signer-{i}.mp4", avatar_images(4, signer=i)) for i in range(3)]
    extract_corpus([ClipSource(video.name, video) for video in videos], store, SETTINGS, workers=2)
    assert (store.index()["frames_with_person"] == 4).all()


def test_labels_that_changed_are_taken_over_without_another_extraction(
    sources: list[ClipSource], store: KeypointStore
) -> None:
    good = sources[:3]
    extract_corpus(good, store, SETTINGS, executor=run_here)
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
    # Where the old file is gone, another one takes its place.
    copy.unlink()
    outcome = extract_corpus([ClipSource("clip.mp4", other)], store, SETTINGS)
    assert outcome == CorpusResult(1, 0, 0, replaced=1)
    assert len(store.get("clip.mp4").sequence) == 4


def test_what_is_no_clip_stands_in_the_list_of_failures(store: KeypointStore) -> None:
    assert extract_corpus([], store, SETTINGS, unusable=[("gone.mp4", "row 2: no such file")]) == CorpusResult(0, 0, 1)
    assert failures(store)[""]["path"] == "gone.mp4"


def test_where_a_clip_comes_from_is_recorded(store: KeypointStore, make_video: MakeVideo) -> None:
    video = make_video("clip.mp4", [empty_room()] * 2)
    extract_corpus([ClipSource("clip.mp4", video)], store, SETTINGS)
    provenance, status = store.get("clip.mp4").provenance, video.stat()
    assert provenance is not None
    digest = hashlib.sha256(video.read_bytes()).hexdigest()
    assert provenance.origin == Origin(str(video), status.st_size, status.st_mtime_ns, digest)
    assert (provenance.model, json.loads(provenance.settings)) == ("full", SETTINGS.to_dict())
    assert provenance.version == posegloss.__version__
    assert abs(provenance.extracted_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_file_that_changed_is_extracted_again_in_the_place_of_the_old_clip(
    store: KeypointStore, make_video: MakeVideo
) -> None:
    videos = [make_video(f"{name}.mp4", [empty_room()] * 2) for name in "abc"]
    sources = [ClipSource(video.name, video) for video in videos]
    extract_corpus(sources, store, SETTINGS, workers=1)
    shards = sorted(path.name for path in (store.path / "clips").iterdir())
    make_video("b.mp4", [empty_room()] * 5)
    told: list[ClipOutcome] = []
    assert extract_corpus(sources, store, SETTINGS, on_clip=told.append) == CorpusResult(1, 2, 0, replaced=1)
    assert {outcome.source.clip_id: outcome.status for outcome in told} == {
        "a.mp4": "skipped",
        "b.mp4": "replaced",
        "c.mp4": "skipped",
    }
    assert [(clip.clip_id, len(clip.sequence)) for clip in store.clips()] == [("a.mp4", 2), ("b.mp4", 5), ("c.mp4", 2)]
    assert sorted(path.name for path in (store.path / "clips").iterdir()) == shards
    assert extract_corpus(sources, store, SETTINGS) == CorpusResult(0, 3, 0)


def test_a_clip_that_is_extracted_again_keeps_what_only_the_store_knows_of_it(
    store: KeypointStore, make_video: MakeVideo
) -> None:
    source = ClipSource("a.mp4", make_video("a.mp4", [empty_room()] * 2), "WAVE", "ada", "train", synthetic=True)
    extract_corpus([source], store, SETTINGS)
    make_video("a.mp4", [empty_room()] * 3)
    extract_corpus([ClipSource("a.mp4", source.path, signer="bea")], store, SETTINGS)
    clip = store.get("a.mp4")
    assert len(clip.sequence) == 3
    assert (clip.gloss, clip.signer, clip.split, clip.synthetic) == ("WAVE", "bea", "train", True)


def test_a_file_that_was_only_touched_is_read_once_and_not_extracted(
    store: KeypointStore, make_video: MakeVideo
) -> None:
    source = ClipSource("a.mp4", make_video("a.mp4", [empty_room()] * 2))
    extract_corpus([source], store, SETTINGS)
    before = store.get("a.mp4").provenance
    os.utime(source.path, ns=(1, 1))
    labelled = replace(source, gloss="WAVE")
    assert extract_corpus([labelled], store, SETTINGS) == CorpusResult(0, 1, 0, relabelled=1)
    after = store.get("a.mp4")
    assert before is not None
    assert after.provenance == replace(before, origin=replace(before.origin, mtime_ns=1))
    assert after.gloss == "WAVE"
    assert Plan.of([source], store.known()).jobs == []


def test_verify_finds_a_change_that_size_and_time_hide(store: KeypointStore, make_video: MakeVideo) -> None:
    source = ClipSource("a.mp4", make_video("a.mp4", [empty_room()] * 2))
    extract_corpus([source], store, SETTINGS)
    status = source.path.stat()
    with source.path.open("ab") as file:
        file.write(b"x")
    os.truncate(source.path, status.st_size)
    data = bytearray(source.path.read_bytes())
    data[data.index(b"Lavf")] = ord("M")
    source.path.write_bytes(data)
    os.utime(source.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert extract_corpus([source], store, SETTINGS) == CorpusResult(0, 1, 0)
    assert extract_corpus([source], store, SETTINGS, verify=True) == CorpusResult(1, 0, 0, replaced=1)
    assert extract_corpus([source], store, SETTINGS, verify=True) == CorpusResult(0, 1, 0)


def test_a_clip_that_hangs_is_stopped_and_the_others_are_done(
    store: KeypointStore, make_video: MakeVideo, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    names = [ClipSource(f"{i}.mp4", make_video(f"{i}.mp4", [empty_room()] * 2)) for i in range(3)]
    sources = [ClipSource("pipe.mp4", tmp_path / "pipe.mp4"), *names]
    limit = TimeLimit(base_s=5.0)
    assert extract_corpus(sources, store, SETTINGS, workers=2, limit=limit) == CorpusResult(3, 0, 1)
    failed = failures(store)["pipe.mp4"]
    assert (failed["error"], "could not be opened" in failed["reason"]) == ("ClipTimeoutError", True)


def test_clips_are_written_while_no_other_comes(
    store: KeypointStore, make_video: MakeVideo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "FLUSH_S", 0.5)
    os.mkfifo(tmp_path / "pipe.mp4")
    done = ClipSource("a.mp4", make_video("a.mp4", [empty_room()] * 2))
    seen: list[set[str]] = []
    extract_corpus(
        [done, ClipSource("pipe.mp4", tmp_path / "pipe.mp4")],
        store,
        SETTINGS,
        workers=1,
        limit=TimeLimit(base_s=4.0),
        on_frames=lambda _: seen.append(store.clip_ids()),
    )
    assert {"a.mp4"} in seen


def test_frames_are_told_inside_one_long_clip(store: KeypointStore, make_video: MakeVideo) -> None:
    video = make_video("long.mp4", avatar_images(40) * 8)
    told: list[int] = []
    extract_corpus([ClipSource("long.mp4", video)], store, SETTINGS, on_frames=told.append)
    assert told == sorted(told)
    assert any(0 < frames < 320 for frames in told)


def test_what_a_run_says_of_itself(quick: None, store: KeypointStore) -> None:
    states: list[dict[str, Any]] = []

    def read(_: object) -> None:
        states.append(json.loads((store.path / "run.json").read_text()))

    extract_corpus(named("a", "bad"), store, SETTINGS, executor=run_here, unusable=[("x", "y")], on_start=read)
    read(None)
    started, ended = states
    assert (started["state"], started["pid"], started["host"]) == ("running", os.getpid(), socket.gethostname())
    told = {name: ended[name] for name in ("state", "total", "done", "skipped", "failed", "frames")}
    assert told == {"state": "finished", "total": 3, "done": 1, "skipped": 0, "failed": 2, "frames": 2}
    assert datetime.fromisoformat(started["started"]) <= datetime.fromisoformat(ended["updated"])

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_corpus(named("a", "b"), store, SETTINGS, executor=run_here, on_clip=stop)
    read(None)
    assert states[-1]["state"] == "interrupted"
    with pytest.raises(TypeError):
        extract_corpus(named("a", "b"), store, SETTINGS, executor=run_here, on_clip=1)  # type: ignore[arg-type]
    read(None)
    assert states[-1]["state"] == "failed"


def test_what_a_killed_run_left_is_removed(quick: None, store: KeypointStore) -> None:
    (store.path / ".abc.part.parquet").write_bytes(b"half")
    extract_corpus(named("a"), store, SETTINGS, executor=run_here)
    assert {path.name for path in store.path.iterdir()} == {
        ".lock",
        "clips",
        "failures.csv",
        "run.json",
        "store.json",
    }


def test_a_second_run_is_refused_and_changes_nothing(quick: None, store: KeypointStore) -> None:
    def run_again(_: object) -> None:
        with pytest.raises(StoreError, match=f"another run is writing.*process {os.getpid()} on"):
            extract_corpus(named("b"), store, SETTINGS, executor=run_here)

    extract_corpus(named("a", "bad"), store, SETTINGS, executor=run_here, on_clip=run_again)
    assert store.clip_ids() == {"a"}
    assert set(failures(store)) == {"bad"}
