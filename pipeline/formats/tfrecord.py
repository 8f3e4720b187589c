"""TFRecord for training with tf.data elsewhere: one ``tf.train.Example`` a clip.

    spec = {
        "clip_id": tf.io.FixedLenFeature([], tf.string),
        "gloss": tf.io.FixedLenFeature([], tf.string),            # "" where unknown; so signer and split
        "signer": tf.io.FixedLenFeature([], tf.string),
        "split": tf.io.FixedLenFeature([], tf.string),
        "synthetic": tf.io.FixedLenFeature([], tf.int64),         # 0 or 1
        "width": tf.io.FixedLenFeature([], tf.int64),
        "height": tf.io.FixedLenFeature([], tf.int64),
        "timestamps_us": tf.io.VarLenFeature(tf.int64),           # (frames,) microseconds
        "keypoints": tf.io.VarLenFeature(tf.float32),             # frames x (33 or 75) x (x, y, z, visibility), or NaN
        "world": tf.io.VarLenFeature(tf.float32),                 # frames x 33 x (x, y, z), empty where not kept
    }

``feature_spec`` gives that, and ``read_tfrecord`` a ``tf.data.Dataset`` with the arrays folded.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.alike import layout_of
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.quiet import without_greeting
from posegloss.pipeline.skeleton import KEYPOINT_NAMES
from posegloss.pipeline.storing.clip import Clip


def _tensorflow() -> Any:
    # Only here: it takes seconds to import. The log level counts at that moment.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with without_greeting():
        import tensorflow
    return tensorflow


def write_tfrecord(clips: Iterable[Clip], path: Path) -> None:
    """Write clips as one TFRecord file, which appears whole; one at a time is in memory.

    Raises:
        FormatError: the clips have different points, or the file cannot be written.
    """
    tf = _tensorflow()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part, tf.io.TFRecordWriter(str(part)) as writer:
            first: list[Clip] = []
            for clip in clips:
                first = first or [clip]
                layout_of([*first, clip], path)
                writer.write(_example(tf, clip).SerializeToString())
    except (OSError, tf.errors.OpError) as error:
        raise FormatError(f"{path} cannot be written: {error}") from error


def _example(tf: Any, clip: Clip) -> Any:
    sequence = clip.sequence
    texts = {"clip_id": clip.clip_id, "gloss": clip.gloss, "signer": clip.signer, "split": clip.split}
    numbers = {
        "synthetic": [int(clip.synthetic)],
        "width": [sequence.size[0]],
        "height": [sequence.size[1]],
        "timestamps_us": np.round(sequence.timestamps * 1e6).astype(np.int64),
    }
    world = np.empty(0, np.float32) if sequence.world is None else sequence.world
    floats = {"keypoints": sequence.keypoints.ravel(), "world": world.ravel()}
    features = {
        name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[(text or "").encode("utf-8", "backslashreplace")]))
        for name, text in texts.items()
    }
    features |= {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=values)) for name, values in numbers.items()
    }
    features |= {name: tf.train.Feature(float_list=tf.train.FloatList(value=values)) for name, values in floats.items()}
    return tf.train.Example(features=tf.train.Features(feature=features))


def feature_spec() -> dict[str, Any]:
    """What ``tf.io.parse_single_example`` needs to read a clip."""
    tf = _tensorflow()
    one = {name: tf.string for name in ("clip_id", "gloss", "signer", "split")}
    one |= {name: tf.int64 for name in ("synthetic", "width", "height")}
    spec = {name: tf.io.FixedLenFeature([], kind) for name, kind in one.items()}
    many = {"timestamps_us": tf.int64, "keypoints": tf.float32, "world": tf.float32}
    return spec | {name: tf.io.VarLenFeature(kind) for name, kind in many.items()}


def read_tfrecord(path: str | os.PathLike[str]) -> Any:
    """A ``tf.data.Dataset`` of dicts, with keypoints (frames, 33 or 75, 4) and world (frames or 0, 33, 3).

    Raises:
        FormatError: the file has no clips.
    """
    tf = _tensorflow()
    spec, body = feature_spec(), len(KEYPOINT_NAMES)
    first = next(iter(tf.data.TFRecordDataset(os.fspath(path)).take(1)), None)
    if first is None:
        raise FormatError(f"{path} has no clips")
    clip = tf.io.parse_single_example(first, spec)
    points = clip["keypoints"].dense_shape[0] // (4 * clip["timestamps_us"].dense_shape[0])

    def fold(record: Any) -> Any:
        clip = tf.io.parse_single_example(record, spec)
        clip["timestamps_us"] = tf.sparse.to_dense(clip["timestamps_us"])
        clip["keypoints"] = tf.reshape(tf.sparse.to_dense(clip["keypoints"]), (-1, int(points), 4))
        clip["world"] = tf.reshape(tf.sparse.to_dense(clip["world"]), (-1, body, 3))
        return clip

    return tf.data.TFRecordDataset(os.fspath(path)).map(fold)
