"""Manifests of a reading: formats, paths, more columns, and a split of our own."""

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from posegloss.datasets.manifest import read_manifest
from posegloss.datasets.readers import DatasetError, read_dataset, split_by_signer, write_manifest, write_missing
from posegloss.datasets.readers.reading import DatasetClip
from posegloss.datasets.splits import SplitError
from posegloss.pipeline.clip_source import ClipSource

from . import makers


def test_paths_are_relative_where_the_clips_lie_below(tmp_path):
    made = makers.wlasl(tmp_path)
    clips = read_dataset("wlasl", made.root).clips
    write_manifest(clips, tmp_path / "index.csv")
    write_manifest(clips, tmp_path / "elsewhere" / "index.csv")
    assert pd.read_csv(tmp_path / "index.csv").path[0] == "videos/00001.mp4"
    assert pd.read_csv(tmp_path / "elsewhere" / "index.csv").path[0] == str(tmp_path / "videos" / "00001.mp4")


def test_relative_roots_and_links(tmp_path, monkeypatch):
    made = makers.wlasl(tmp_path / "archive")
    (tmp_path / "set").symlink_to(made.root)
    monkeypatch.chdir(tmp_path)
    write_manifest(read_dataset("wlasl", "set").clips, Path("index.parquet"))
    assert pd.read_parquet("index.parquet").path[0] == "set/videos/00001.mp4"


def test_columns_that_only_some_sets_fill(tmp_path):
    (tmp_path / "w").mkdir()
    write_manifest(read_dataset("wlasl", makers.wlasl(tmp_path / "w").root).clips, tmp_path / "w.parquet")
    frame = pd.read_parquet(tmp_path / "w.parquet")
    assert {"box_left", "box_unit"} <= set(frame)
    assert "sentence" not in frame
    (tmp_path / "h").mkdir()
    write_manifest(read_dataset("how2sign", makers.how2sign(tmp_path / "h").root).clips, tmp_path / "h.csv")
    frame = pd.read_csv(tmp_path / "h.csv")
    assert frame.sentence[0] == 'He said "go, now.'
    assert "box_left" not in frame
    assert read_manifest(tmp_path / "h.csv").problems == ()


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"\.parquet or \.csv"):
        write_manifest([], tmp_path / "index.xlsx")


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match="cannot be written"):
        write_manifest([], tmp_path / "file" / "index.csv")
    with pytest.raises(DatasetError, match="cannot be written"):
        write_missing([], tmp_path / "nowhere" / "missing.csv")


def test_the_list_of_what_is_missing(tmp_path):
    made = makers.wlasl(tmp_path)
    write_missing(read_dataset("wlasl", made.root).missing, tmp_path / "missing.csv")
    with (tmp_path / "missing.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row == {
        "path": "videos/00002.mp4",
        "gloss": "book",
        "signer": "7",
        "split": "val",
        "url": "http://example.org/00002.mp4",
        "file": "WLASL_v0.3.json",
        "row": "2",
    }


def clips_of(signers: int, glosses: int, takes: int = 2) -> list[DatasetClip]:
    return [
        DatasetClip(ClipSource(f"{s}/{g}/{t}", Path(f"{s}{g}{t}.mp4"), f"gloss{g}", f"signer{s}", "train"))
        for s in range(signers)
        for g in range(glosses)
        for t in range(takes)
    ]


def test_a_split_by_signer(tmp_path):
    clips, how = split_by_signer(clips_of(8, 4))
    people = {part: {c.source.signer for c in clips if c.source.split == part} for part in ("train", "val", "test")}
    assert how == "by signer"
    assert all(people.values())
    assert sum(map(len, people.values())) == len(set.union(*people.values())) == 8
    assert clips == split_by_signer(clips_of(8, 4))[0] != split_by_signer(clips_of(8, 4), seed=3)[0]


def test_no_split_by_signer_without_signers_or_clips():
    unknown = [replace(one, source=replace(one.source, signer=None)) for one in clips_of(4, 4)]
    with pytest.raises(DatasetError, match="who signs"), pytest.warns(match="signers unknown"):
        split_by_signer(unknown)
    alone = [replace(one, source=replace(one.source, gloss=f"{i}")) for i, one in enumerate(clips_of(9, 1, 1))]
    with pytest.raises(SplitError, match="more clips of each gloss"), pytest.warns(match="seen once only"):
        split_by_signer(alone)
    nameless = [replace(one, source=replace(one.source, gloss=None)) for one in clips_of(4, 4)]
    with pytest.raises(SplitError, match="no gloss"):
        split_by_signer(nameless)
