"""Corpora are put together with links: a link to a folder counts as the folder, whatever the format."""

import numpy as np
import pytest

from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.pose_writing import write_pose
from posegloss.pipeline.formats.registry import list_clips

from .made import body, make_sequence, person, write_frames


def write_pose_file(folder):
    write_pose(make_sequence(4), folder / "take.pose")


def write_rows(folder):
    np.save(folder / "take.npy", np.full((4, 132), 0.5))


def write_row_files(folder):
    (folder / "take").mkdir()
    for number in range(4):
        np.save(folder / "take" / f"{number}.npy", np.full(132, 0.5))


def write_openpose_files(folder):
    write_frames(folder / "take", [[person(body(640, 700, 500))]] * 4)


@pytest.mark.parametrize("write", [write_pose_file, write_rows, write_row_files, write_openpose_files])
def test_a_linked_folder_is_read_like_a_folder(tmp_path, write):
    for gloss in ("elsewhere/HELLO", "corpus/BYE"):
        (tmp_path / gloss).mkdir(parents=True)
        write(tmp_path / gloss)
    (tmp_path / "corpus" / "HELLO").symlink_to(tmp_path / "elsewhere" / "HELLO")
    # It leads up, and gives nothing twice.
    (tmp_path / "corpus" / "BYE" / "all").symlink_to(tmp_path / "corpus")
    listed = list_clips(tmp_path / "corpus", ReadOptions(25.0, (1280, 720)))
    assert [(clip.gloss, len(clip.read())) for clip in listed] == [("BYE", 4), ("HELLO", 4)]
