from collections.abc import Callable
from pathlib import Path

from .running import Ran

Run = Callable[..., Ran]


def test_a_network_is_trained_on_the_avatar(posegloss: Run, tmp_path: Path) -> None:
    out = tmp_path / "my.network"
    command = ("pose-train", out, "--avatar", "1", "--teacher", "none", "--validation", "0", "--batch", "4")
    epochs = ("--small-epochs", "0", "--heatmap-epochs", "0", "--regression-epochs", "1")
    ran = posegloss(*command, *epochs)
    assert ran.code == 0, ran
    assert "lite: 1.28 million parameters" in ran.out
    assert "examples of people, 0 without anybody, 0 to validate with" in ran.out
    assert (out / "report.html").exists()
    assert list((out / "stages").rglob("events.out.tfevents.*"))
    network = out / "landmarks.tflite"
    again = posegloss(*command, *epochs, "--seed", "1")
    assert again.code == 2
    assert "holds another training" in again.err
    assert network.stat().st_size > 2e6


def test_what_does_not_go_together_is_told(posegloss: Run, tmp_path: Path) -> None:
    nothing = posegloss("pose-train", tmp_path / "out")
    assert nothing.code == 2
    assert "no people to train on" in nothing.err
    alone = posegloss("pose-train", tmp_path / "out", "--annotations", tmp_path / "joints.mat")
    assert alone.code == 2
    assert "--annotations and --images go together" in alone.err
    (tmp_path / "test.txt").write_text("a.jpg")
    of_nothing = posegloss("pose-train", tmp_path / "out", "--avatar", "1", "--leave-out", tmp_path / "test.txt")
    assert of_nothing.code == 2
    assert "--leave-out names pictures of --annotations" in of_nothing.err
    untaught = posegloss("pose-train", tmp_path / "out", "--footage", tmp_path, "--teacher", "none")
    assert untaught.code == 2
    assert "need a teacher" in untaught.err


def test_pictures_to_leave_out_that_are_not_there_are_told(posegloss: Run, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("image,nose_x,nose_y\nimages/a.jpg,5,5\nimages/b.jpg,5,5\n")
    listed = tmp_path / "test.txt"
    # As an editor on Windows writes it, and without the folder that the annotations name.
    listed.write_text("images/a.jpg\nb.jpg\n", "utf-8-sig")
    (tmp_path / "images").mkdir()
    command = (
        "pose-train",
        tmp_path / "out",
        "--annotations",
        tmp_path / "points.csv",
        "--images",
        tmp_path / "images",
    )
    ran = posegloss(*command, "--leave-out", listed, "--teacher", "none")
    assert "1 of 2 pictures to leave out are not annotated, such as b.jpg" in ran.said
    (tmp_path / "two.json").write_text('{"one": ["a"], "two": ["b"]}')
    ran = posegloss(*command, "--leave-out", tmp_path / "two.json")
    assert (ran.code, "(--leave-out-key)" in ran.said) == (2, True)
