import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ..pipeline.measuring.marked import STANDING, write_pictures
from .running import Ran

Run = Callable[..., Ran]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """One person, marked alike in two pictures."""
    columns = ",".join(f"{name}_x,{name}_y" for name in STANDING)
    row = ",".join(f"{x},{y}" for x, y in STANDING.values())
    path = tmp_path / "marked.csv"
    path.write_text(f"image,{columns}\na.jpg,{row}\nb.jpg,{row}\n", "utf-8")
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "images", "a.jpg", "b.jpg")


@pytest.fixture
def openpose_json(tmp_path: Path) -> Path:
    """What OpenPose would have written: in a.jpg the person as marked, in b.jpg nobody."""
    places = {2: "right_shoulder", 5: "left_shoulder", 9: "right_hip", 12: "left_hip"}
    places |= {4: "right_wrist", 7: "left_wrist", 11: "right_ankle", 14: "left_ankle"}
    person = [value for place in range(25) for value in (*STANDING.get(places.get(place, ""), (0, 0)), place in places)]
    folder = tmp_path / "written"
    folder.mkdir()
    for name, people in (("a", [{"pose_keypoints_2d": list(map(float, person))}]), ("b", [])):
        (folder / f"{name}_keypoints.json").write_text(json.dumps({"people": people}), "utf-8")
    return folder


def test_all_that_is_asked_for_is_written(
    posegloss: Run, csv: Path, images: Path, openpose_json: Path, tmp_path: Path
) -> None:
    out = {kind: tmp_path / "out" / f"figures.{kind}" for kind in ("csv", "json", "html")}
    ran = posegloss(
        *("pose-eval", csv, "--images", images, "--openpose-json", openpose_json, "--threshold", "0.2"),
        *("--threshold", "0.5", "--csv", out["csv"], "--json", out["json"], "--page", out["html"]),
    )
    assert ran.code == 0, ran
    (line,) = (line for line in ran.out.splitlines() if line.startswith("OpenPose (JSON)"))
    # The person of one picture of two, and all of that person.
    assert line.split()[2:4] == ["50.0", "(0"]
    assert line.split()[-5:] == ["50.0", "100.0", "-", line.split()[-2], "-"]
    assert "middle of the shoulders to middle of the hips as annotated" in ran.out
    figures = json.loads(out["json"].read_text("utf-8"))
    assert figures["systems"][0]["pck"] == [[0.5, 0.0, 1.0]] * 2
    assert "OpenPose (JSON),found,,,0.5,," in out["csv"].read_text("utf-8")
    assert "<figcaption>b.jpg</figcaption>" in out["html"].read_text("utf-8")


def test_with_the_true_region_the_detector_misses_nobody(posegloss: Run, csv: Path, images: Path) -> None:
    ran = posegloss("pose-eval", csv, "--images", images, "--model", "lite", "--true-region")
    assert ran.code == 0, ran
    missed = {line[:18].strip(): line.split()[-5] for line in ran.out.splitlines() if "Lite" in line and "(" in line}
    # The pictures are grey all over.
    assert missed == {"BlazePose Lite": "100.0", "Lite, true region": "0.0"}


def test_pictures_that_are_missing_are_told_by_the_exit_code(
    posegloss: Run, csv: Path, images: Path, openpose_json: Path, tmp_path: Path
) -> None:
    (images / "b.jpg").unlink()
    ran = posegloss("pose-eval", csv, "--images", images, "--openpose-json", openpose_json)
    assert ran.code == 1
    assert "annotated pictures that were left out: 1; b.jpg: there is no such picture" in ran.said
    (tmp_path / "list.txt").write_text("a.jpg\n")
    chosen = posegloss(
        "pose-eval", csv, "--images", images, "--openpose-json", openpose_json, "--list", tmp_path / "list.txt"
    )
    assert (chosen.code, "left out" in chosen.said) == (0, False)


def test_what_cannot_be_measured_is_an_error_with_a_name(
    posegloss: Run, csv: Path, images: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut.tflite").write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(90))
    cut = posegloss("pose-eval", csv, "--images", images, "--model", tmp_path / "cut.tflite")
    assert cut.code == 2
    assert cut.said.startswith("error:")
    assert "cut.tflite" in cut.said
    broken = posegloss("pose-eval", images / "a.jpg", "--images", images)
    assert (broken.code, "not named as annotations are" in broken.said) == (2, True)
    gone = posegloss("pose-eval", csv, "--images", images, "--openpose", tmp_path / "gone.bin")
    assert (gone.code, "no program that can be run" in gone.said) == (2, True)


def test_the_accurate_is_held_against_the_plain(posegloss: Run, csv: Path, images: Path, tmp_path: Path) -> None:
    ran = posegloss(
        "pose-eval", csv, "--images", images, "--model", "lite", "--accurate", "--json", tmp_path / "figures.json"
    )
    assert ran.code == 0, ran
    # The pictures are grey all over.
    assert "posegloss Lite, accurate against BlazePose Lite: +0.0 points of PCK (+0.0 to +0.0)" in ran.out
    assert "ms a picture against" in ran.out
    (one,) = json.loads((tmp_path / "figures.json").read_text("utf-8"))["differences"]
    assert one == {"system": "posegloss Lite, accurate", "other": "BlazePose Lite", "pck": [0.0, 0.0, 0.0]}
