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
    untaught = posegloss("pose-train", tmp_path / "out", "--footage", tmp_path, "--teacher", "none")
    assert untaught.code == 2
    assert "need a teacher" in untaught.err
