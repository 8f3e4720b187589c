"""Which gloss is signed: answers on stdout, everything else on stderr."""

import json
import os
import shutil

import numpy as np
import pytest

from posegloss.pipeline.store import KeypointStore

from ..made_videos import empty_room
from ..pipeline.formats.made import rows
from .conftest import GLOSSES
from .running import run


def test_json_lines_and_nothing_else_on_stdout(tiny, make_video, tmp_path):
    (tmp_path / "text [b].mp4").write_text("no video")
    nobody = make_video("nobody é.mp4", [empty_room()] * 5)
    videos = [tiny.clip, tmp_path / "text [b].mp4", nobody]
    ran = run("predict", tiny.model, *videos, "--json")
    assert ran.code == 1
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer["video"] for answer in answers] == list(map(str, videos))
    good, text, empty = answers
    assert good["gloss"] in GLOSSES
    assert good["ranking"][0] == [good["gloss"], good["confidence"]]
    assert sum(probability for _, probability in good["ranking"]) == pytest.approx(1, abs=1e-4)
    assert good["reason"] is None
    assert [text["gloss"], text["confidence"], text["ranking"]] == [None, 0, []]
    assert "not a video" in text["reason"]
    assert (empty["gloss"], bool(empty["reason"])) == (None, True)
    assert all(answer["synthetic"] is True for answer in answers)
    # Neither TensorFlow nor LiteRT is heard.
    assert ran.err.strip() == "note: this model was trained on a synthetic avatar; it knows no sign of a real language"


def test_a_name_that_is_not_utf8_is_an_answer_too(tiny, tmp_path):
    video = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    ran = run("predict", tiny.model, video, "--json")
    (line,) = ran.out.splitlines()
    assert ran.code == 1
    assert line.isascii()
    assert json.loads(line)["video"] == str(video)
    assert "rename it" in json.loads(line)["reason"]


def test_all_recognised_is_exit_code_0(posegloss, tiny):
    ran = posegloss("predict", tiny.trees, tiny.clip, "--top", "2")
    assert ran.code == 0
    (line,) = ran.out.splitlines()
    assert line.startswith(f"{tiny.clip}: ")
    assert line.count("%") == 2
    assert "synthetic" in ran.said


def test_a_file_that_is_no_video_does_not_stop_the_others(posegloss, tiny, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    ran = posegloss("predict", tiny.trees, tmp_path / "text.mp4", tmp_path / "none.mp4", tiny.clip)
    assert ran.code == 1
    assert ran.out.startswith(f"{tiny.clip}: ")
    assert f"{tmp_path / 'text.mp4'} is not a video" in ran.said
    assert f"{tmp_path / 'none.mp4'} does not exist" in ran.said
    assert ran.said.count(str(tmp_path / "text.mp4")) == 1


def test_a_clip_without_a_person_is_exit_code_1_with_the_reason(posegloss, tiny, make_video):
    video = make_video("nobody.mp4", [empty_room()] * 5)
    ran = posegloss("predict", tiny.trees, video)
    assert (ran.code, ran.out) == (1, "")
    assert f"{video}: " in ran.said
    assert "shoulders" in ran.said


@pytest.mark.parametrize("part", ["model.json", "report.json", "report.html", "history.csv", "weights"])
@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_model_is_exit_code_2_and_names_the_part(posegloss, tiny, tmp_path, part, damage):
    model = tmp_path / "model"
    shutil.copytree(tiny.trees, model)
    if part == "weights":
        (part,) = {path.name for path in model.iterdir()} - {"model.json", "report.json", "report.html", "history.csv"}
    if damage == "missing":
        (model / part).unlink()
    else:
        (model / part).write_bytes((model / part).read_bytes()[:-2])
    ran = posegloss("predict", model, tiny.clip)
    assert (ran.code, ran.out) == (2, "")
    assert ran.said.startswith("error: ")
    assert part in ran.said


def test_a_real_process_tells_an_error_in_one_line(tiny, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(tiny.model, model)
    (model / "model.weights.h5").unlink()
    ran = run("predict", model, tiny.clip, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {model} lacks model.weights.h5; copy the whole folder again, or train again\n"


def test_what_landmarks_do_not_say_can_be_told(posegloss, tiny, tmp_path):
    sequence = next(iter(KeypointStore.open(tiny.store).clips())).sequence
    np.save(tmp_path / "a.npy", rows(sequence))
    ran = posegloss("predict", tiny.trees, tmp_path / "a.npy")
    assert (ran.code, "30 frames a second are assumed" in ran.said) == (0, True)
    ran = posegloss("predict", tiny.trees, tmp_path / "a.npy", "--frame-rate", "25", "--size", "640x480")
    assert (ran.code, "assumed" in ran.said) == (0, False)
    assert posegloss("predict", tiny.trees, tmp_path / "a.npy", "--size", "big").code == 2
    assert posegloss("predict", tiny.trees, tmp_path / "a.npy", "--frame-rate", "0").code == 2


@pytest.mark.parametrize("option", [("--clip", "a"), ("--frame-rate", "25"), ("--size", "640x480")])
def test_what_is_of_landmarks_is_refused_for_videos(posegloss, tiny, option):
    ran = posegloss("predict", tiny.trees, tiny.clip, *option)
    assert (ran.code, option[0] in ran.said, "all of these are videos" in ran.said) == (2, True, True)


def test_clips_of_a_store_are_recognised_by_id(posegloss, tiny):
    ids = sorted(KeypointStore.open(tiny.store).clip_ids())[:2]
    ran = posegloss("predict", tiny.trees, tiny.store)
    assert (ran.code, "--clip ID" in ran.said) == (1, True)
    ran = posegloss("predict", tiny.trees, tiny.store, tiny.clip, "--clip", ids[0], "--clip", ids[1], "--json")
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [(answer["video"], answer.get("clip")) for answer in answers] == [
        (str(tiny.store), ids[0]),
        (str(tiny.store), ids[1]),
        (str(tiny.clip), None),
    ]
    ran = posegloss("predict", tiny.trees, tiny.store, "--clip", ids[0][:-1])
    assert (ran.code, "did you mean" in ran.said) == (1, True)
