import io
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import OpenPoseError
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.openpose import PLACES, OpenPose, read_answers
from posegloss.pipeline.measuring.openpose_binary import run_openpose
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.skeleton import INDEX

from .marked import write_pictures

PHOTO = "COCO_val2014_000000000192"
# Copies recorded JSON for the pictures that it is given, as OpenPose would write it; tells its options to a file.
PLAYER = """#!{python}
import json, shutil, sys
from pathlib import Path
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
Path("{folder}/options.json").write_text(json.dumps(options))
for picture in Path(options["--image_dir"]).iterdir():
    recorded = Path("{folder}/recorded") / (picture.stem + "_keypoints.json")
    if recorded.exists():
        shutil.copy(recorded, options["--write_json"])
{then}
"""


def player(folder: Path, then: str = "") -> Path:
    """An OpenPose that plays back what lies in the folder's "recorded"."""
    (folder / "recorded").mkdir(exist_ok=True)
    program = folder / "openpose.bin"
    program.write_text(PLAYER.format(python=sys.executable, folder=folder, then=then), "utf-8")
    program.chmod(0o755)
    return program


def write_json(path: Path, *people: list[float]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"people": [{"pose_keypoints_2d": person} for person in people]}), "utf-8")


def body(joints: int, **places: tuple[int, float, float]) -> list[float]:
    values = np.zeros((joints, 3))
    for place, x, y in places.values():
        values[place] = (x, y, 0.5)
    return values.ravel().tolist()


@pytest.fixture
def photo(shared_data: Path, tmp_path: Path) -> Path:
    """A folder with OpenPose's example photo, and the player's with its recorded JSON."""
    (tmp_path / "recorded").mkdir()
    (tmp_path / "photos").mkdir()
    shutil.copy(shared_data / "openpose" / f"{PHOTO}_keypoints.json", tmp_path / "recorded")
    shutil.copy(shared_data / "openpose" / f"{PHOTO}.jpg", tmp_path / "photos")
    return tmp_path / "photos"


def test_both_bodies_are_read(tmp_path: Path) -> None:
    write_json(tmp_path / "a_keypoints.json", body(25, hip=(12, 30, 40), nose=(0, 5, 6)))
    write_json(tmp_path / "b_keypoints.json", body(18, hip=(11, 31, 41)), body(18))
    write_json(tmp_path / "c_keypoints.json")
    answers = read_answers(tmp_path, ["a.jpg", "x/b.png", "c.jpg", "d.jpg"])
    (one,) = answers["a.jpg"]
    assert one.points[INDEX["left_hip"]].tolist() == [30, 40]
    # A joint that OpenPose did not find is three zeros in its files.
    assert np.isfinite(one.points).all(axis=1).sum() == 2
    assert one.score == pytest.approx(2 * 0.5 / 17)
    assert answers["x/b.png"][0].points[INDEX["left_hip"]].tolist() == [31, 41]
    assert (len(answers["x/b.png"]), answers["c.jpg"]) == (2, [])
    assert len(PLACES) == 17
    with pytest.raises(FormatError, match=r"OpenPose has no d_keypoints\.json"):
        OpenPose(answers).find(Picture("d.jpg", np.zeros((1, 1, 3), np.uint8)), [])


def test_json_that_is_not_openposes_is_refused_by_name(tmp_path: Path) -> None:
    for text in ("{", '{"people": 1}', json.dumps({"people": [{"pose_keypoints_2d": [1, 2]}]})):
        (tmp_path / "a_keypoints.json").write_text(text)
        with pytest.raises(FormatError, match=r"a_keypoints\.json is not OpenPose's JSON"):
            read_answers(tmp_path, ["a.jpg"])
    with pytest.raises(FormatError, match="would have the same file"):
        read_answers(tmp_path, ["x/a.jpg", "y/a.jpg"])


def test_real_files_of_a_tar(shared_data: Path) -> None:
    tar = shared_data / "openpose" / "badminton_body25_json.tar.xz"
    with tarfile.open(tar) as archive:
        member = next(one for one in archive if one.name.endswith("_keypoints.json"))
        content = archive.extractfile(member)
        assert content is not None
        people = json.load(io.TextIOWrapper(content))["people"]
    picture = Path(member.name).name.replace("_keypoints.json", ".png")
    answers = read_answers(tar, [picture])
    assert len(answers[picture]) == len(people)
    x, y, confidence = people[0]["pose_keypoints_2d"][3 * 9 : 3 * 10]
    expected = [x, y] if confidence else [np.nan, np.nan]
    assert answers[picture][0].points[INDEX["right_hip"]] == pytest.approx(expected, nan_ok=True)


def test_the_users_openpose_is_run_without_a_display(photo: Path, tmp_path: Path) -> None:
    program, done = player(tmp_path), []
    weights = tmp_path / "weights"
    system = run_openpose(program, photo, [f"{PHOTO}.jpg"], model="COCO", models=weights, on_picture=done.append)
    assert system.name == "OpenPose COCO"
    assert done[-1] == 1
    assert system.rate > 0
    options = json.loads((tmp_path / "options.json").read_text())
    assert (options["--display"], options["--render_pose"], options["--model_pose"]) == ("0", "0", "COCO")
    assert options["--model_folder"] == f"{weights}{os.sep}"
    recorded = json.loads((tmp_path / "recorded" / f"{PHOTO}_keypoints.json").read_text())["people"]
    found = system.find(Picture(f"{PHOTO}.jpg", np.zeros((1, 1, 3), np.uint8)), [])
    assert len(found) == len(recorded) == 1
    assert found[0].points[INDEX["nose"]] == pytest.approx(recorded[0]["pose_keypoints_2d"][:2])


def test_an_openpose_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    images = write_pictures(tmp_path / "images", "a.jpg", "b.jpg")
    program = player(tmp_path, "print('Check failed: no GPU', file=sys.stderr); sys.exit(3)")
    with pytest.raises(OpenPoseError, match=r"ended with 3: Check failed: no GPU"):
        run_openpose(program, images, ["a.jpg"])
    write_json(tmp_path / "recorded" / "a_keypoints.json")
    with pytest.raises(OpenPoseError, match=r"wrote no JSON for 1 of 2 pictures, b\.jpg among them"):
        run_openpose(player(tmp_path), images, ["a.jpg", "b.jpg"])
    with pytest.raises(OpenPoseError, match="no program that can be run"):
        run_openpose(tmp_path / "gone.bin", images, ["a.jpg"])
    program.write_bytes(b"\x00 not a program")
    with pytest.raises(OpenPoseError, match="cannot be run"):
        run_openpose(program, images, ["a.jpg"])


def test_pictures_of_one_name_cannot_be_told_apart(tmp_path: Path) -> None:
    images = write_pictures(tmp_path / "images", "x/a.jpg", "y/a.jpg")
    with pytest.raises(FormatError, match=r"two pictures named a\.jpg"):
        run_openpose(player(tmp_path), images, ["x/a.jpg", "y/a.jpg"])
