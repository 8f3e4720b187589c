"""Long videos annotated, as a person does it: processes that are killed, files that are opened by others."""

import csv
import json
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from posegloss.classifiers.spotting.markers import read_markers
from posegloss.classifiers.training import train
from posegloss.pipeline.video import VideoSource

from ..classifiers.made_up import make_clips
from ..conftest import MakeVideo, fill_disk
from ..made_videos import avatar_images, empty_room, write_clip
from ..pipeline.formats.test_webvtt import read_vtt
from ..pipeline.processes import Start, children_of_session, started_in_sessions, wait_until
from .running import COMMAND, Ran

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pympi.Elan import Eaf

Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It knows nothing of the avatar's signs, which are not what is looked at here."""
    return train(make_clips(takes=1), tmp_path_factory.mktemp("model") / "m", family="extra-trees", seed=1).path


@pytest.fixture(scope="module")
def sign_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The avatar makes a sign, from rest to rest."""
    return write_clip(tmp_path_factory.mktemp("sign") / "sign.mp4", avatar_images(200, gloss="CHIN-TAP"))


@pytest.fixture
def videos(sign_video: Path, tmp_path: Path) -> Path:
    """A folder of three videos, two of them of the same name."""
    for number, name in enumerate(("a/talk.mp4", "b/talk.mp4", "b/other é.mp4")):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sign_video, tmp_path / "videos" / name)
        os.utime(tmp_path / "videos" / name, (number, number))
    return tmp_path / "videos"


@pytest.fixture
def start() -> Iterator[Start]:
    with started_in_sessions([*COMMAND, "annotate"]) as started:
        yield started


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def spans(path: Path, tier: str = "gloss") -> list[tuple[float, float, str]]:
    return sorted(
        (start / 1000, end / 1000, gloss) for start, end, gloss in Eaf(str(path)).get_annotation_data_for_tier(tier)
    )


def content(out: Path) -> dict[str, object]:
    """All that the results say, but for when they were made."""
    read = {".csv": rows, ".vtt": read_vtt, ".eaf": spans, ".json": lambda path: json.loads(path.read_text())}
    return {path.name: read[path.suffix](path) for path in sorted(out.iterdir()) if path.name[0] != "."}


def test_every_file_says_the_same_and_a_bad_video_stops_no_other(
    posegloss: Command, model: Path, videos: Path, make_video: MakeVideo, tmp_path: Path
) -> None:
    (videos / "a" / "text.mp4").write_text("no video")
    make_video("videos/a/nobody.mp4", [empty_room()] * 5)
    (videos / "a" / "cut.mp4").write_bytes((videos / "a" / "talk.mp4").read_bytes()[:4000])
    out = tmp_path / "out"
    wanted = ["--out", out, "--render", "--threshold", "0", "--workers", "2", "--json"]
    ran = posegloss("annotate", model, videos, tmp_path / "none.mp4", *wanted)
    assert ran.code == 1, ran.err
    told = json.loads(ran.out)
    assert [told["done"], told["skipped"], told["failed"]] == [3, 0, 4]
    reasons = {Path(row["path"]).name: row["reason"] for row in rows(out / "failures.csv")}
    assert "no person was found" in reasons["nobody.mp4"]
    assert "not a video" in reasons["text.mp4"]
    assert "cut off" in reasons["cut.mp4"]
    assert "does not exist" in reasons["none.mp4"]
    assert all(" ".join(reason.split()) in ran.said for reason in reasons.values())
    for name, video in (("talk", "a/talk.mp4"), ("talk-2", "b/talk.mp4"), ("other é", "b/other é.mp4")):
        table = rows(out / f"{name}.csv")
        assert table, "signs"
        assert {row["video"] for row in table} == {str(videos / video)}
        assert {row["sure"] for row in table} == {"true"}
        expected = [(float(row["start_s"]), float(row["end_s"]), row["gloss"]) for row in table]
        assert all(0 < float(row["confidence_2"]) <= float(row["confidence"]) <= 1 for row in table)
        assert spans(out / f"{name}.eaf") == expected
        assert [(start, end, gloss) for gloss, start, end in read_vtt(out / f"{name}.vtt")] == expected
        confidences = [float(text) for _, _, text in spans(out / f"{name}.eaf", "confidence")]
        assert confidences == [pytest.approx(float(row["confidence"]), abs=0.006) for row in table]
        (linked,) = Eaf(str(out / f"{name}.eaf")).media_descriptors
        assert linked["MEDIA_URL"] == (videos / video).as_uri()
        with VideoSource(videos / video) as before, VideoSource(out / f"{name}.mp4") as drawn:
            times = [frame.timestamp_s for frame in before]
            assert [frame.timestamp_s for frame in drawn] == pytest.approx(times, abs=1e-3)
    assert not [path for path in out.iterdir() if ".part" in path.name]
    # What was drawn is no video to annotate, and what is finished is left alone.
    before = {path: path.stat().st_mtime_ns for path in out.glob("talk*")}
    ran = posegloss("annotate", model, videos / "b", out, *wanted)
    assert (ran.code, "which --render wrote" in ran.said) == (0, True)
    assert [json.loads(ran.out)[what] for what in ("done", "skipped", "failed")] == [0, 2, 0]
    assert {path: path.stat().st_mtime_ns for path in out.glob("talk*")} == before


def test_what_is_not_sure_stands_in_the_table_alone(
    posegloss: Command, model: Path, sign_video: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = posegloss("annotate", model, sign_video, "--out", out, "--threshold", "1")
    assert (ran.code, "1 video annotated, 0 were there already" in ran.out) == (0, True)
    assert {row["sure"] for row in rows(out / "sign.csv")} == {"false"}
    assert (spans(out / "sign.eaf"), read_vtt(out / "sign.vtt")) == ([], [])


def finished(out: Path) -> dict[str, int]:
    """The names that are finished, and when their tables were written."""
    done = [name for name, marker in read_markers(out).items() if marker.making]
    return {name: (out / f"{name}.csv").stat().st_mtime_ns for name in done}


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_it_goes_on_after_kill_9_and_ctrl_c_and_does_again_what_changed(
    start: Start, posegloss: Command, model: Path, videos: Path, tmp_path: Path
) -> None:
    out, undisturbed = tmp_path / "out", tmp_path / "undisturbed"
    wanted = [model, videos, "--unsure", "--threshold", "1", "--out"]
    process = start(*wanted, out, "--workers", "1")
    wait_until(lambda: len(finished(out)) == 1)
    process.kill()
    process.wait()
    wait_until(lambda: not children_of_session(process.pid))
    first = finished(out)
    process = start(*wanted, out, "--workers", "1")
    wait_until(lambda: len(finished(out)) > len(first))
    # As a terminal does it: to the command and its workers alike.
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "run the same command again to go on" in " ".join(err.split())
    assert "Traceback" not in err
    wait_until(lambda: not children_of_session(process.pid))
    second = finished(out)
    assert first.items() < second.items()
    ran = posegloss("annotate", *wanted, out)
    assert (ran.code, f"{len(second)} were there already, 0 failed" in ran.out) == (0, True), ran
    assert second.items() <= finished(out).items()
    assert posegloss("annotate", *wanted, undisturbed).code == 0
    assert content(out) == content(undisturbed)
    assert [gloss for _, _, gloss in spans(out / "talk.eaf")] == [row["gloss"] for row in rows(out / "talk.csv")]
    assert {gloss[-11:] for gloss, _, _ in read_vtt(out / "talk.vtt")} == {" (not sure)"}
    # Another video in the place of one.
    write_clip(videos / "b" / "talk.mp4", avatar_images(20, gloss="CHIN-TAP"))
    ran = posegloss("annotate", *wanted, out)
    assert (ran.code, "1 video annotated, 2 were there already" in ran.out) == (0, True)
    assert json.loads((out / "talk-2.json").read_text())["summary"]["frames"] == 20


def test_a_full_disk_is_named(posegloss: Command, model: Path, sign_video: Path, small_disk: Path) -> None:
    out = small_disk / "out"
    out.mkdir()
    (small_disk / "small").write_bytes(bytes(300_000))
    ran = posegloss("annotate", model, sign_video, "--out", out, "--render")
    assert ran.code == 2
    assert "is full" in ran.said
    assert "run the same command again" in ran.said
    assert not (out / "sign.csv").exists()
    fill_disk(small_disk)
    assert posegloss("annotate", model, sign_video, "--out", small_disk / "out2").code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["model", "none.mp4"], "does not exist"),
        (["model", "empty"], "no videos in"),
        (["empty", "sign.mp4"], "not a model folder"),
        (["sign.tflite", "sign.mp4"], "cannot be read"),
        (["model", "sign.mp4", "--out", "sign.mp4"], "sign.mp4"),
        (["model", "sign.mp4", "--workers", "0"], "--workers"),
    ],
)
def test_nothing_could_start_is_exit_code_2(
    posegloss: Command, model: Path, sign_video: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"model": model, "sign.mp4": sign_video, "empty": tmp_path / "empty"}
    named = [places.get(one, one if one.startswith("--") or one == "0" else tmp_path / one) for one in arguments]
    ran = posegloss("annotate", "--out", tmp_path / "out", *named)
    assert (ran.code, told in ran.said) == (2, True), ran
