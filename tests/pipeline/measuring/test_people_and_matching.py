import numpy as np
import pytest

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.matching import assign, box_in_picture, lies_in, overlap
from posegloss.pipeline.measuring.people import Annotations, Person, from_named
from posegloss.pipeline.measuring.pictures import decode, read_files

from .marked import STANDING, standing, write_pictures


def test_the_torso_is_from_the_middle_of_the_shoulders_to_the_middle_of_the_hips() -> None:
    assert standing().torso == 40
    without_hip = {name: place for name, place in STANDING.items() if name != "left_hip"}
    assert np.isnan(Person("a.jpg", from_named(without_hip)).torso)
    one_place = Person("a.jpg", from_named(dict.fromkeys(STANDING, (5.0, 5.0))))
    assert np.isnan(one_place.torso)


def test_the_true_region_is_around_the_hips_and_holds_all_that_was_marked() -> None:
    region = standing().region
    assert region is not None
    assert region.center == (50, 70)
    # The ankles are the farthest; ROI_SCALE is 1.25.
    assert region.side == pytest.approx(2 * np.hypot(8, 70) * 1.25)
    assert region.rotation == 0
    with_head = standing(others=np.array([[50.0, -10.0], [np.nan, np.nan]])).region
    assert with_head is not None
    assert with_head.side == pytest.approx(2 * 80 * 1.25)


def test_the_true_region_turns_with_the_torso() -> None:
    lying = Person("a.jpg", from_named({name: (-y, x) for name, (x, y) in STANDING.items()}))
    assert lying.region is not None
    assert abs(lying.region.rotation) == pytest.approx(np.pi / 2)


def test_without_a_torso_the_true_region_is_around_the_box() -> None:
    region = Person("a.jpg", from_named({"nose": (5, 5)}), marked_box=np.array([0.0, 0, 10, 30])).region
    assert region is not None
    assert (region.center, region.side) == ((5, 15), 37.5)
    assert Person("a.jpg", from_named({"nose": (5, 5)})).region is None


def test_of_several_people_the_largest_is_kept_and_the_others_ignored() -> None:
    large = standing()
    small = Person("a.jpg", from_named({"nose": (100, 100)}), marked_box=np.array([100.0, 100, 110, 120]))
    annotations = Annotations("x", (small, large, standing("b.jpg"))).largest()
    assert annotations.people == (large, annotations.people[1])
    assert annotations.images == ("a.jpg", "b.jpg")
    assert annotations.ignored["a.jpg"].tolist() == [[100, 100, 110, 120]]


def test_a_list_that_names_nobody_is_refused() -> None:
    annotations = Annotations("x", (standing("a.jpg"), standing("b.jpg")))
    assert annotations.of_images(["b.jpg", "c.jpg"]).images == ("b.jpg",)
    with pytest.raises(FormatError, match="marks nobody in any of the 1 pictures"):
        annotations.of_images(["c.jpg"])


def test_boxes_overlap_by_hand() -> None:
    a = np.array([[0.0, 0, 10, 10]])
    others = np.array([[5.0, 0, 15, 10], [20, 20, 30, 30], [np.nan] * 4])
    assert overlap(a, others).tolist() == [[pytest.approx(50 / 150), 0, 0]]
    # Most of the first lies in the ignored box; of the second exactly half does.
    assert lies_in(np.array([[0.0, 0, 10, 10], [2, 0, 10, 10]]), np.array([[4.0, 0, 9, 10]])).tolist() == [False, True]


def test_who_was_found_is_whom_by_the_largest_overlap_in_total() -> None:
    annotated = np.array([[0.0, 0, 10, 10], [8, 0, 18, 10]])
    found = np.array([[7.0, 0, 17, 10], [100, 0, 110, 10], [1, 0, 11, 10]])
    assert assign(annotated, found) == [2, 0]
    assert assign(annotated, found[1:2]) == [None, None]
    assert assign(annotated, np.empty((0, 4))) == [None, None]
    # One and one belong together wherever they lie.
    assert assign(annotated[:1], found[1:2]) == [0]


def test_what_was_found_outside_of_the_picture_does_not_widen_its_box() -> None:
    points = from_named({"nose": (-50, 10), "left_hip": (20, 500)})
    assert box_in_picture(points, (100, 200)).tolist() == [0, 10, 20, 200]


def test_pictures_are_known_by_their_path_or_else_by_their_name(tmp_path) -> None:
    write_pictures(tmp_path, "val/a.jpg", "val/c.jpg", "x/same.jpg", "y/same.jpg")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    found = dict(read_files(tmp_path, ["a.jpg", "y/same.jpg", "x/same.jpg", "broken.jpg", "gone.jpg"]))
    assert sorted(found) == ["a.jpg", "broken.jpg", "x/same.jpg", "y/same.jpg"]
    assert decode("a.jpg", found["a.jpg"]).size == (200, 160)
    assert decode("broken.jpg", found["broken.jpg"]) is None
    assert decode("empty.jpg", b"") is None
    (tmp_path / "Old").mkdir()
    (tmp_path / "Old" / "broken.jpg").write_bytes(b"another")
    assert dict(read_files(tmp_path, ["broken.jpg"])) == {"broken.jpg": b"no picture"}
    with pytest.raises(FormatError, match="neither a folder of pictures nor a tar"):
        list(read_files(tmp_path / "broken.jpg", ["a.jpg"]))
