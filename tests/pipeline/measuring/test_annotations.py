import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.annotations import coco, lsp, mpii
from posegloss.pipeline.measuring.annotations.reading import read_annotations, read_list
from posegloss.pipeline.skeleton import INDEX


def at(person, name: str) -> list[float]:
    return person.points[INDEX[name]].tolist()


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def coco_data() -> dict:
    keypoints = np.zeros((17, 3), int)
    keypoints[5], keypoints[6], keypoints[16] = (30, 20, 2), (10, 20, 1), (40, 50, 0)
    annotation = {"id": 1, "image_id": 7, "category_id": 1, "bbox": [1, 2, 30, 40], "area": 500.5, "iscrowd": 0}
    unmarked = {**annotation, "id": 2, "keypoints": [0] * 51, "bbox": [50, 50, 10, 10]}
    crowd = {**annotation, "id": 3, "iscrowd": 1, "keypoints": keypoints.ravel().tolist(), "bbox": [0, 0, 5, 5]}
    stray = {**annotation, "id": 4, "image_id": 99, "keypoints": keypoints.ravel().tolist()}
    return {
        "images": [{"id": 7, "file_name": "000000000007.jpg"}],
        "annotations": [{**annotation, "keypoints": keypoints.ravel().tolist()}, unmarked, crowd, stray],
    }


def test_coco(tmp_path: Path) -> None:
    read = read_annotations(write(tmp_path / "c.json", json.dumps(coco_data())))
    (person,) = read.people
    assert person.image == "000000000007.jpg"
    assert (at(person, "left_shoulder"), at(person, "right_shoulder")) == ([30, 20], [10, 20])
    # v = 0 is not marked, though it has a place here.
    assert np.isfinite(person.points).all(axis=1).sum() == 2
    assert (person.box.tolist(), person.area) == ([1, 2, 31, 42], 500.5)
    assert read.ignored["000000000007.jpg"].tolist() == [[50, 50, 60, 60], [0, 0, 5, 5]]
    assert "1 annotations of pictures" in read.notes[0]
    assert coco.NAMES[5:7] == ("left_shoulder", "right_shoulder")


def test_coco_with_an_order_of_its_own(tmp_path: Path) -> None:
    data = coco_data()
    data["categories"] = [{"id": 1, "keypoints": ["right_hip", "tail"]}]
    for annotation in data["annotations"]:
        annotation["keypoints"] = [3, 4, 2, 9, 9, 2]
    read = read_annotations(write(tmp_path / "c.json", json.dumps(data)))
    assert at(read.people[0], "right_hip") == [3, 4]
    assert np.isfinite(read.people[0].points).all(axis=1).sum() == 1


def test_leeds_sports_pose_extended(tmp_path: Path) -> None:
    joints = np.zeros((14, 3, 2))
    joints[:, 0, 0], joints[:, 1, 0], joints[:, 2, 0] = np.arange(14), 10 * np.arange(14), 1
    joints[3, 2, 0] = 0
    joints[9, :, 1] = (5, 6, 1)
    savemat(tmp_path / "joints.mat", {"joints": joints})
    first, second = read_annotations(tmp_path / "joints.mat").people
    assert (first.image, second.image) == ("im00001.jpg", "im00002.jpg")
    assert (at(first, "right_ankle"), at(first, "left_wrist")) == ([0, 0], [11, 110])
    assert np.isnan(at(first, "left_hip")).all()
    assert first.head == pytest.approx(np.hypot(1, 10))
    assert first.others.tolist() == [[12, 120], [13, 130]]
    assert at(second, "left_shoulder") == [5, 6]
    assert np.isnan(second.head)


def test_leeds_sports_pose_marks_hidden_joints_too(tmp_path: Path) -> None:
    joints = np.ones((3, 14, 3))
    joints[2] = 0
    joints[:, lsp.JOINTS.index("left_knee"), 2] = (8, 9, 1)
    savemat(tmp_path / "joints.mat", {"joints": joints})
    third = read_annotations(tmp_path / "joints.mat").people[2]
    assert third.image == "im0003.jpg"
    assert at(third, "left_knee") == [8, 9]
    assert at(third, "right_knee") == [1, 1]


def test_leeds_sports_pose_as_an_archive(tmp_path: Path) -> None:
    joints = np.ones((1, 14, 3), np.float32)
    np.savez(tmp_path / "joints.npz", name=np.array(["im00018.jpg"]), joints=joints)
    assert read_annotations(tmp_path / "joints.npz").images == ("im00018.jpg",)
    np.savez(tmp_path / "joints.npz", name=np.array(["a", "b"]), joints=joints)
    with pytest.raises(FormatError, match="names 2 pictures and has joints of 1"):
        read_annotations(tmp_path / "joints.npz")


def mpii_structs() -> np.ndarray:
    point = np.array(
        [(11.0, 21.0, 12), (31.0, 21.0, 13), (21.0, 1.0, 9)], dtype=[("x", object), ("y", object), ("id", object)]
    )
    marked = {"x1": 10, "y1": 10, "x2": 40, "y2": 50, "scale": 2.0, "annopoints": {"point": point}}
    unmarked = {"x1": 0, "y1": 0, "x2": 1, "y2": 1, "scale": 1.0, "annopoints": [], "objpos": {"x": 300, "y": 200}}
    fields = [("image", object), ("annorect", object)]
    rectangles = np.array(
        [tuple(one.get(key, []) for key in (*marked, "objpos")) for one in (marked, unmarked)],
        dtype=[(key, object) for key in (*marked, "objpos")],
    )
    return np.array([({"name": "1.jpg"}, rectangles), ({"name": "2.jpg"}, [])], dtype=fields)


