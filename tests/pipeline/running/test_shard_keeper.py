"""Batches of clips that a station works on and keeps in a store."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.running import worker
from posegloss.pipeline.running.batches import Batch, Station
from posegloss.pipeline.running.shard_keeper import ShardKeeper, Stored
from posegloss.pipeline.running.worker import Extracted, Job
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.provenance import Origin

from ...conftest import MakeVideo
from ...made_videos import empty_room
from ..crew import refuse

SETTINGS = ExtractionSettings()


@pytest.fixture
def store(tmp_path: Path) -> KeypointStore:
    return KeypointStore.create(tmp_path / "store", SETTINGS.to_dict())


@pytest.fixture
def jobs(make_video: MakeVideo, tmp_path: Path) -> list[Job]:
    """Three clips of nobody and one that is not there."""
    videos = [make_video(f"{name}.mp4", [empty_room()] * frames) for name, frames in zip("abc", (2, 3, 4), strict=True)]
    return [Job(ClipSource(video.name, video, gloss="WAVE")) for video in [*videos, tmp_path / "gone.mp4"]]


def station_of(store: KeypointStore, start: partial[None] | None = None) -> Station:
    keeper = ShardKeeper(store.storage, SETTINGS.to_dict())
    return Station(worker.work, start or partial(worker.start, SETTINGS, 1), keeper)


@pytest.fixture
def station(store: KeypointStore) -> Iterator[Station]:
    with station_of(store) as station:
        yield station


def test_a_batch_is_one_shard_however_often_it_is_done(store: KeypointStore, station: Station, jobs: list[Job]) -> None:
    batch = Batch(tuple(jobs))
    *told, failed = station.do(batch)
    assert [(one.frames, one.frames_with_person, len(one.warnings)) for one in told] == [
        (2, 0, 1),
        (3, 0, 1),
        (4, 0, 1),
    ]
    assert all(one.seconds > 0 for one in told)
    assert isinstance(failed, VideoError)
    before = {clip.clip_id: clip for clip in store.clips()}
    assert set(before) == {"a.mp4", "b.mp4", "c.mp4"}
    assert before["a.mp4"].gloss == "WAVE"
    (shard,) = (store.path / "clips").iterdir()
    # Its machine was lost before it said so: another finds what was kept, and does not do it again.
    assert station.do(replace(batch, losses=1))[:3] == [replace(one, seconds=None) for one in told]
    assert [path.name for path in (store.path / "clips").iterdir()] == [shard.name]
    after = {clip.clip_id: clip.provenance for clip in store.clips()}
    assert after == {clip_id: clip.provenance for clip_id, clip in before.items()}


def test_what_takes_the_place_of_another_clip_is_left_to_the_driver(
    store: KeypointStore, station: Station, jobs: list[Job]
) -> None:
    station.do(Batch(tuple(jobs[:2])))
    changed = replace(jobs[0], stored=True)
    unchanged = replace(jobs[1], stored=True, doubt=Origin.of(jobs[1].source.path))
    # Also where the shard of that name has an older clip, and the batch was lost once.
    one, other = station.do(Batch((changed, unchanged), losses=1))
    assert isinstance(one, Extracted)
    assert one.sequence is not None
    assert isinstance(other, Extracted)
    assert other.sequence is None
    assert len(store) == 2


def test_a_worker_outlives_a_batch(store: KeypointStore, jobs: list[Job], tmp_path: Path) -> None:
    with station_of(store, partial(start_once, tmp_path / "mark")) as station:
        for job in jobs[:3]:
            assert isinstance(station.do(Batch((job,)))[0], Stored)
    assert len(store) == 3


def start_once(mark: Path) -> None:
    """A start of the real work that can be done only once."""
    if mark.exists():
        refuse()
    mark.touch()
    worker.start(SETTINGS, 1)


def test_how_long_a_clip_is_before_it_is_opened(store: KeypointStore, tmp_path: Path) -> None:
    keeper = ShardKeeper(store.storage, SETTINGS.to_dict())
    (tmp_path / "a.mp4").write_bytes(bytes(250_000))
    whole = ClipSource("a.mp4", tmp_path / "a.mp4")
    assert keeper.length(Job(whole)) == 2.0
    assert keeper.length(Job(replace(whole, start_s=1.5, end_s=4.0))) == 2.5
    assert keeper.length(Job(ClipSource("b.mp4", tmp_path / "b.mp4"))) == 0.0
