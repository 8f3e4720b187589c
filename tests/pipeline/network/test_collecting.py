import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from posegloss.datasets.avatar import Performance, Signer, perform
from posegloss.pipeline.measuring.annotations.table import read_table
from posegloss.pipeline.measuring.people import Annotations, Person
from posegloss.pipeline.measuring.pictures import decode
from posegloss.pipeline.network.collecting import files_in, footage, marked_people
from posegloss.pipeline.network.example import CONTEXT, SEGMENTATION_SIDE, SIDE, TRUST, Example
from posegloss.pipeline.network.teacher import Teacher
from posegloss.pipeline.roi import RegionOfInterest
from posegloss.pipeline.skeleton import INDEX, KEYPOINT_NAMES

from ...made_videos import empty_room, write_clip, write_photo

SIZE = (320, 240)
MARKED = [f"{side}_{name}" for side in ("left", "right") for name in ("shoulder", "hip", "elbow", "eye_outer")]
ARMS = [INDEX[name] for name in ("nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow")]
# Where the picture of an example shows its region.
WHERE = RegionOfInterest((SIDE / 2, SIDE / 2), SIDE / CONTEXT)


@pytest.fixture(scope="module")
def clip() -> Performance:
    return perform(Signer.random(5), ["CHEST-CIRCLE"], take=0, seed=7, size=SIZE)


