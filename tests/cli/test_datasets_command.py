"""`posegloss datasets`: the list, a set's page, manifests, and landmarks into a store."""

import shutil

import pandas as pd
import pytest

from posegloss.datasets.readers import READERS
from posegloss.pipeline.store import KeypointStore

from ..datasets.readers import makers
from .running import run


@pytest.mark.parametrize("command", ["datasets", "datasets show", "datasets index", "datasets import"])
def test_help_shows_an_example(posegloss, command):
    ran = posegloss(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Example: posegloss {command}" in ran.out


def test_the_list_has_a_line_for_each(posegloss):
    ran = posegloss("datasets")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[0] for line in lines[1:-1]] == list(READERS)
    (wlasl,) = (line for line in lines if line.startswith("wlasl"))
    assert all(part in wlasl for part in ("American", "2,000", "21,083", "119", "not by signer", "C-UDA"))


@pytest.mark.parametrize("name", READERS)
def test_show(posegloss, name):
    ran = posegloss("datasets", "show", name)
    about = READERS[name].about
    assert ran.code == 0
    assert all(fact in ran.out for fact in (about.title, about.language, about.url, about.terms, *about.layout))


def test_show_of_a_name_that_is_none(posegloss):
    ran = posegloss("datasets", "show", "wlsl")
    assert (ran.code, ran.out) == (2, "")
    assert "error: there is no reader for 'wlsl'; did you mean wlasl?" in ran.said


def test_index_says_what_is_there_and_what_is_missing(posegloss, tmp_path):
    made = makers.wlasl(tmp_path / "WLASL")
    out, missing = tmp_path / "index.csv", tmp_path / "missing.csv"
    ran = posegloss("datasets", "index", "wlasl", made.root, "--out", out, "--missing", missing)
    assert ran.code == 1
    assert [line.split() for line in ran.out.splitlines()[:5]] == [
        ["split", "clips", "glosses", "signers", "missing"],
        ["train", "2", "2", "1", "0"],
        ["val", "0", "0", "0", "1"],
        ["test", "1", "1", "1", "0"],
        ["all", "3", "2", "1", "1"],
    ]
    assert "split: published, not by signer. Of 1 test signer 1 in training, too" in ran.out
    assert "1 clip missing: videos/00002.mp4" in ran.said
    assert "--signer-independent" in ran.said
    assert len(pd.read_csv(out)) == 3
    assert pd.read_csv(missing).path.tolist() == ["videos/00002.mp4"]


def test_index_of_a_whole_set_is_exit_code_0(posegloss, tmp_path):
    made = makers.folder(tmp_path / "mine")
    ran = posegloss("datasets", "index", "folder", made.root, "--out", tmp_path / "index.parquet")
    assert ran.code == 0
    assert pd.read_parquet(tmp_path / "index.parquet").gloss.tolist() == ["circle", "wave"]


def test_index_of_nothing_is_exit_code_2_and_writes_nothing(posegloss, tmp_path):
    made = makers.wlasl(tmp_path / "WLASL")
    for video in made.root.rglob("*.mp4"):
        video.unlink()
    ran = posegloss("datasets", "index", "wlasl", made.root, "--out", tmp_path / "index.csv")
    assert (ran.code, ran.out) == (2, "")
    assert "error: no clip of WLASL v0.3 can be used" in ran.said
    assert not (tmp_path / "index.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["wlasl", "{root}", "--out", "index.xlsx"], ".parquet or .csv"),
        (["autsl", "{root}", "--out", "index.csv"], "does not look like AUTSL"),
        (["wlasl", "{root}", "--out", "index.csv", "--subset", "99"], "no subset '99'; they are 100, 300, 1000, 2000"),
        (["wlasl", "{root}", "--out", "index.csv", "--signer-independent"], "too few clips"),
        (["asl-signs", "{root}", "--out", "index.csv"], "posegloss datasets import asl-signs"),
        (["wlasl", "nowhere", "--out", "index.csv"], "nowhere does not exist"),
    ],
)
def test_what_cannot_be_indexed_is_told(posegloss, tmp_path, monkeypatch, arguments, told):
    made = makers.wlasl(tmp_path / "WLASL")
    monkeypatch.chdir(tmp_path)
    ran = posegloss("datasets", "index", *(one.format(root=made.root) for one in arguments))
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.said
    assert not list(tmp_path.glob("index*"))


