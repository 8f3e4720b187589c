from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posegloss.pipeline.network.example import (
    MAPS_SHAPE,
    SEGMENTATION_SIDE,
    SIDE,
    Example,
    ExampleCropper,
    Examples,
    ExamplesError,
    about_examples,
    nobody,
    write_examples,
)
from posegloss.pipeline.roi import RegionOfInterest

from .made_up import example, smooth_picture

FIELDS = ("points", "trust", "visibility", "presence", "world", "person")


def some(count: int = 3) -> list[Example]:
    people = [example(f"video {seed % 2}", seed) for seed in range(count)]
    people[0].points[4:9] = np.nan
    return [*people, nobody("empty", smooth_picture(SIDE, SIDE, 9))]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = some()
    assert write_examples(tmp_path / "a.parquet", written[:2], {}) == 2
    assert write_examples(tmp_path / "b.parquet", written[2:], {}) == 2
    read = Examples.read([tmp_path / "a.parquet", tmp_path / "b.parquet"])
    assert len(read) == 4
    assert list(read.origins) == ["video 0", "video 1", "video 0", "empty"]
    for row, one in enumerate(written):
        for name in FIELDS:
            np.testing.assert_array_equal(read.values[name][row], getattr(one, name))
        # A JPEG is near, and its colors are in their places.
        picture = read.picture(row)
        assert picture.shape == (SIDE, SIDE, 3)
        assert np.abs(picture.astype(int) - one.picture).mean() < 1.5


def test_what_a_teacher_sees_is_read(tmp_path: Path) -> None:
    taught = example(maps=np.random.default_rng(0).integers(0, 256, MAPS_SHAPE).astype(np.uint8))
    write_examples(tmp_path / "a.parquet", [example("alone"), taught], {})
    read = Examples.read([tmp_path / "a.parquet"])
    np.testing.assert_array_equal(read.maps(1), taught.maps)
    # Without a teacher nothing is said of where points are.
    assert read.maps(0).shape == MAPS_SHAPE
    assert not read.maps(0).any()
    np.testing.assert_array_equal(read.part(lambda origin: origin != "alone").maps(0), taught.maps)


def test_where_the_person_is_is_read(tmp_path: Path) -> None:
    side = (SEGMENTATION_SIDE, SEGMENTATION_SIDE)
    taught = example(segmentation=np.random.default_rng(0).integers(0, 256, side).astype(np.uint8))
    write_examples(tmp_path / "a.parquet", [example("alone"), taught], {})
    read = Examples.read([tmp_path / "a.parquet"])
    assert read.segmentation(0) is None
    for examples, row in ((read, 1), (read.part(lambda origin: origin != "alone"), 0)):
        np.testing.assert_array_equal(examples.segmentation(row), taught.segmentation)


