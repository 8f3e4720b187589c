"""Landmarks that others made: converted, recognised, and refused with a reason."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.formats import ReadOptions, list_clips, read_sequence
from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.pose_writing import write_pose
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import INDEX
from posegloss.pipeline.store import KeypointStore

from ..pipeline.formats.made import body, make_sequence, person, rows, write_frames


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_it_shows_an_example_of_itself(posegloss, option):
    ran = posegloss("convert", option)
    assert (ran.code, ran.err) == (0, "")
    assert "Example: posegloss convert" in ran.out


def test_list_tells_what_is_read_and_written(posegloss):
    ran = posegloss("convert", "--list")
    assert ran.code == 0
    assert all(name in ran.out for name in ("pose", "openpose", "npy", "npz", "store", "eaf", "parquet", "tfrecord"))


@pytest.mark.parametrize("arguments", [[], ["a.pose"], ["a.pose", "b", "--size", "big"]])
def test_a_mistake_in_typing_is_exit_code_2(posegloss, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    assert posegloss("convert", *arguments).code == 2
    assert not list(tmp_path.iterdir())


def test_there_and_back_through_a_store(posegloss, tmp_path):
    sequence = make_sequence(8, 25, world=True)
    write_pose(sequence, tmp_path / "in.pose")
    first = read_sequence(tmp_path / "in.pose")
    assert posegloss("convert", tmp_path / "in.pose", tmp_path / "a.store").code == 0
    ran = posegloss("convert", tmp_path / "a.store", tmp_path / "out.pose")
    assert (ran.code, ran.out) == (0, f"1 clip written, 0 were there already, 0 failed: {tmp_path / 'out.pose'}\n")
    assert (tmp_path / "in.pose").read_bytes() == (tmp_path / "out.pose").read_bytes()
    (stored,) = KeypointStore.open(tmp_path / "a.store").clips()
    np.testing.assert_array_equal(stored.sequence.keypoints, first.keypoints)
    assert stored.provenance.model == "pose"


def write_tree(folder: Path, glosses=("hello", "thanks"), takes=3, broken=()) -> Path:
    for number, gloss in enumerate(glosses):
        for take in range(takes):
            place = folder / gloss / str(take)
            place.mkdir(parents=True)
            for frame, row in enumerate(rows(make_sequence(6, seed=10 * number + take), 1662)):
                np.save(place / f"{frame}.npy", row[:-1] if (gloss, take) in broken else row)
    return folder


def test_a_tree_of_npy_becomes_a_labelled_store_and_goes_on(posegloss, tmp_path):
    tree = write_tree(tmp_path / "MP_Data", takes=2)
    ran = posegloss("convert", tree, tmp_path / "a.store", "--frame-rate", "25", "--size", "640x480")
    assert (ran.code, ran.out.split(":")[0]) == (0, "4 clips written, 0 were there already, 0 failed")
    assert "note:" not in ran.err
    write_tree(tree, ["please"], takes=1)
    ran = posegloss("convert", tree, tmp_path / "a.store", "--frame-rate", "25", "--size", "640x480")
    assert (ran.code, ran.out.split(":")[0]) == (0, "1 clip written, 4 were there already, 0 failed")
    index = KeypointStore.open(tmp_path / "a.store").index()
    assert index.gloss.tolist() == ["hello", "hello", "please", "thanks", "thanks"]
    assert index.clip_id.tolist()[0] == "MP_Data/hello/0"


def test_a_clip_that_cannot_be_read_does_not_stop_the_others(posegloss, tmp_path):
    tree = write_tree(tmp_path / "MP_Data", broken={("hello", 1)})
    ran = posegloss("convert", tree, tmp_path / "a.store")
    assert (ran.code, ran.out.split(":")[0]) == (1, "5 clips written, 0 were there already, 1 failed")
    assert "MP_Data/hello/1: " in ran.said
    assert "1661" in ran.said
    assert "note: 5 clips: 30 frames a second are assumed" in ran.said


@pytest.mark.parametrize("name", ["a.npz", "a.parquet", "a.tfrecord", "a.store", "a.pose", "folder"])
def test_what_cannot_be_read_at_all_is_exit_code_2_and_leaves_nothing(posegloss, tmp_path, name):
    (tmp_path / "bad.pose").write_bytes(b"no pose")
    ran = posegloss("convert", tmp_path / "bad.pose", tmp_path / name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.said.startswith(f"error: {tmp_path / 'bad.pose'} is not a .pose file, or it is damaged")
    assert [file.name for file in tmp_path.iterdir()] == ["bad.pose"]


@pytest.mark.parametrize("name", ["out.npz", "out.parquet", "out.tfrecord"])
def test_a_store_is_exported(posegloss, made_up_store, tmp_path, name):
    store = made_up_store(("A", "B"), ("ada", "bob"))
    ran = posegloss("convert", store, tmp_path / name)
    assert (ran.code, ran.out.split(",")[0]) == (0, "8 clips written")
    assert (tmp_path / name).stat().st_size > 1000


def test_an_exported_npz_becomes_an_equal_store(posegloss, made_up_store, tmp_path):
    store = made_up_store(("A", "B"), ("ada", "bob"))
    posegloss("convert", store, tmp_path / "a.npz")
    assert posegloss("convert", tmp_path / "a.npz", tmp_path / "b.store").code == 0
    there = {clip.clip_id: clip for clip in KeypointStore.open(tmp_path / "b.store").clips()}
    for clip in KeypointStore.open(store).clips():
        back = there[clip.clip_id]
        np.testing.assert_array_equal(back.sequence.keypoints, clip.sequence.keypoints)
        np.testing.assert_array_equal(back.sequence.timestamps, clip.sequence.timestamps)
        assert (back.gloss, back.signer, back.split) == (clip.gloss, clip.signer, clip.split)


def test_one_clip_of_a_store_or_all_into_a_folder(posegloss, made_up_store, tmp_path):
    store = made_up_store(("A", "B"), ("ada", "bob"))
    ids = sorted(KeypointStore.open(store).clip_ids())
    ran = posegloss("convert", store, tmp_path / "one.pose")
    assert (ran.code, "--clip ID" in ran.said) == (2, True)
    assert posegloss("convert", store, tmp_path / "one.pose", "--clip", ids[0]).code == 0
    assert "did you mean" in posegloss("convert", store, tmp_path / "no.pose", "--clip", ids[0][:-1]).said
    assert posegloss("convert", store, tmp_path / "poses", "--to", "pose").code == 0
    assert len(list((tmp_path / "poses").rglob("*.pose"))) == 8
    assert posegloss("convert", store, tmp_path / "poses", "--to", "pose").out.startswith("0 clips written, 8 were")
    assert len(list_clips(tmp_path / "poses")) == 8


def test_ids_of_a_stranger_s_store_stay_in_the_folder(posegloss, made_up_store, tmp_path):
    from posegloss.pipeline.storing.clip import Clip

    KeypointStore.create(tmp_path / "store", {}).append(
        [Clip("../../evil", make_sequence(3)), Clip("/abs", make_sequence(3))]
    )
    assert posegloss("convert", tmp_path / "store", tmp_path / "a" / "b" / "poses", "--to", "pose").code == 0
    assert sorted(file.name for file in (tmp_path / "a" / "b" / "poses").iterdir()) == ["abs.pose", "evil.pose"]
    assert len(list(tmp_path.rglob("*.pose"))) == 2


@pytest.mark.parametrize(
    ("source", "out", "told"),
    [
        ("none.pose", "a.store", "does not exist"),
        ("text.txt", "a.store", "none of the formats"),
        ("empty", "a.store", "holds no landmarks"),
        ("good.pose", "a.xyz", "not written as .xyz"),
        ("good.pose", "a.csv", "not written as .csv"),
        ("good.pose", "good.pose", "source itself"),
        ("mixed", "a.store", "--from"),
    ],
)
def test_what_cannot_be_done_is_said(posegloss, tmp_path, monkeypatch, source, out, told):
    monkeypatch.chdir(tmp_path)
    Path("text.txt").touch()
    Path("empty").mkdir()
    write_pose(make_sequence(3), Path("good.pose"))
    write_pose(make_sequence(3), Path("mixed/a.pose"))
    Path("mixed/a_1.json").touch()
    before = Path("good.pose").read_bytes()
    ran = posegloss("convert", source, out)
    assert (ran.code, ran.out) == (2, "")
    assert ran.said.startswith("error: ")
    assert told in ran.said
    assert Path("good.pose").read_bytes() == before


def test_glosses_of_an_elan_file_become_a_manifest(posegloss, tmp_path):
    (tmp_path / "video.mp4").touch()
    write_eaf(tmp_path / "a.eaf", tmp_path / "video.mp4", "RH", [GlossSpan("HOUSE", 1, 2)], participant="ada")
    ran = posegloss("convert", tmp_path / "a.eaf", tmp_path / "m.csv")
    assert ran.code == 2
    assert "RH (1 annotations, ada)" in ran.said
    ran = posegloss("convert", tmp_path / "a.eaf", tmp_path / "m.csv", "--tier", "RH")
    assert (ran.code, ran.out) == (0, f"1 row: {tmp_path / 'm.csv'}\n")
    assert (tmp_path / "m.csv").read_text() == "path,gloss,signer,start,end\nvideo.mp4,HOUSE,ada,1.0,2.0\n"
    assert "end" in posegloss("convert", tmp_path / "a.eaf", tmp_path / "m.store", "--tier", "RH").said


def test_a_manifest_becomes_a_tier_of_a_new_or_an_existing_elan_file(posegloss, tmp_path):
    from posegloss.pipeline.formats.eaf import read_eaf

    (tmp_path / "video.mp4").touch()
    (tmp_path / "m.csv").write_text("path,gloss,signer,start,end\nvideo.mp4,HOUSE,ada,1.0,2.0\nvideo.mp4,X,ada,3,\n")
    ran = posegloss("convert", tmp_path / "m.csv", tmp_path / "a.eaf", "--tier", "RH")
    assert (ran.code, ran.out) == (0, f"1 annotation: {tmp_path / 'a.eaf'}\n")
    assert "1 rows without a gloss or an end left out" in ran.said
    (tmp_path / "m.csv").write_text("path,gloss,start,end\nvideo.mp4,TREE,3,4\nnone.mp4,TREE,3,4\n")
    ran = posegloss("convert", tmp_path / "m.csv", tmp_path / "a.eaf", "--tier", "LH")
    assert (ran.code, "row 3: none.mp4: no such file" in ran.said) == (1, True)
    there = read_eaf(tmp_path / "a.eaf")
    assert {name: tier.spans for name, tier in there.tiers.items()} == {
        "RH": [GlossSpan("HOUSE", 1, 2)],
        "LH": [GlossSpan("TREE", 3, 4)],
    }
    assert there.media == tmp_path / "video.mp4"
    assert "already" in posegloss("convert", tmp_path / "m.csv", tmp_path / "a.eaf", "--tier", "LH").said
    assert posegloss("convert", tmp_path / "m.csv", tmp_path / "a.eaf").code == 2
    assert posegloss("convert", tmp_path / "video.mp4", tmp_path / "a.eaf", "--tier", "X").code == 2


@pytest.mark.parametrize(("out", "to"), [("a.store", ()), ("poses", ("--to", "pose"))])
@pytest.mark.parametrize("options", [(), ("--frame-rate", "25"), ("--size", "320x240")])
@pytest.mark.parametrize("others", [("--frame-rate", "50"), ("--frame-rate", "25", "--size", "640x480"), ()])
def test_what_was_converted_with_other_options_is_not_gone_on_with(posegloss, tmp_path, out, to, options, others):
    tree = write_tree(tmp_path / "MP_Data", takes=1)
    assert posegloss("convert", tree, tmp_path / out, *to, *options).code == 0
    ran = posegloss("convert", tree, tmp_path / out, *to, *options)
    assert (ran.code, ran.out.split(":")[0]) == (0, "0 clips written, 2 were there already, 0 failed")
    if options != others:
        ran = posegloss("convert", tree, tmp_path / out, *to, *others)
        assert (ran.code, ran.out) == (2, "")
        assert "converted with other options" in ran.said
        assert "choose another OUT" in ran.said


def test_a_converted_store_has_no_settings_of_an_extraction(posegloss, tmp_path):
    tree = write_tree(tmp_path / "MP_Data", takes=1)
    posegloss("convert", tree, tmp_path / "a.store", "--frame-rate", "25", "--size", "320x240")
    store = KeypointStore.open(tmp_path / "a.store")
    assert store.settings == {}
    assert {clip.provenance.settings for clip in store.clips()} == {'{"frame_rate": 25.0, "size": [320, 240]}'}


@pytest.mark.parametrize("out", ["a.store", "a.parquet", "a.tfrecord", "poses"])
def test_a_name_that_is_no_text_is_a_clip_that_fails(posegloss, tmp_path, out):
    tree = write_tree(tmp_path / "MP_Data", takes=1)
    (tree / "hello").rename(tree / os.fsdecode(b"caf\xe9"))
    ran = posegloss("convert", tree, tmp_path / out, *(("--to", "pose") if out == "poses" else ()))
    assert (ran.code, ran.out.split(":")[0]) == (1, "1 clip written, 0 were there already, 1 failed")
    assert "rename it" in ran.said


def test_a_damaged_frame_whose_name_is_no_text_is_a_warning(posegloss, tmp_path):
    tree = write_tree(tmp_path / "MP_Data", ["hello"], takes=1)
    for file in (tree / "hello" / "0").iterdir():
        file.rename(file.with_name(os.fsdecode(b"caf\xe9_") + file.name))
    next((tree / "hello" / "0").iterdir()).write_bytes(b"")
    assert posegloss("convert", tree, tmp_path / "a.store").code == 0
    (clip,) = KeypointStore.open(tmp_path / "a.store").clips()
    assert any("caf\\udce9_" in told for told in clip.sequence.warnings)


def test_ids_that_would_have_one_file_name_get_files_of_their_own(posegloss, tmp_path):
    from posegloss.pipeline.storing.clip import Clip

    ids = ["a", "a.pose", "../a", "ä" * 150, "ä" * 151, "b/" + "x" * 300, "y/" * 2500]
    KeypointStore.create(tmp_path / "store", {}).append([Clip(one, make_sequence(3)) for one in ids])
    ran = posegloss("convert", tmp_path / "store", tmp_path / "poses", "--to", "pose")
    assert (ran.code, ran.out.split(":")[0]) == (1, "6 clips written, 0 were there already, 1 failed")
    assert len(list((tmp_path / "poses").rglob("*.pose"))) == 6
    ran = posegloss("convert", tmp_path / "store", tmp_path / "poses", "--to", "pose", "--clip", "a.pose")
    assert (ran.code, ran.out.split(":")[0]) == (0, "0 clips written, 1 were there already, 0 failed")


def test_openpose_frames_are_recognised_and_what_they_lack_is_said(posegloss, tiny, tmp_path):
    frames = [[person(body(640 + 5 * t, 700, 500)), person(body(60, 300, 120))] for t in range(20)]
    write_frames(tmp_path / "frames", frames)
    ran = posegloss("predict", tiny.trees, tmp_path / "frames", "--json")
    assert ran.code == 0
    answer = json.loads(ran.out)
    assert answer["gloss"]
    (remark,) = answer["remarks"]
    assert remark.startswith("7 of 17 points of the model are present; missing: left_eye_outer, ")
    assert "several people: 2" in ran.said


@pytest.mark.parametrize("model", ["model", "trees"])
def test_a_model_trained_on_videos_runs_on_masked_sequences(posegloss, tiny, tmp_path, model):
    clip = next(iter(KeypointStore.open(tiny.store).clips()))
    lacking = clip.sequence.keypoints.copy()
    lacking[:, [INDEX[name] for name in ("mouth_left", "mouth_right", "left_thumb")]] = np.nan
    write_pose(KeypointSequence(lacking, clip.sequence.timestamps, clip.sequence.size), tmp_path / "lacking.pose")
    write_pose(clip.sequence, tmp_path / "whole.pose")
    ran = posegloss("predict", getattr(tiny, model), tmp_path / "lacking.pose", tmp_path / "whole.pose", tiny.clip)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(tmp_path / f"{n}.pose") for n in ("lacking", "whole")] + [
        str(tiny.clip)
    ]
    assert ran.said.count("points of the model are present") == 1
    assert "14 of 17 points of the model are present; missing: mouth_left, mouth_right, left_thumb" in ran.said


def test_damaged_landmarks_do_not_stop_the_others(posegloss, tiny, tmp_path):
    (tmp_path / "bad.pose").write_bytes(b"\0" * 40)
    write_pose(next(iter(KeypointStore.open(tiny.store).clips())).sequence, tmp_path / "good.pose")
    ran = posegloss("predict", tiny.trees, tmp_path / "bad.pose", tmp_path / "good.pose", tmp_path / "none.pose")
    assert ran.code == 1
    assert ran.out.startswith(f"{tmp_path / 'good.pose'}: ")
    assert ran.said.count("bad.pose") == 1
    assert f"{tmp_path / 'none.pose'} does not exist" in ran.said


def test_real_recordings_of_others_become_a_labelled_store(posegloss, shared_data, tmp_path):
    ran = posegloss("convert", shared_data / "landmarks" / "ksl.npz", tmp_path / "ksl.store")
    assert ran.code == 0
    assert ran.out.startswith("2,470 clips written")
    store = KeypointStore.open(tmp_path / "ksl.store")
    assert len(store) == 2470
    assert store.index().gloss.nunique() == 13


def test_a_real_openpose_video_becomes_a_pose_file(posegloss, shared_data, tmp_path):
    source = shared_data / "openpose" / "badminton_body25_json.tar.xz"
    ran = posegloss("convert", source, tmp_path / "a.pose", "--frame-rate", "25", "--size", "1920x1080")
    assert ran.code == 0
    assert "several people: 12 at 0.20 s" in ran.said
    sequence = read_sequence(tmp_path / "a.pose")
    direct = read_sequence(source, ReadOptions(25, (1920, 1080)))
    assert sequence.size == (1920, 1080)
    np.testing.assert_allclose(sequence.keypoints, direct.keypoints, atol=1e-6)
