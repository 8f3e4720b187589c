import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.inspection.overview import Common, survey
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.provenance import Origin, Provenance


def make_clip(
    clip_id: str,
    frames: int = 10,
    missing: int = 0,
    rate: float = 25.0,
    size: tuple[int, int] = (640, 480),
    warnings: tuple[str, ...] = (),
    gloss: str | None = None,
    signer: str | None = None,
) -> Clip:
    keypoints = np.full((frames, 33, 4), 0.5, np.float32)
    keypoints[:missing] = np.nan
    sequence = KeypointSequence(keypoints, np.arange(frames) / rate, size, warnings=warnings)
    return Clip(clip_id, sequence, gloss, signer)


@pytest.fixture
def store(tmp_path: Path) -> KeypointStore:
    return KeypointStore.create(tmp_path / "store", {"model": "full"})


def test_what_there_is_is_counted(store: KeypointStore) -> None:
    store.append([make_clip("a", 25, gloss="WAVE", signer="ada"), make_clip("b", 50, gloss="WAVE", signer="bob")])
    store.append([make_clip("c", 30, rate=30, size=(1280, 720), gloss="CHIN"), replace(make_clip("d"), synthetic=True)])
    found = survey(store)
    assert (found.clips, found.glosses, found.signers, found.synthetic) == (4, 2, 2, 1)
    assert (found.frames, found.seconds) == (115, pytest.approx(1 + 2 + 1 + 0.4))
    assert found.frame_rates == Common([(25.0, 3), (30.0, 1)], 0)
    assert found.sizes == Common([("640x480", 3), ("1280x720", 1)], 0)
    assert found.settings == {"model": "full"}
    on_disk = sum(path.stat().st_size for path in store.path.rglob("*") if path.is_file())
    assert (found.bytes, found.bytes_per_hour) == (on_disk, pytest.approx(on_disk * 3600 / found.seconds))
    assert (found.run, found.failures, found.problems) == (None, (), [])


def test_frames_without_a_person_and_the_worst_clips(store: KeypointStore) -> None:
    store.append([make_clip(f"fine-{i}") for i in range(20)])
    store.append([make_clip("half", 20, 10), make_clip("empty", 4, 4), make_clip("empty, longer", 9, 9)])
    store.append([make_clip(f"one-{i}", 100, 1) for i in range(9)])
    found = survey(store)
    assert (found.frames_without_person, found.clips_without_person) == (10 + 4 + 9 + 9, 2)
    assert [(clip.clip_id, clip.missing, clip.frames) for clip in found.worst[:4]] == [
        ("empty, longer", 9, 9),
        ("empty", 4, 4),
        ("half", 10, 20),
        ("one-0", 1, 100),
    ]
    assert len(found.worst) == 8


def test_warnings_are_counted_by_kind_in_clips(store: KeypointStore) -> None:
    gaps = ("no frame for 0.60 s at 1.20 s", "no frame for 0.80 s at 12.25 s")
    store.append([make_clip("fine"), make_clip("gaps", warnings=gaps)])
    store.append(
        [make_clip(f"people-{i}", warnings=(f"several people: 2 in {i} of 10 frames",)) for i in range(1, 4)]
        + [make_clip("both", warnings=(gaps[0], "several people: 3 in 9 of 10 frames"))]
    )
    found = survey(store)
    assert found.several_people == 4
    assert [(one.kind, one.clips) for one in found.warnings] == [
        ("several people: N in N of N frames", 4),
        ("no frame for N s at N s", 2),
    ]
    assert found.warnings[1].example == gaps[0]
    assert found.warnings[1].clip_id == "gaps"


def test_many_different_values_are_summed_up(store: KeypointStore) -> None:
    store.append(
        [make_clip(f"{i}", rate=10 + i, size=(100 + i, 100)) for i in range(20)] + [make_clip("again", rate=29)]
    )
    found = survey(store)
    rates, sizes = found.frame_rates, found.sizes
    assert (len(rates.values), rates.values[0], rates.others) == (8, (29.0, 2), 12)
    assert (len(sizes.values), sizes.others) == (8, 13)


def test_the_versions_that_made_it_where_they_are_known(store: KeypointStore) -> None:
    made = [Provenance(Origin("x"), "full", "{}", version, datetime.now(UTC)) for version in ("0.1", "0.2", "0.2")]
    store.append([make_clip("old"), *(replace(make_clip(f"{i}"), provenance=one) for i, one in enumerate(made))])
    assert survey(store).versions == Common([("0.2", 2), ("0.1", 1)], 0)


def test_an_empty_store_and_clips_without_a_rate(store: KeypointStore) -> None:
    found = survey(store)
    assert (found.clips, found.frames, found.seconds, found.bytes_per_hour) == (0, 0, 0, None)
    assert (found.worst, found.warnings, found.frame_rates, found.sizes) == ([], [], Common([], 0), Common([], 0))
    store.append([make_clip("photo", 1)])
    found = survey(store)
    assert (found.clips, found.frames, found.seconds, found.frame_rates) == (1, 1, 0, Common([], 0))


def test_damaged_side_files_are_told_and_nothing_else_is_lost(store: KeypointStore) -> None:
    store.append([make_clip("a")])
    (store.path / "run.json").write_text('{"state": ')
    (store.path / "failures.csv").write_bytes(b"\x89PNG\0")
    found = survey(store)
    assert found.clips == 1
    assert [name in problem for name, problem in zip(("run.json", "failures.csv"), found.problems, strict=True)] == [
        True,
        True,
    ]


def test_a_damaged_shard_is_named(store: KeypointStore) -> None:
    store.append([make_clip("a")])
    shard = next((store.path / "clips").iterdir())
    shard.write_bytes(shard.read_bytes()[:200])
    with pytest.raises(StoreError, match=shard.name):
        survey(store)


def test_all_of_it_is_json(store: KeypointStore) -> None:
    store.append([make_clip("a", missing=3, warnings=("several people: 2",))])
    (store.path / "failures.csv").write_text("clip_id,path,error,reason\nx,/x.mp4,VideoError,/x.mp4 is empty\n")
    plain = json.loads(json.dumps(survey(store).to_dict()))
    assert plain["warnings"] == [
        {"kind": "several people: N", "clips": 1, "clip_id": "a", "example": "several people: 2"}
    ]
    assert plain["failures"][0]["error"] == "VideoError"
    assert plain["worst"] == [{"clip_id": "a", "missing": 3, "frames": 10}]
    assert plain["run"] is None
