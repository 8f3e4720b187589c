"""What is written for training elsewhere, read by nothing of ours."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posegloss.pipeline.formats.tables import write_table
from posegloss.pipeline.formats.tfrecord import read_tfrecord, write_tfrecord
from posegloss.pipeline.storing.clip import Clip

from .made import make_sequence


@pytest.fixture
def clips():
    return [
        Clip("a/ä", make_sequence(5, 30000 / 1001, (640, 480), world=True), "HELLO", "ada", "train", True),
        Clip("b", make_sequence(9, 30, (1920, 1080), seed=2)),
    ]


def test_tf_data_reads_the_tfrecord(tmp_path, clips):
    write_tfrecord(iter(clips), tmp_path / "a.tfrecord")
    read = list(read_tfrecord(tmp_path / "a.tfrecord"))
    for clip, back in zip(clips, read, strict=True):
        np.testing.assert_array_equal(back["keypoints"].numpy(), clip.sequence.keypoints)
        np.testing.assert_allclose(back["timestamps_us"].numpy() / 1e6, clip.sequence.timestamps, atol=5e-7)
        assert back["clip_id"].numpy().decode() == clip.clip_id
        assert (back["width"].numpy(), back["height"].numpy()) == clip.sequence.size
    assert [back["gloss"].numpy() for back in read] == [b"HELLO", b""]
    assert [int(back["synthetic"]) for back in read] == [1, 0]
    np.testing.assert_array_equal(read[0]["world"].numpy(), clips[0].sequence.world)
    assert read[1]["world"].shape == (0, 33, 3)


def test_the_clips_of_a_tfrecord_can_be_batched(tmp_path, clips):
    write_tfrecord(iter(clips), tmp_path / "a.tfrecord")
    batches = read_tfrecord(tmp_path / "a.tfrecord").map(lambda clip: clip["keypoints"]).padded_batch(2, [None, 33, 4])
    (batch,) = list(batches)
    assert batch.shape == (2, 9, 33, 4)


def test_the_parquet_is_plain_nested_lists(tmp_path, clips):
    write_table(iter(clips), tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    frame = pa.list_(pa.list_(pa.float32(), 4), 33)
    assert table.schema.field("keypoints").type == pa.list_(frame)
    # No pandas or extension types, which other readers would trip over.
    assert not any(isinstance(field.type, pa.ExtensionType) for field in table.schema)
    rows = table.to_pylist()
    for clip, row in zip(clips, rows, strict=True):
        np.testing.assert_array_equal(np.array(row["keypoints"], np.float32), clip.sequence.keypoints)
        assert row["timestamps"] == clip.sequence.timestamps.tolist()
        assert (row["clip_id"], row["gloss"], row["signer"]) == (clip.clip_id, clip.gloss, clip.signer)
        assert (row["width"], row["height"]) == clip.sequence.size
    np.testing.assert_array_equal(np.array(rows[0]["world"], np.float32), clips[0].sequence.world)
    assert rows[1]["world"] is None


def test_a_reader_that_ignores_arrow_s_own_schema_gets_the_same(tmp_path, clips):
    write_table(iter(clips), tmp_path / "a.parquet")
    import pandas as pd

    frame = pd.read_parquet(tmp_path / "a.parquet")
    stacked = np.stack([np.stack(list(points)) for points in frame.keypoints[1]])
    np.testing.assert_array_equal(stacked, clips[1].sequence.keypoints)


def test_many_clips_are_written_a_few_at_a_time(tmp_path):
    many = (Clip(str(n), make_sequence(3, seed=n), f"g{n % 3}") for n in range(150))
    write_table(many, tmp_path / "a.parquet")
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (150, 3)