def test_index_with_a_split_by_signer(posegloss, tmp_path):
    rows = "".join(f"{s}-{g}-{t}.mp4,gloss{g},signer{s},train\n" for s in range(6) for g in range(3) for t in range(2))
    makers.write(tmp_path, "list.csv", f"path,gloss,signer,split\n{rows}")
    makers.touch(tmp_path, *(f"{s}-{g}-{t}.mp4" for s in range(6) for g in range(3) for t in range(2)))
    options = ["--out", tmp_path / "index.csv", "--signer-independent"]
    ran = posegloss("datasets", "index", "manifest", tmp_path / "list.csv", *options)
    assert ran.code == 0
    assert "split: by signer. Of 2 test signers 0 in training, too" in ran.out
    parts = pd.read_csv(tmp_path / "index.csv").groupby("signer").split.unique()
    assert (parts.map(len) == 1).all()
    assert set(map(tuple, parts)) == {("train",), ("val",), ("test",)}


def test_pictures_need_a_folder_for_the_videos(posegloss, tmp_path):
    made = makers.gsl(tmp_path / "GSL")
    ran = posegloss("datasets", "index", "gsl", made.root, "--out", tmp_path / "index.csv")
    assert ran.code == 1
    assert "1 clip is a folder of pictures, left out; --pack FOLDER" in ran.said
    assert pd.read_csv(tmp_path / "index.csv").split.tolist() == ["val"]


def test_what_is_indexed_can_be_extracted(tmp_path, avatar_video):
    made = makers.asl_citizen(tmp_path / "ASL_Citizen")
    shutil.copy(avatar_video, made.root / "videos" / "1-DOG.mp4")
    indexed = run("datasets", "index", "asl-citizen", made.root, "--out", tmp_path / "index.parquet")
    assert indexed.code == 1
    # The other two are empty files.
    extracted = run("extract", tmp_path / "index.parquet", "--out", tmp_path / "store", "--workers", "1")
    assert extracted.code == 1
    (clip,) = KeypointStore.open(tmp_path / "store").clips()
    assert (clip.gloss, clip.signer, clip.split) == ("DOG1", "P1", "train")


def test_import_of_landmarks_goes_on_where_it_was(posegloss, tmp_path):
    made = makers.asl_signs(tmp_path / "asl-signs")
    command = ["datasets", "import", "asl-signs", made.root, "--out", tmp_path / "store"]
    first = posegloss(*command)
    assert first.code == 1
    assert "1 clip imported, 0 were there already" in first.out
    assert "1 clip missing: train_landmark_files/26734/1000106739.parquet" in first.said
    assert "frame rate 30 and frame size 1944x2592 are assumed" in first.said
    makers.write_landmarks(made.root / made.gone[0])
    second = posegloss(*command)
    assert second.code == 0
    assert "1 clip imported, 1 were there already" in second.out


def test_import_of_nothing_and_of_videos(posegloss, tmp_path):
    made = makers.asl_signs(tmp_path / "asl-signs")
    shutil.rmtree(made.root / "train_landmark_files")
    ran = posegloss("datasets", "import", "asl-signs", made.root, "--out", tmp_path / "store")
    assert ran.code == 2
    assert "no file of Google" in ran.said
    ran = posegloss("datasets", "import", "lsa64", made.root, "--out", tmp_path / "store")
    assert ran.code == 2
    assert "lsa64 holds no landmarks" in ran.said


def test_names_from_strangers_do_nothing_to_the_terminal(posegloss, tmp_path):
    makers.touch(tmp_path, "game/train/\x1b[31mred/[bold]-x-0.mp4", "game/train/hat/a-b.mp4")
    ran = posegloss("datasets", "index", "popsign", tmp_path, "--out", tmp_path / "index.csv")
    assert "\x1b" not in ran.out + ran.err
    assert pd.read_csv(tmp_path / "index.csv").gloss.tolist() == ["hat"]
