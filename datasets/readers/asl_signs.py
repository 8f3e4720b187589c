"""Google Isolated Sign Language Recognition (Kaggle's asl-signs): landmarks of MediaPipe Holistic, and no video.

Layout, as the competition's data page describes it: ``train.csv`` (path, participant_id, sequence_id, sign) and
``train_landmark_files/PARTICIPANT/SEQUENCE.parquet`` with a row for each of 543 landmarks in each frame: frame, row_id,
type (face, left_hand, pose, right_hand), landmark_index, x, y, z; a landmark that was not found is NaN.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.datasets.readers.about import About, Content, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.errors import DatasetError
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import text
from posegloss.pipeline.errors import InvalidSequenceError
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75, KEYPOINT_NAMES, LAYOUTS, hand_points

FRAME_RATE: Final = 30.0
"""The set does not say it. Others who read it assume the same (sign-language-datasets 0.4, for one)."""
FRAME_SIZE: Final = (1944, 2592)
"""The set does not say it. Starner et al. 2023 give it for PopSign, the same signs recorded in the same way."""
ASSUMED: Final = f"frame rate {FRAME_RATE:g} and frame size {FRAME_SIZE[0]}x{FRAME_SIZE[1]} are assumed"
_COLUMNS: Final = ("path", "participant_id", "sign")
_LONGEST: Final = 100_000
"""Frames; nobody signs for an hour, and a file that says so would fill the memory."""


class AslSigns:
    """Reads asl-signs; ``import_into_store`` puts it into a store."""

    about = About(
        name="asl-signs",
        title="Google Isolated Sign Language Recognition (asl-signs)",
        language="American (ASL)",
        url="https://www.kaggle.com/competitions/asl-signs",
        terms="the competition's rules, to be accepted",
        layout=("train.csv", "train_landmark_files/PARTICIPANT/SEQUENCE.parquet"),
        gives="gloss, signer, and the pose of each frame, with --layout holistic75 hands: `posegloss datasets import`",
        reference="Chow et al. 2023, Google - Isolated Sign Language Recognition",
        split=SplitKind.NONE,
        split_note="The competition's test set is not published; posegloss train splits by signer.",
        signs=250,
        clips=94_477,
        signers=21,
        content=Content.LANDMARKS,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder, as files of landmarks; see ``Reader``."""
        collector = Collector(self.about, root)
        (file,) = collector.require("train.csv")
        for line, row in collector.rows(file, needs=_COLUMNS):
            with collector.row(file, line):
                path, signer, gloss = (text(row, name) for name in _COLUMNS)
                collector.add(file, line, [path], gloss=gloss, signer=signer)
        return collector.reading()


def read_landmarks(path: Path, layout: str = BLAZEPOSE33) -> KeypointSequence:
    """The points of a layout in a file of landmarks: x and y as fractions of the frame, z in units of x.

    The face is left out, and hands where the layout has none. The file holds no visibility: a point that is there has
    visibility 1.

    Raises:
        DatasetError: the file cannot be read, or is none of the set.
    """
    places = {"pose": slice(0, len(KEYPOINT_NAMES))}
    if layout == HOLISTIC75:
        places |= {f"{side}_hand": hand_points(side) for side in ("left", "right")}
    try:
        columns = ["frame", "landmark_index", "x", "y", "z", "type"]
        table = pq.read_table(path, columns=columns, filters=[("type", "in", list(places))])
        frame, number = (_whole(table[name]) for name in columns[:2])
        values = np.stack([table[name].to_numpy().astype(np.float32) for name in columns[2:5]], axis=-1)
        kind = np.array(table["type"].to_pylist(), object)
    except (OSError, pa.ArrowException, ValueError, TypeError) as error:
        raise DatasetError(f"{path} cannot be read as landmarks: {error}") from error
    if not (kind == "pose").any():
        raise DatasetError(f"{path} has no pose landmarks")
    kinds, which = np.unique(kind, return_inverse=True)
    first, after = (np.array([getattr(places[one], end) for one in kinds])[which] for end in ("start", "stop"))
    point = first + number
    if number.min() < 0 or (point >= after).any() or frame.min() < 0 or frame.max() - frame.min() >= _LONGEST:
        raise DatasetError(
            f"{path} numbers landmarks {number.min()} to {number.max()} and frames {frame.min()} to "
            f"{frame.max()}, which are no 33 points of a pose or 21 of a hand"
        )
    frames, place = np.unique(frame, return_inverse=True)
    keypoints = np.full((len(frames), len(LAYOUTS[layout]), 4), np.nan, np.float32)
    keypoints[place, point, :3] = values
    keypoints[place, point, 3] = 1
    try:
        # Frames keep their numbers of the video; some clips lack a few.
        timestamps = (frames - frames[0]) / FRAME_RATE
        return KeypointSequence(keypoints, timestamps, FRAME_SIZE, source=str(path), layout=layout, warnings=(ASSUMED,))
    except InvalidSequenceError as error:
        raise DatasetError(f"{path} cannot be read as landmarks: {error}") from error


def _whole(column: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(column.to_numpy()).astype(np.int64, casting="same_kind")