@pytest.fixture(scope="module")
def pictures(clip: Performance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames 0, 10 and 20."""
    folder = tmp_path_factory.mktemp("pictures")
    for frame, image in enumerate(clip.frames()):
        if frame in (0, 10, 20):
            write_photo(folder / f"{frame}.png", image)
        if frame == 20:
            break
    return folder


def truth(clip: Performance, frame: int) -> np.ndarray:
    return clip.truth.keypoints[frame, :, :2].astype(np.float64) * SIZE


def annotations(clip: Performance, *frames: int, names: list[str] = MARKED, shift: float = 0) -> Annotations:
    """A CSV in which some points of frames are marked."""
    columns = [f"{name}_{axis}" for name in names for axis in "xy"]
    rows = [",".join(["image", *columns])]
    for frame in frames:
        places = truth(clip, frame)[[INDEX[name] for name in names]] + (shift, 0)
        rows.append(",".join([f"{frame}.png", *(f"{value:.3f}" for value in places.ravel())]))
    return read_table("\n".join(rows), "points.csv")


def people(found: list[Example]) -> list[Example]:
    return [one for one in found if one.person]


def test_points_land_where_they_were_marked(clip: Performance, pictures: Path) -> None:
    marked = annotations(clip, 0, 20)
    found = people(list(marked_people(marked, pictures, None)))
    assert sorted(one.origin for one in found) == ["0.png", "20.png"]
    for one, person in zip(found, sorted(marked.people, key=lambda person: person.image), strict=True):
        region = person.region
        assert region is not None
        known = [INDEX[name] for name in MARKED]
        np.testing.assert_allclose(region.to_frame(one.points[known, :2]), person.points[known], atol=0.01)
        others = [place for place in range(33) if place not in known]
        assert np.isnan(one.points[others]).all()
        assert np.isnan(one.points[:, 2]).all()
        assert (one.presence[known] == 1).all()
        for unknown in (one.presence[others], one.visibility, one.world):
            assert np.isnan(unknown).all()
        # In the middle are the hips; straight above, where the circle around all that is marked is.
        np.testing.assert_allclose(one.points[33, :2], 0.5)
        np.testing.assert_allclose(one.points[34, :2], [0.5, 0.1])
        hips = person.points[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
        np.testing.assert_allclose(region.to_frame(one.points[33, :2]), hips, atol=0.01)
        # The picture shows there what the frame shows there.
        frame = cv2.imread(str(pictures / person.image))[..., ::-1]
        for place in known[:2]:
            x, y = np.rint(person.points[place]).astype(int)
            a, b = np.rint(WHERE.to_frame(region.from_frame(np.array([x, y])))).astype(int)
            assert np.abs(one.picture[b, a].astype(int) - frame[y, x]).max() < 40


def test_the_teacher_adds_what_nobody_marked(clip: Performance, pictures: Path, teacher: Teacher) -> None:
    marked = annotations(clip, 0, 10, 20)
    alone = {one.origin: one for one in people(list(marked_people(marked, pictures, None)))}
    found = people(list(marked_people(marked, pictures, teacher)))
    assert len(found) == 3
    known = [INDEX[name] for name in MARKED]
    for one in found:
        np.testing.assert_array_equal(one.points[known, :2], alone[one.origin].points[known, :2])
        for name in ("visibility", "presence", "world"):
            assert np.isfinite(getattr(one, name)).all()
        assert np.isfinite(one.points[:33]).all()
        assert [one.trust[place] for place in (*known, 33, 34)] == [1] * (len(known) + 2)
        assert one.trust[INDEX["nose"]] == np.float32(TRUST)
        (person,) = (person for person in marked.people if person.image == one.origin)
        assert person.region is not None
        there = person.region.from_frame(truth(clip, int(Path(one.origin).stem)))
        apart = np.hypot(*(one.points[:33, :2] - there).T)
        taught = [INDEX[name] for name in ("nose", "mouth_left", "mouth_right")]
        assert 0 < apart[taught].max() < 0.03
        assert (one.visibility[ARMS] > 0.8).all()
        # Upright in metres, too: the head is above the hips, which are in the middle.
        assert one.world[INDEX["nose"], 1] < -0.4
        assert np.abs(one.world[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)).max() < 0.05


def test_the_teachers_maps_show_the_points(clip: Performance, pictures: Path, teacher: Teacher) -> None:
    (one,) = people(list(marked_people(annotations(clip, 10), pictures, teacher, empty_share=0)))
    assert one.maps is not None
    assert one.maps.dtype == np.uint8
    for point in ARMS:
        row, column = np.unravel_index(one.maps[..., point].argmax(), one.maps.shape[:2])
        assert one.maps[row, column, point] > 100
        assert np.hypot(*(np.array([column, row]) / 64 - one.points[point, :2])) < 0.04
    (alone,) = people(list(marked_people(annotations(clip, 10), pictures, None, empty_share=0)))
    assert alone.maps is None


def test_the_teacher_tells_the_person_from_what_is_behind(clip: Performance, pictures: Path, teacher: Teacher) -> None:
    (marked,) = people(list(marked_people(annotations(clip, 10), pictures, teacher, empty_share=0)))
    (found,) = footage([pictures / "10.png"], teacher, every_s=1)
    cells = SEGMENTATION_SIDE
    for one in (marked, found):
        assert one.segmentation is not None
        assert one.segmentation.dtype == np.uint8
        body = np.append(one.points[ARMS, :2], [one.points[[11, 12, 23, 24], :2].mean(axis=0)], axis=0)
        for x, y in WHERE.to_frame(body) * (cells / SIDE):
            assert one.segmentation[int(y), int(x)] > 128
        # Beside the head is the room.
        assert one.segmentation[: int(WHERE.to_frame(body)[0, 1] * cells / SIDE), [0, -1]].max() < 30
    (alone,) = people(list(marked_people(annotations(clip, 10), pictures, None, empty_share=0)))
    assert alone.segmentation is None


def test_a_teacher_that_sees_somebody_else_is_not_believed(clip: Performance, pictures: Path, teacher: Teacher) -> None:
    # Marked 60 pixels beside the avatar, who is still in the region.
    (one,) = people(list(marked_people(annotations(clip, 0, shift=60), pictures, teacher)))
    region = annotations(clip, 0, shift=60).people[0].region
    assert region is not None
    image = cv2.cvtColor(cv2.imread(str(pictures / "0.png")), cv2.COLOR_BGR2RGB)
    assert teacher.label(image, region) is not None
    assert np.isnan(one.points[INDEX["nose"]]).all()
    assert np.isfinite(one.points[INDEX["left_elbow"], :2]).all()
    assert np.isnan(one.world).all()
    assert np.isnan(one.visibility).all()


def test_a_box_alone_is_turned_and_labelled_by_the_teacher(clip: Performance, pictures: Path, teacher: Teacher) -> None:
    box = np.array([40.0, 0.0, 280.0, 480.0])
    boxed = Annotations("boxes", (Person("0.png", np.full((33, 2), np.nan), marked_box=box),))
    (one,) = people(list(marked_people(boxed, pictures, teacher)))
    image = cv2.cvtColor(cv2.imread(str(pictures / "0.png")), cv2.COLOR_BGR2RGB)
    region = teacher.aligned(image, boxed.people[0].region)
    assert region is not None
    there = region.from_frame(truth(clip, 0))
    assert np.hypot(*(one.points[:33, :2] - there)[ARMS].T).max() < 0.06
    assert (one.trust == np.float32(TRUST)).all()
    assert np.isfinite(one.points[33:, :2]).all()


def test_pictures_that_cannot_be_had_are_told(clip: Performance, pictures: Path, tmp_path: Path) -> None:
    write_photo(tmp_path / "0.png", cv2.cvtColor(cv2.imread(str(pictures / "0.png")), cv2.COLOR_BGR2RGB))
    (tmp_path / "10.png").write_bytes(b"not a picture")
    told: list[str] = []
    done: list[int] = []
    marked = annotations(clip, 0, 10, 20)
    found = people(list(marked_people(marked, tmp_path, None, on_picture=done.append, warn=told.append)))
    assert [one.origin for one in found] == ["0.png"]
    assert len(told) == 2
    assert "10.png" in told[0]
    assert "1 pictures are not there, such as 20.png" in told[1]
    assert done == [1, 2]


def test_regions_of_nobody_touch_nobody(tmp_path: Path) -> None:
    # Whoever is marked stands on red; red in the region would be a piece of them.
    image = np.zeros((300, 400, 3), np.uint8)
    image[100:300, 200:300] = (255, 0, 0)
    box = np.array([200.0, 100.0, 300.0, 300.0])
    persons = []
    for number in range(30):
        write_photo(tmp_path / f"{number}.png", image)
        persons.append(Person(f"{number}.png", np.full((33, 2), np.nan), marked_box=box))
    told = Annotations("boxes", tuple(persons))
    empty = [one for one in marked_people(told, tmp_path, None, empty_share=1) if not one.person]
    assert len(empty) > 15
    corners = WHERE.to_frame(np.array([[0.0, 0.0], [1.0, 1.0]])).astype(int)
    for one in empty:
        part = one.picture[corners[0, 1] + 2 : corners[1, 1] - 2, corners[0, 0] + 2 : corners[1, 0] - 2]
        assert part.max() < 100
        assert np.isnan(one.points).all()
    # Nor those of whom no answer is asked.
    everywhere = {f"{number}.png": np.array([[0.0, 0.0, 400.0, 300.0]]) for number in range(30)}
    assert all(one.person for one in marked_people(replace(told, ignored=everywhere), tmp_path, None, empty_share=1))


def test_whom_nobody_marked_the_teacher_does_not_take_for_nobody(
    pictures: Path, teacher: Teacher, tmp_path: Path
) -> None:
    image = cv2.cvtColor(cv2.imread(str(pictures / "0.png")), cv2.COLOR_BGR2RGB)
    wall = np.full_like(image, image[5, 5])
    box = np.array([0.0, 0.0, 5.0, 5.0])
    persons = []
    for number in range(40):
        write_photo(tmp_path / f"{number}.png", np.hstack([image, wall]))
        persons.append(Person(f"{number}.png", np.full((33, 2), np.nan), marked_box=box))
    told = Annotations("boxes", tuple(persons))
    without, with_teacher = (
        [one for one in marked_people(told, tmp_path, who, seed=1, empty_share=1) if not one.person]
        for who in (None, teacher)
    )
    seen = [teacher.label(one.picture, WHERE) is not None for one in without]
    assert sum(seen) > 0
    assert 10 < len(with_teacher) < len(without)
    # Looked at again in the example's own picture, which is a little coarser than the frame.
    assert sum(teacher.label(one.picture, WHERE) is not None for one in with_teacher) <= sum(seen) / 4


def test_footage_is_what_the_teacher_sees_in_it(
    avatar_video: Path, pictures: Path, teacher: Teacher, tmp_path: Path
) -> None:
    write_photo(tmp_path / "folder.png", empty_room())
    (tmp_path / "broken.jpg").write_bytes(b"no")
    (tmp_path / "broken.mp4").write_bytes(b"no")
    absent = tmp_path / "absent.jpg"
    told: list[str] = []
    done: list[int] = []
    paths = [avatar_video, pictures / "10.png", tmp_path, absent]
    found = list(footage(paths, teacher, every_s=0.4, on_file=done.append, warn=told.append))
    assert done == [1, 2, 3, 4, 5, 6]
    assert sorted(Path(text.split(" left out")[0]).name for text in told) == ["absent.jpg", "broken.jpg", "broken.mp4"]
    # 40 frames at 25 a second: at 0, 0.4, 0.8 and 1.2 seconds.
    assert [Path(one.origin).name for one in found] == ["avatar.mp4"] * 4 + ["10.png"]
    for one in found:
        assert one.person == 1
        assert (one.trust == np.float32(TRUST)).all()
        assert np.isfinite(one.points[:, :2]).all()
        # Upright in its region, the hips in the middle.
        assert np.hypot(*(one.points[33, :2] - 0.5)) < 0.05
        assert one.points[INDEX["nose"], 1] < one.points[INDEX["left_shoulder"], 1] < 0.5
    assert (found[0].picture != found[3].picture).any()


def test_a_photo_that_a_phone_turned_is_seen_upright(clip: Performance, teacher: Teacher, tmp_path: Path) -> None:
    frame = next(iter(clip.frames()))
    lying = cv2.imencode(".jpg", cv2.cvtColor(np.rot90(frame), cv2.COLOR_RGB2BGR))[1].tobytes()
    # An EXIF block whose only entry is orientation (0x0112, a short): 6, to be turned clockwise.
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0" + struct.pack("<2sHIH", b"II", 42, 8, 1) + entry + bytes(4)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(lying[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + lying[2:])
    assert decode("photo.jpg", photo.read_bytes()).size == SIZE[::-1]
    assert decode("photo.jpg", photo.read_bytes(), upright=True).size == SIZE
    write_photo(tmp_path / "upright.jpg", frame)
    turned, upright = footage([photo, tmp_path / "upright.jpg"], teacher, every_s=1)
    np.testing.assert_allclose(turned.points[ARMS, :2], upright.points[ARMS, :2], atol=0.05)


def test_files_of_folders_are_told_apart(tmp_path: Path) -> None:
    for place in ("a/1.mp4", "b/1.mp4", "b/.hidden.mp4", "2.jpg"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    found = files_in([tmp_path / "2.jpg", tmp_path])
    assert sorted(path.relative_to(tmp_path).as_posix() for path in found.values()) == ["2.jpg", "a/1.mp4", "b/1.mp4"]
    assert set(KEYPOINT_NAMES).isdisjoint(found)


def test_a_clip_without_anybody_gives_nothing(teacher: Teacher, tmp_path: Path) -> None:
    video = write_clip(tmp_path / "room.mp4", [empty_room()] * 5)
    assert list(footage([video], teacher, every_s=0.1)) == []