def test_many_are_written_in_groups(tmp_path: Path) -> None:
    # More than one group of rows, drawn from a generator.
    same = smooth_picture(SIDE, SIDE)
    assert (
        write_examples(tmp_path / "a.parquet", (example(str(seed), seed, picture=same) for seed in range(260)), {})
        == 260
    )
    read = Examples.read([tmp_path / "a.parquet"])
    assert list(read.origins) == [str(seed) for seed in range(260)]
    np.testing.assert_array_equal(read.values["points"][258], example(seed=258).points)


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Example]:
        for seed in range(300):
            yield example(seed=seed % 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_examples(tmp_path / "a.parquet", interrupted(), {"made": "of this"})
    assert not list(tmp_path.iterdir())
    assert about_examples(tmp_path / "a.parquet") is None
    # What stood there before stays.
    write_examples(tmp_path / "a.parquet", some(), {})
    with pytest.raises(KeyboardInterrupt):
        write_examples(tmp_path / "a.parquet", interrupted(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    assert len(Examples.read([tmp_path / "a.parquet"])) == 4


def test_a_file_tells_what_it_was_made_of(tmp_path: Path) -> None:
    about = {"settings": '{"signers": 3}', "grüße": "ä"}
    write_examples(tmp_path / "a.parquet", some(), about)
    assert about_examples(tmp_path / "a.parquet") == about
    write_examples(tmp_path / "b.parquet", some(), {})
    assert about_examples(tmp_path / "b.parquet") == {}
    assert about_examples(tmp_path / "none.parquet") is None
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[:-100])
    assert about_examples(tmp_path / "a.parquet") is None


@pytest.mark.parametrize("damage", ["truncated", "empty", "absent", "another table", "other columns"])
def test_what_is_no_file_of_examples_is_named(tmp_path: Path, damage: str) -> None:
    write_examples(tmp_path / "good.parquet", some(), {})
    bad = tmp_path / "bad.parquet"
    content = (tmp_path / "good.parquet").read_bytes()
    if damage == "truncated":
        bad.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        bad.write_bytes(b"")
    elif damage == "another table":
        pq.write_table(pa.table({"gloss": ["HELLO"]}), bad)
    elif damage == "other columns":
        table = pq.read_table(tmp_path / "good.parquet")
        pq.write_table(table.set_column(2, "points", pa.array([[1.0]] * 4, pa.list_(pa.float32(), 1))), bad)
    with pytest.raises(ExamplesError, match=r"bad\.parquet is no file of examples \(.*\); delete it"):
        Examples.read([tmp_path / "good.parquet", bad])


def test_without_anybody_there_is_nothing_to_train_on(tmp_path: Path) -> None:
    assert write_examples(tmp_path / "none.parquet", [], {}) == 0
    for paths in ([], [tmp_path / "none.parquet"]):
        with pytest.raises(ExamplesError, match="no people to train on"):
            Examples.read(paths)


def test_a_part_is_of_some_origins(tmp_path: Path) -> None:
    written = some(5)
    write_examples(tmp_path / "a.parquet", written, {})
    part = Examples.read([tmp_path / "a.parquet"]).part(lambda origin: origin == "video 1")
    assert list(part.origins) == ["video 1", "video 1"]
    np.testing.assert_array_equal(part.values["points"], [written[1].points, written[3].points])
    assert np.abs(part.picture(1).astype(int) - written[3].picture).mean() < 1.5


def test_nobody_is_known_to_be_nobody() -> None:
    one = nobody("empty", smooth_picture(SIDE, SIDE))
    assert one.person == 0
    assert not one.trust.any()
    for name in ("points", "visibility", "presence", "world"):
        assert np.isnan(getattr(one, name)).all()
        assert getattr(one, name).shape == getattr(example(), name).shape


def test_a_picture_shows_the_region_and_a_fifth_of_it_on_each_side() -> None:
    image = np.zeros((400, 400, 3), np.uint8)
    image[150:250, 150:250] = 255
    crop = ExampleCropper()
    picture = crop(image, RegionOfInterest((200, 200), 100))
    inside = np.flatnonzero(picture[SIDE // 2, :, 0] > 127)
    assert inside[0] == pytest.approx(SIDE * 0.2 / 1.4, abs=2)
    assert inside[-1] == pytest.approx(SIDE * 1.2 / 1.4, abs=2)
    # It is not overwritten by the next.
    crop(255 - image, RegionOfInterest((200, 200), 100))
    assert picture[SIDE // 2, SIDE // 2, 0] == 255


def test_what_no_example_tells_is_known(tmp_path: Path) -> None:
    points = example().points.copy()
    points[:, 2] = np.nan
    flat = example(points=points, visibility=np.full(33, np.nan, np.float32))
    write_examples(tmp_path / "flat.parquet", [flat], {})
    write_examples(tmp_path / "deep.parquet", [example()], {})
    assert Examples.read([tmp_path / "flat.parquet"]).untold == {"depth", "visibility"}
    assert Examples.read([tmp_path / "flat.parquet", tmp_path / "deep.parquet"]).untold == set()
