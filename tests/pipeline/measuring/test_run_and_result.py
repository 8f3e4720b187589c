import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import SettingsError
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.people import Annotations
from posegloss.pipeline.measuring.result import CURVE, Result
from posegloss.pipeline.measuring.run import measure
from posegloss.pipeline.measuring.systems import Found
from posegloss.pipeline.skeleton import INDEX

from .marked import STANDING, Told, shifted, standing, write_pictures

TRUTH = standing().points


def moved(**shifts: float) -> np.ndarray:
    """The standing person, some points moved to the right."""
    points = TRUTH.copy()
    for name, shift in shifts.items():
        points[INDEX[name], 0] += shift
    return points


def test_figures_by_hand(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    annotations = Annotations("made up", tuple(standing(name, head=12.0) for name in ("a.jpg", "b.jpg", "c.jpg")))
    # The torso is 40 pixels: 8 are allowed. Of a head of 12, 6 are.
    good = Told(
        {
            "a.jpg": [Found(moved(left_wrist=7), 0.9)],
            "b.jpg": [Found(moved(left_wrist=9, right_wrist=100), 0.8)],
        },
        "good",
    )
    perfect = Told({name: [Found(TRUTH, 1.0)] for name in annotations.images}, "perfect")
    result = Result.of(annotations, measure(annotations, images, [good, perfect]), [0.2, 0.1])
    assert sorted(result.points) == sorted(STANDING)
    first, second = result.rows
    # Of 24 points: 8 of c.jpg were not found, 2 of b.jpg are wrong.
    assert first.pck[0].value == pytest.approx(14 / 24)
    assert first.pck[1].value == pytest.approx(13 / 24)
    assert first.pck[0].low < first.pck[0].value < first.pck[0].high
    assert first.found == pytest.approx(2 / 3)
    assert first.where_found == pytest.approx(14 / 16)
    assert first.pckh.value == pytest.approx(13 / 24)
    by_point = dict(zip(result.points, first.by_point, strict=True))
    assert by_point["left_wrist"] == pytest.approx(1 / 3)
    assert by_point["left_hip"] == pytest.approx(2 / 3)
    assert first.curve[CURVE == 0.17] == pytest.approx(13 / 24)
    assert first.curve[CURVE == 0.18] == pytest.approx(14 / 24)
    assert (second.pck[0].value, second.found, second.oks_ap) == (1, 1, pytest.approx(1))
    assert 0 < first.oks_ap < 0.7


def test_only_points_that_all_systems_have_are_counted(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg")
    annotations = Annotations("made up", (standing(),))
    wrists = [INDEX["left_wrist"], INDEX["right_wrist"], INDEX["nose"]]
    answers = {"a.jpg": [Found(moved(left_wrist=100), 1.0)]}
    systems = [Told(answers, "all"), Told(answers, "wrists", wrists)]
    result = Result.of(annotations, measure(annotations, images, systems), [0.2])
    assert result.points == ("left_wrist", "right_wrist")
    assert [row.pck[0].value for row in result.rows] == [0.5, 0.5]


def test_several_people_are_told_apart_by_their_boxes(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg", size=(400, 160))
    people = (standing(), standing(shift=(100, 0)))
    stranger = Found(shifted(200, 0), 1.0)
    system = Told({"a.jpg": [stranger, Found(shifted(101, 0), 0.9), Found(shifted(1, 0), 0.8)]})
    everybody = Annotations("made up", people)
    result = Result.of(everybody, measure(everybody, images, [system]), [0.2])
    assert result.rows[0].pck[0].value == 1
    # The stranger is surer than the two who are right: the best precision is 2 of 3 at every recall.
    assert result.rows[0].oks_ap == pytest.approx(2 / 3)
    assert "2 people in 1 pictures" in result.notes[0]
    ignoring = Annotations("made up", people, {"a.jpg": np.array([[230.0, 20, 270, 150]])})
    excused = Result.of(ignoring, measure(ignoring, images, [system]), [0.2])
    assert excused.rows[0].oks_ap == pytest.approx(1)


def test_what_a_system_made_for_a_person_is_held_against_that_person(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg", size=(400, 160))
    annotations = Annotations("made up", (standing(), standing(shift=(100, 0))))
    # Each lies where the other one is, and was made for this one all the same; the first person got no answer.
    only_second = Told({"a.jpg": [Found(TRUTH, 1.0, of=1)]})
    (row,) = Result.of(annotations, measure(annotations, images, [only_second]), [0.2]).rows
    assert (row.pck[0].value, row.found) == (0, 0.5)


def test_pictures_that_are_not_there_or_broken_are_left_out_by_name(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg")
    (images / "b.jpg").write_bytes(b"no picture")
    annotations = Annotations("made up", tuple(standing(name) for name in ("a.jpg", "b.jpg", "c.jpg")))
    measured = measure(annotations, images, [Told({})])
    assert measured.left_out == {"b.jpg": "it is no picture that can be decoded", "c.jpg": "there is no such picture"}
    result = Result.of(annotations, measured, [0.2])
    assert (result.images, result.rows[0].pck[0].value) == (1, 0)
    assert "annotated pictures that were left out: 2; b.jpg" in result.notes[0]
    with pytest.raises(FormatError, match="has none of the 1 pictures of made up"):
        measure(annotations.of_images(["c.jpg"]), images, [Told({})])
    with pytest.raises(SettingsError, match="different names"):
        measure(annotations, images, [Told({}), Told({})])


def test_people_without_a_torso_are_left_out_and_told(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg", "b.jpg")
    half = standing("b.jpg")
    half.points[INDEX["left_hip"]] = np.nan
    annotations = Annotations("made up", (standing("a.jpg"), half))
    system = Told({"a.jpg": [Found(TRUTH, 1.0)]})
    result = Result.of(annotations, measure(annotations, images, [system]), [0.2])
    assert result.rows[0].pck[0].value == 1
    assert "1 of 2 people lack a shoulder or a hip" in result.notes[0]


def test_figures_that_are_missing_are_null_and_empty_cells(tmp_path: Path) -> None:
    images = write_pictures(tmp_path, "a.jpg", "b.jpg")
    annotations = Annotations("made up", (standing("a.jpg"), standing("b.jpg")))
    result = Result.of(annotations, measure(annotations, images, [Told({"a.jpg": [Found(TRUTH, 1.0)]})]), [0.2])
    (system,) = json.loads(result.to_json())["systems"]
    assert system["pckh"] == [None, None, None]
    assert system["pck"][0] == [0.5, 0.0, 1.0]
    assert system["pck_by_point"]["left_wrist"] == 0.5
    lines = {(line["measure"], line["point"]): line for line in csv.DictReader(io.StringIO(result.to_csv()))}
    assert lines["pckh", ""]["value"] == ""
    assert lines["pck", ""] == dict(
        system="told", measure="pck", point="", threshold="0.2", value="0.5", low="0", high="1"
    )
    assert lines["found", ""]["value"] == "0.5"
