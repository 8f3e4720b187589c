import base64
import re
from pathlib import Path

import cv2
import numpy as np

from posegloss.pipeline.measuring.drawing import FOUND, HEIGHT, TRUTH, WIDTH, curves, drawn
from posegloss.pipeline.measuring.page import people_of, write_page
from posegloss.pipeline.measuring.people import Annotations
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.measuring.result import Result
from posegloss.pipeline.measuring.run import measure
from posegloss.pipeline.measuring.systems import Found
from posegloss.pipeline.skeleton import INDEX

from .marked import Told, shifted, standing, write_pictures

TRUE = standing().points


def made(tmp_path: Path) -> tuple[Result, Path]:
    images = write_pictures(tmp_path / "images", "right.jpg", "<b>wrong.jpg", "missed.jpg")
    names = ("right.jpg", "<b>wrong.jpg", "missed.jpg")
    annotations = Annotations("made up", tuple(standing(name) for name in names))
    answers = {"right.jpg": [Found(TRUE, 1.0)], "<b>wrong.jpg": [Found(shifted(20, 0), 0.9)]}
    systems = [Told({}, "blind"), Told(answers, "seeing")]
    return Result.of(annotations, measure(annotations, images, systems), [0.2]), images


def test_the_page_shows_the_worst_of_the_best_system_first(tmp_path: Path) -> None:
    result, images = made(tmp_path)
    write_page(result, images, tmp_path / "new" / "page.html", worst=1)
    page = (tmp_path / "new" / "page.html").read_text("utf-8")
    assert "The worst people of seeing" in page
    assert re.findall(r"<figcaption>(.*?)</figcaption>", page) == [
        "&lt;b&gt;wrong.jpg: 0 of 8 points right",
        "missed.jpg",
    ]
    assert page.count("data:image/jpeg;base64,") == 2
    assert page.count("<polyline") == 2
    # Nothing is fetched from anywhere.
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_all_are_shown_where_there_are_few(tmp_path: Path) -> None:
    result, images = made(tmp_path)
    shown = people_of(result, result.rows[1], images, 99, missed=False)
    assert [one.image for one in shown] == ["<b>wrong.jpg", "right.jpg"]
    assert shown[1].told == "8 of 8 points right"
    assert len(people_of(result, result.rows[0], images, 99, missed=True)) == 3


def test_both_poses_are_drawn_in_their_colors() -> None:
    picture = Picture("a.jpg", np.zeros((720, 200, 3), np.uint8))
    found = shifted(0, 200)
    found[INDEX["left_ankle"]] = np.nan
    found[INDEX["right_ankle"]] = 1e9
    uri = drawn(picture, TRUE, found, [*range(33)])
    jpeg = np.frombuffer(base64.b64decode(uri.removeprefix("data:image/jpeg;base64,")), np.uint8)
    shown = cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB).astype(int)
    assert shown.shape == (360, 100, 3)
    for points, color in ((TRUE, TRUTH), (found, FOUND)):
        x, y = (points[INDEX["left_hip"]] / 2).round().astype(int)
        assert np.abs(shown[y, x] - color).max() < 60


def test_curves_go_from_the_left_to_the_right_and_upwards() -> None:
    (curve,) = curves(["a"], np.array([0.0, 0.25, 0.5]), [np.array([0.0, 0.5, 1.0])])
    assert curve.points == f"0.0,{HEIGHT:.1f} {WIDTH / 2:.1f},{HEIGHT / 2:.1f} {WIDTH:.1f},0.0"
