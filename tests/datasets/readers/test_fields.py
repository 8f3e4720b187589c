"""What single readers give beside gloss, signer and split, and what they say of it."""

import json

import pytest

from posegloss.datasets.readers import Box, UnknownDatasetError, read_dataset, reader_of

from . import makers


def by_path(reading):
    return {clip.source.path.as_posix(): clip for clip in reading.clips}


def test_boxes(tmp_path):
    made = makers.wlasl(tmp_path)
    assert read_dataset("wlasl", made.root).clips[0].box == Box(385, 37, 885, 720, "pixels")


def test_boxes_of_ms_asl_are_y_first(tmp_path):
    made = makers.msasl(tmp_path)
    assert read_dataset("ms-asl", made.root).clips[0].box == Box(0.18, 0.01, 0.7, 1.0, "fraction")


def test_a_clip_with_a_box_that_is_none_is_read_without_it(tmp_path):
    row = makers.instance("00001", bbox=[10, 10, 5, 20])
    makers.write(tmp_path, "WLASL_v0.3.json", json.dumps([{"gloss": "book", "instances": [row]}]))
    makers.touch(tmp_path, "videos/00001.mp4")
    reading = read_dataset("wlasl", tmp_path)
    assert reading.clips[0].box is None
    assert "no box" in reading.problems[0].reason


def test_boxes_of_gsl(tmp_path):
    made = makers.gsl(tmp_path)
    reading = read_dataset("gsl", made.root)
    assert reading.clips[0].box == Box(170, 40, 493, 480, "pixels")
    assert reading.clips[1].box is None
    assert [(one.file, one.row) for one in reading.problems] == [("GSL_iso_files/bbox_for_gsl_isolated.txt", 2)]


def test_english_meanings(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert read_dataset("autsl", makers.autsl(tmp_path / "a").root).clips[0].meaning == "sister"
    assert read_dataset("bosphorus", makers.bosphorus(tmp_path / "b").root).clips[0].meaning == "Explain"


def test_autsl_without_names(tmp_path):
    made = makers.autsl(tmp_path)
    (tmp_path / "SignList_ClassId_TR_EN.csv").unlink()
    reading = read_dataset("autsl", made.root)
    assert reading.clips[0].source.gloss == "0"
    assert "not there" in reading.remarks[0]


def test_sentences(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (german,) = read_dataset("phoenix-2014-t", makers.phoenix(tmp_path / "a").root).clips
    assert (german.gloss_sequence, german.sentence) == ("REGEN SCHNEE", "regen und schnee")
    english = read_dataset("how2sign", makers.how2sign(tmp_path / "b").root).clips
    assert [clip.sentence for clip in english] == ['He said "go, now.', "Two words."]
    assert english[0].gloss_sequence is None


def test_rows_that_repeat_count_once_and_are_counted(tmp_path):
    reading = read_dataset("sem-lex", makers.sem_lex(tmp_path).root)
    assert reading.remarks == ("rows that repeat an earlier one, and count once: 1",)


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    made = makers.wlasl(tmp_path)
    from posegloss.datasets.readers import listing

    def scandir(path, real=listing.os.scandir):
        if path.name == "videos":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(listing.os, "scandir", scandir)
    reading = read_dataset("wlasl", made.root)
    assert reading.remarks == ("folders that cannot be read: videos",)
    assert len(reading.missing) == 2


def test_each_folder_is_listed_once(tmp_path, monkeypatch):
    made = makers.asl_citizen(tmp_path)
    from posegloss.datasets.readers import listing

    listed = []
    monkeypatch.setattr(listing.os, "scandir", lambda path, real=listing.os.scandir: listed.append(path) or real(path))
    read_dataset("asl-citizen", made.root)
    assert len(listed) == len(set(listed)) == 2


@pytest.mark.parametrize("name", ["WLASL", " wlasl ", "MSASL", "asl_citizen", "sem_lex"])
def test_names_as_people_write_them(name):
    assert reader_of(name).about.name in ("wlasl", "ms-asl", "asl-citizen", "sem-lex")


@pytest.mark.parametrize(
    ("name", "near"), [("wlas", "wlasl"), ("citizen", "asl-citizen"), ("phoenix", "phoenix-2014-t")]
)
def test_a_name_that_is_none_gets_near_ones_and_all(name, near):
    with pytest.raises(UnknownDatasetError, match=f"did you mean .*{near}") as caught:
        reader_of(name)
    assert "lsa64" in str(caught.value)


def test_a_name_that_is_near_to_nothing():
    with pytest.raises(UnknownDatasetError, match="The readers are"):
        reader_of("")
