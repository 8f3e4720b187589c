"""The file of an exported classifier, which may come from a stranger."""

import json
import zipfile

import pytest

from posegloss.classifiers.exporting.exported_file import ExportError, check_free, read_exported, write_exported
from posegloss.classifiers.exporting.litert import LiteRTClassifier
from posegloss.classifiers.preprocessing import Preprocessing

ABOUT = {
    "format": 1,
    "posegloss": "1.0",
    "family": "tcn",
    "precision": "int8",
    "glosses": ["wave", "é"],
    "points": ["nose"],
    "preprocessing": Preprocessing().to_dict(),
    "calibration": {"temperature": 2.0},
    "training": {"synthetic": False, "extraction": None},
}


def test_written_and_read(tmp_path):
    path = tmp_path / "new" / "model.tflite"
    write_exported(path, b"network", ABOUT)
    content, about = read_exported(path)
    assert content.startswith(b"network")
    assert about == ABOUT
    assert [file.name for file in path.parent.iterdir()] == ["model.tflite"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "export format 2"),
        ({"glosses": [1]}, "glosses"),
        ({"glosses": "wave"}, "glosses"),
        ({"points": []}, "points"),
        ({"preprocessing": {}}, "normalization"),
        ({"preprocessing": {**ABOUT["preprocessing"], "layout": "other"}}, "layout"),
        ({"calibration": {"temperature": -1}}, "temperature"),
        ({"training": {"synthetic": 3, "extraction": None}}, "synthetic"),
        ({"training": {"extraction": None}}, "synthetic"),
        ({"training": {"synthetic": True, "extraction": {"model": "/etc/passwd"}}}, "extraction"),
    ],
)
def test_a_description_that_cannot_be(tmp_path, change, told):
    path = tmp_path / "model.tflite"
    write_exported(path, b"network", {**ABOUT, **change})
    with pytest.raises(ExportError, match=told):
        read_exported(path)


def test_files_that_are_none(tmp_path):
    path = tmp_path / "model.tflite"
    with pytest.raises(ExportError, match="cannot be read: No such file"):
        read_exported(path)
    path.write_bytes(b"TFL3" * 100)
    with pytest.raises(ExportError, match="no model that posegloss exported"):
        read_exported(path)
    for text in ("[", "[]", json.dumps({"format": 1})):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("posegloss.json", text)
        with pytest.raises(ExportError, match="does not say what it is"):
            read_exported(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("posegloss.json", " " * (1 << 25))
    with pytest.raises(ExportError, match="too large"):
        read_exported(path)


def test_a_network_that_litert_cannot_load(tmp_path):
    path = tmp_path / "model.tflite"
    write_exported(path, b"network", ABOUT)
    with pytest.raises(ExportError, match="cannot be loaded by LiteRT"):
        LiteRTClassifier(path)


def test_where_a_file_may_be_written(tmp_path):
    path = tmp_path / "model.tflite"
    check_free(path, False)
    path.write_text("")
    check_free(path, True)
    with pytest.raises(ExportError, match=r"exists already.*--overwrite"):
        check_free(path, False)
    with pytest.raises(ExportError, match=r"let --out end in \.tflite"):
        check_free(tmp_path / "model", False)
    (tmp_path / "folder.tflite").mkdir()
    with pytest.raises(ExportError, match="is a folder"):
        check_free(tmp_path / "folder.tflite", True)
