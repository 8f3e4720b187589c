"""Landmarks of asl-signs: what becomes of a file, and of the set in a store."""

import numpy as np
import pandas as pd
import pytest

from posegloss.datasets.readers.asl_signs import ASSUMED, read_landmarks
from posegloss.datasets.readers.errors import DatasetError, NotThisDatasetError
from posegloss.datasets.readers.landmark_import import import_into_store
from posegloss.pipeline.errors import SettingsError, StoreError
from posegloss.pipeline.skeleton import HOLISTIC75, hand_points
from posegloss.pipeline.store import KeypointStore

from . import makers


def test_a_file_of_landmarks(tmp_path):
    pose = makers.write_landmarks(tmp_path / "a.parquet", frames=(20, 21, 23))
    sequence = read_landmarks(tmp_path / "a.parquet")
    np.testing.assert_array_equal(sequence.keypoints[..., :3], pose)
    np.testing.assert_array_equal(sequence.visibility, np.isfinite(pose[..., 0]))
    assert sequence.timestamps == pytest.approx([0, 1 / 30, 3 / 30])
    assert sequence.present.tolist() == [True, False, True]
    assert sequence.warnings == (ASSUMED,)


def test_a_file_of_landmarks_with_hands(tmp_path):
    pose = makers.write_landmarks(tmp_path / "a.parquet")
    table = pd.read_parquet(tmp_path / "a.parquet")
    for part, x in (("left_hand", 0.25), ("right_hand", 0.75)):
        seen = (table.type == part) & (table.frame == 21)
        points = np.stack([np.full(21, x), np.arange(21) / 30, np.zeros(21)], axis=-1)
        table.loc[seen, ["x", "y", "z"]] = points.astype(np.float32)
    table.to_parquet(tmp_path / "a.parquet")
    sequence = read_landmarks(tmp_path / "a.parquet", HOLISTIC75)
    assert sequence.layout == HOLISTIC75
    np.testing.assert_array_equal(sequence.keypoints[:, :33, :3], pose)
    for side, x in (("left", 0.25), ("right", 0.75)):
        hand = sequence.keypoints[:, hand_points(side)]
        assert np.isfinite(hand[..., 0]).any(axis=1).tolist() == [False, True, False]
        np.testing.assert_allclose(hand[1, :, 0], x)
        np.testing.assert_allclose(hand[1, :, 1], np.arange(21) / 30, rtol=1e-6)


def test_an_import_with_hands_has_a_store_of_its_own(tmp_path):
    root = makers.asl_signs(tmp_path / "set").root
    import_into_store(root, tmp_path / "hands", layout=HOLISTIC75)
    store = KeypointStore.open(tmp_path / "hands")
    assert (store.layout, [clip.sequence.layout for clip in store.clips()]) == (HOLISTIC75, [HOLISTIC75])
    with pytest.raises(StoreError, match="layout"):
        import_into_store(root, tmp_path / "hands")
    with pytest.raises(SettingsError, match="blazepose33, holistic75"):
        import_into_store(root, tmp_path / "more", layout="face")


def change(path, **columns):
    frame = pd.read_parquet(path)
    frame.assign(**columns).to_parquet(path)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"landmark_index": 40}, "no 33 points"),
        ({"landmark_index": -1}, "no 33 points"),
        ({"frame": lambda f: np.arange(len(f), dtype=np.int64) * 10**9}, "no 33 points"),
        ({"x": np.inf}, "infinite"),
        ({"x": "left"}, "cannot be read"),
        ({"frame": 1.5}, "cannot be read"),
        ({"frame": None}, "cannot be read"),
        ({"type": "face"}, "no pose"),
        ({"type": 5}, "cannot be read"),
    ],
)
def test_files_that_are_none(tmp_path, columns, told):
    makers.write_landmarks(tmp_path / "a.parquet")
    change(tmp_path / "a.parquet", **columns)
    with pytest.raises(DatasetError, match=told):
        read_landmarks(tmp_path / "a.parquet")


def test_a_file_that_is_no_parquet(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_landmarks(tmp_path / "a.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_landmarks(tmp_path / "a.parquet")


@pytest.fixture
def root(tmp_path):
    """Two files of landmarks, one that is none, and one that is missing."""
    made = makers.asl_signs(tmp_path / "asl-signs")
    with (made.root / "train.csv").open("a") as file:
        file.write(
            "train_landmark_files/16069/1.parquet,16069,1,wait\ntrain_landmark_files/16069/2.parquet,16069,2,wait\n"
        )
    makers.write_landmarks(made.root / "train_landmark_files/16069/1.parquet")
    (made.root / "train_landmark_files/16069/2.parquet").write_bytes(b"nothing")
    return made.root


def test_the_set_in_a_store(root, tmp_path):
    steps = []
    done = import_into_store(root, tmp_path / "store", progress=lambda *step: steps.append(step))
    assert (done.done, done.skipped, len(done.reading.missing)) == (2, 0, 1)
    assert [one.file for one in done.failures] == ["train_landmark_files/16069/2.parquet"]
    assert steps == [(1, 3), (2, 3), (3, 3)]
    clips = {clip.gloss: clip for clip in KeypointStore.open(tmp_path / "store").clips()}
    assert {clip.signer for clip in clips.values()} == {"26734", "16069"}
    assert clips["wait"].clip_id == "asl-signs/train_landmark_files/16069/1.parquet"
    assert "Holistic" in clips["wait"].provenance.model
    assert not clips["wait"].synthetic


def test_it_goes_on_where_it_was(root, tmp_path, monkeypatch):
    from posegloss.datasets.readers import landmark_import

    def stop(done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(landmark_import, "_FLUSH_CLIPS", 1)
    with pytest.raises(KeyboardInterrupt):
        import_into_store(root, tmp_path / "store", progress=stop)
    assert len(KeypointStore.open(tmp_path / "store")) == 1
    done = import_into_store(root, tmp_path / "store")
    assert (done.done, done.skipped) == (1, 1)
    assert len(KeypointStore.open(tmp_path / "store")) == 2


def test_not_into_a_store_of_another_kind(root, tmp_path):
    KeypointStore.create(tmp_path / "store", {"model": "lite"})
    with pytest.raises(StoreError, match="other settings"):
        import_into_store(root, tmp_path / "store")


def test_no_store_is_made_for_another_folder(tmp_path):
    with pytest.raises(NotThisDatasetError):
        import_into_store(tmp_path, tmp_path / "store")
    assert not (tmp_path / "store").exists()
