"""What every reader does, on a tiny set in the documented layout."""

from dataclasses import replace
from pathlib import Path

import pytest

from posegloss.datasets.manifest import read_manifest
from posegloss.datasets.readers import (
    READERS,
    NotThisDatasetError,
    Reading,
    UnknownDatasetError,
    read_dataset,
    write_manifest,
)
from posegloss.pipeline.clip_source import ClipSource

from .makers import MAKERS, Made

# Their clips are named by the disk alone, or are folders of pictures, which become videos first.
WITHOUT_METADATA = {"lsa64", "csl", "devisign", "popsign", "folder"}
OF_PICTURES = {"gsl", "phoenix-2014-t"}


@pytest.fixture
def made(name: str, tmp_path: Path) -> Made:
    root = tmp_path / "set"
    root.mkdir()
    return MAKERS[name](root)


def read(name: str, made: Made, subset: str | None = None) -> Reading:
    return read_dataset(name, made.root / "list.csv" if name == "manifest" else made.root, subset)


def found(made: Made, reading: Reading) -> list[tuple]:
    return [
        (one.path.relative_to(made.root).as_posix(), one.gloss, one.signer, one.split, one.start_s, one.end_s)
        for one in (clip.source for clip in reading.clips)
    ]


def test_every_reader_is_tested():
    assert set(MAKERS) == set(READERS)


@pytest.mark.parametrize("name", MAKERS)
class TestReader:
    def test_what_is_published_is_said(self, name, made):
        about = READERS[name].about
        own = name in ("folder", "manifest")
        assert about.name == name
        assert all((about.title, about.language, about.terms, about.layout, about.gives, about.split))
        assert own or (about.url.startswith("http") and about.reference and about.clips)

    def test_clips_with_their_labels(self, name, made):
        reading = read(name, made)
        assert sorted(found(made, reading), key=str) == sorted(made.clips, key=str)
        assert len({clip.source.clip_id for clip in reading.clips}) == len(made.clips)
        assert all(clip.source.path.exists() for clip in reading.clips)

    def test_missing_clips_are_told_and_stop_nothing(self, name, made):
        missing = read(name, made).missing
        assert [one.path for one in missing] == made.gone
        assert all(one.row > 0 for one in missing if one.file)

    def test_another_folder_is_refused_with_what_was_looked_for(self, name, made, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "holiday.txt").touch()
        with pytest.raises(NotThisDatasetError) as caught:
            read_dataset(name, tmp_path / "other")
        assert str(tmp_path / "other") in str(caught.value)
        with pytest.raises(NotThisDatasetError, match="does not exist"):
            read_dataset(name, tmp_path / "nowhere")

    def test_a_file_in_place_of_the_folder_is_refused(self, name, made, tmp_path):
        (tmp_path / "file").write_bytes(b"\xff\xfe")
        with pytest.raises(NotThisDatasetError, match="file"):
            read_dataset(name, tmp_path / "file")

    def test_hostile_rows_become_problems_and_hostile_files_nothing(self, name, made):
        before = read(name, made)
        made.spoil()
        reading = read(name, made)
        assert found(made, reading) == found(made, before)
        told = [problem for problem in reading.problems if problem not in before.problems]
        if made.metadata:
            assert len(told) >= len(made.hostile) - 1
            assert all(problem.row > 0 and problem.reason for problem in told)
        assert not any("passwd" in one.path or ".." in one.path for one in reading.missing)

    def test_subsets(self, name, made):
        about = READERS[name].about
        assert set(made.subsets) <= set(about.subsets)
        for subset, clips in made.subsets.items():
            assert len(read(name, made, subset).clips) == clips
        with pytest.raises(UnknownDatasetError, match=r"no subset 'biggest'; (they are|it has none)"):
            read(name, made, "biggest")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00garbage\x00", b"{", b"[" * 100_000, b'"', b"null", b"[1]"])
@pytest.mark.parametrize("name", sorted(set(MAKERS) - WITHOUT_METADATA))
def test_unreadable_metadata_is_a_problem_and_no_crash(name, made, content):
    for file in made.metadata:
        (made.root / file).write_bytes(content)
    if name == "manifest":
        with pytest.raises(NotThisDatasetError):
            read(name, made)
        return
    reading = read(name, made)
    assert reading.clips == ()
    assert not content or {one.file for one in reading.problems} >= set(made.metadata)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("name", sorted(set(MAKERS) - OF_PICTURES))
def test_the_manifest_says_the_same(name, made, suffix, tmp_path):
    reading = read(name, made)
    for out in (made.root / f"index{suffix}", tmp_path / "elsewhere" / f"index{suffix}"):
        write_manifest(reading.clips, out)
        back = read_manifest(out)
        assert back.problems == ()
        assert list(map(but_for_the_id, back.clips)) == [but_for_the_id(clip.source) for clip in reading.clips]
    ids = [clip.clip_id for clip in read_manifest(made.root / f"index{suffix}").clips]
    assert ids == [clip.source.clip_id for clip in reading.clips]


def but_for_the_id(source: ClipSource) -> ClipSource:
    return replace(source, clip_id="")