def test_mpii_as_published(tmp_path: Path) -> None:
    savemat(tmp_path / "mpii.mat", {"RELEASE": {"annolist": mpii_structs()}})
    read = read_annotations(tmp_path / "mpii.mat")
    (person,) = read.people
    assert person.image == "1.jpg"
    # MATLAB counts pixels from 1.
    assert (at(person, "right_shoulder"), at(person, "left_shoulder")) == ([10, 20], [30, 20])
    assert person.head == pytest.approx(0.6 * 50)
    assert person.others[1].tolist() == [20, 0]
    assert read.ignored["1.jpg"].tolist() == [[200, 100, 400, 300]]


def test_mpii_as_json(tmp_path: Path) -> None:
    joints = np.arange(32).reshape(16, 2) + 1.0
    visible = np.ones(16)
    visible[0] = 0
    row = {"image": "015601864.jpg", "joints": joints.tolist(), "joints_vis": visible.tolist()}
    (person,) = read_annotations(write(tmp_path / "valid.json", json.dumps([row]))).people
    assert np.isnan(at(person, "right_ankle")).all()
    assert at(person, "left_wrist") == [30, 31]
    assert person.head == pytest.approx(np.hypot(2, 2))
    assert len(mpii.JOINTS) == 16


def test_csv(tmp_path: Path) -> None:
    table = "image,left_hip_x,left_hip_y,nose_x,nose_y,left,top,right,bottom,head_size\n"
    table += "a.jpg,1.5,2,,,0,0,10,20,4\na.jpg,3,4,5,6,,,,,\nb.jpg,,,,,,,,,\n"
    one, other = read_annotations(write(tmp_path / "t.csv", table)).people
    assert at(one, "left_hip") == [1.5, 2]
    assert np.isnan(at(one, "nose")).all()
    assert (one.box.tolist(), one.head) == ([0, 0, 10, 20], 4)
    assert other.box.tolist() == [3, 4, 5, 6]
    assert np.isnan(other.head)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "picture,nose_x,nose_y\n", "lacks the column image"),
        ("a.csv", "image,nose_x\n", "no pair of columns"),
        ("a.csv", "image,nose_x,nose_y\na.jpg,1,2\nb.jpg,one,2\n", "line 3: nose_x is 'one'"),
        ("a.csv", "image,nose_x,nose_y\n,1,2\n", "line 2 names no picture"),
        ("a.csv", "image,nose_x,nose_y\na.jpg,,\n", "marks nobody"),
        ("a.json", "{", "or it is damaged"),
        ("a.json", '{"a": 1}', "neither COCO's keypoints"),
        ("a.json", '{"images": [], "annotations": []}', "no person with keypoints"),
        ("a.json", json.dumps({**coco_data(), "annotations": [{"image_id": 7, "id": 5, "bbox": [0, 0, 1, 1],
                                                              "keypoints": [1, 2, 2]}]}), "annotation 5 has 3 numbers"),
        ("a.json", '[{"image": "a.jpg", "joints": [[1, 2]]}]', "row 0 has not the 16 joints"),
        ("a.mat", "MATLAB", "or it is damaged"),
        ("a.npz", "PK", "or it is damaged"),
        ("a.xml", "<a/>", "not named as annotations are"),
    ],
)  # fmt: skip
def test_what_are_no_annotations_is_refused_by_name(tmp_path: Path, name: str, text: str, told: str) -> None:
    with pytest.raises(FormatError, match=told) as refused:
        read_annotations(write(tmp_path / name, text))
    assert name in str(refused.value)


def test_matlab_files_of_something_else_are_refused(tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", {"joints": np.ones((5, 3, 2))})
    with pytest.raises(FormatError, match=r"joints has the shape \(5, 3, 2\)"):
        read_annotations(tmp_path / "x.mat")
    savemat(tmp_path / "x.mat", {"other": 1})
    with pytest.raises(FormatError, match="neither RELEASE"):
        read_annotations(tmp_path / "x.mat")
    with pytest.raises(FormatError, match="cannot be read: No such file"):
        read_annotations(tmp_path / "gone.mat")


def test_lists_of_pictures(tmp_path: Path) -> None:
    assert read_list(write(tmp_path / "l.txt", "a.jpg\n\nb.jpg\n")) == {"a.jpg", "b.jpg"}
    assert read_list(write(tmp_path / "l.json", '["a.jpg"]')) == {"a.jpg"}
    assert read_list(write(tmp_path / "m.json", '{"what": "x", "validation": ["b.jpg"]}')) == {"b.jpg"}
    two = write(tmp_path / "n.json", '{"one": ["a"], "two": []}')
    assert read_list(two, "one") == {"a"}
    with pytest.raises(FormatError, match=r"holds the lists \['one', 'two'\]; say which"):
        read_list(two)
    with pytest.raises(FormatError, match="lists no pictures"):
        read_list(two, "two")
