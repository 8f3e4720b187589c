import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.roi import RegionOfInterest


def checker(height: int = 200, width: int = 300) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_an_upright_square_of_the_same_size_is_a_plain_cut() -> None:
    image = checker()
    region = RegionOfInterest((100, 80), 64)
    assert (Cropper(64, cv2.BORDER_REPLICATE)(image, region) == image[48:112, 68:132]).all()


@pytest.mark.parametrize(("quarter", "turns"), [(np.pi / 2, 1), (-np.pi, 2), (-np.pi / 2, 3)])
def test_a_person_who_lies_is_turned_upright(quarter: float, turns: int) -> None:
    image = checker(101, 101)
    region = RegionOfInterest((50, 50), 100, quarter)
    crop = Cropper(100, cv2.BORDER_REPLICATE)(image, region)
    expected = np.rot90(image, turns)
    # A turn by quarters about a corner of pixels meets pixels exactly, but for the line at the edge.
    matches = [
        (crop[2:-2, 2:-2] == expected[2 + dy : 98 + dy, 2 + dx : 98 + dx]).all() for dy in (0, 1) for dx in (0, 1)
    ]
    assert any(matches)


def test_outside_the_frame_the_border_is_black_or_repeated() -> None:
    image = np.full((50, 50, 3), 200, np.uint8)
    region = RegionOfInterest((0, 25), 50)
    assert (Cropper(50, cv2.BORDER_REPLICATE)(image, region) == 200).all()
    black = Cropper(50, cv2.BORDER_CONSTANT)(image, region)
    assert (black[:, :24] == 0).all()
    assert (black[:, 26:] == 200).all()


def test_interpolates_at_a_thirty_second_of_a_pixel() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[:, 2:] = 255
    shifts = (0, 1 / 64 - 1e-4, 1 / 64 + 1e-4)
    crops = [Cropper(4, cv2.BORDER_REPLICATE)(image, RegionOfInterest((2 + shift, 2), 4)) for shift in shifts]
    shifted = [crop[0, 1, 0] for crop in crops]
    assert shifted == [0, 0, 8]


def cropped_pixel_by_pixel(image: np.ndarray, region: RegionOfInterest, side: int, border: int) -> np.ndarray:
    """What Cropper does, with a place in double precision for every pixel and the border left to OpenCV."""
    columns, rows = np.meshgrid(np.arange(side) - side / 2, np.arange(side) - side / 2)
    cos, sin = np.cos(region.rotation), np.sin(region.rotation)
    x = region.center[0] + (columns * cos - rows * sin) * (region.side / side)
    y = region.center[1] + (columns * sin + rows * cos) * (region.side / side)
    places = np.rint(np.dstack([x, y]) * 32).astype(np.int32)
    fraction = ((places[..., 1] & 31) << 5 | (places[..., 0] & 31)).astype(np.uint16)
    return cv2.remap(image, (places >> 5).astype(np.int16), fraction, cv2.INTER_LINEAR, borderMode=border)


@settings(deadline=None)
@given(
    size=st.sampled_from([(40, 30), (300, 200), (700, 500), (500, 700)]),
    center=st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)),
    side=st.floats(0.05, 4),
    angle=st.sampled_from([0.0, 0.01, -0.3, np.pi / 2, np.pi, -3.0]) | st.floats(-np.pi, np.pi),
    border=st.sampled_from([cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT]),
)
def test_every_pixel_is_that_of_the_plain_way(
    size: tuple[int, int], center: tuple[float, float], side: float, angle: float, border: int
) -> None:
    image = cv2.GaussianBlur(checker(size[1], size[0]), (0, 0), 2)
    region = RegionOfInterest((center[0] * size[0], center[1] * size[1]), side * max(size), angle)
    crop = Cropper(100, border)(image, region).astype(int)
    difference = np.abs(crop - cropped_pixel_by_pixel(image, region, 100, border))
    # A place that lies in the middle between two 1/32 may be rounded to either.
    assert (difference > 0).mean() < 0.02
    assert difference.max() <= 255 / 32 + 1


@given(
    center=st.tuples(st.floats(-50, 400), st.floats(-50, 300)),
    side=st.floats(20, 500),
    angle=st.floats(-np.pi, np.pi),
    at=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_points_go_back_to_where_the_crop_took_them_from(
    center: tuple[float, float], side: float, angle: float, at: tuple[float, float]
) -> None:
    # A frame whose red is x and green is y, so that a pixel of the crop tells its place in the frame.
    width, height = 250, 250
    place = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    image = np.dstack([place, np.zeros((height, width))]).astype(np.uint8)
    region = RegionOfInterest(center, side, angle)
    x, y = (min(int(v * 64), 63) for v in at)
    told = Cropper(64, cv2.BORDER_REPLICATE)(image, region)[y, x, :2].astype(float)
    back = region.to_frame(np.array([x / 64, y / 64]))
    if ((back > 1) & (back < 248)).all():
        assert told == pytest.approx(back, abs=0.6)


@given(
    center=st.tuples(st.floats(-50, 400), st.floats(-50, 300)),
    side=st.floats(1, 500),
    angle=st.floats(-np.pi, np.pi),
    at=st.tuples(st.floats(-1, 2), st.floats(-1, 2)),
)
def test_points_of_the_frame_come_back_into_the_square(
    center: tuple[float, float], side: float, angle: float, at: tuple[float, float]
) -> None:
    region = RegionOfInterest(center, side, angle)
    assert region.from_frame(region.to_frame(np.array([at, (0.5, 0.5)]))) == pytest.approx(
        np.array([at, (0.5, 0.5)]), abs=1e-9
    )


def test_the_frame_seen_from_a_square_that_is_turned() -> None:
    # A quarter clockwise: what lies to the right of the center in the frame is up in the square.
    region = RegionOfInterest((100, 80), 40, np.pi / 2)
    points = np.array([[[100, 80], [120, 80]], [[100, 100], [np.nan, 80]]])
    expected = [[[0.5, 0.5], [0.5, 0]], [[1, 0.5], [np.nan, np.nan]]]
    np.testing.assert_allclose(region.from_frame(points), expected, atol=1e-12)


def test_region_of_an_upright_person_has_no_rotation_and_circumscribes() -> None:
    region = RegionOfInterest.from_alignment_points(np.array([100.0, 200.0]), np.array([100.0, 120.0]))
    assert region == RegionOfInterest((100.0, 200.0), 160.0, 0.0)


@pytest.mark.parametrize(("edge", "rotation"), [((180, 200), np.pi / 2), ((20, 200), -np.pi / 2), ((100, 280), -np.pi)])
def test_rotation_follows_the_person(edge: tuple[float, float], rotation: float) -> None:
    region = RegionOfInterest.from_alignment_points(np.array([100.0, 200.0]), np.array(edge, float))
    assert region is not None
    assert region.rotation == pytest.approx(rotation)
    assert -np.pi <= region.rotation < np.pi


@pytest.mark.parametrize("edge", [(100, 200), (np.nan, 0), (np.inf, 0)])
def test_points_without_extent_give_no_region(edge: tuple[float, float]) -> None:
    assert RegionOfInterest.from_alignment_points(np.array([100.0, 200.0]), np.array(edge, float)) is None


def test_a_region_astray_far_outside_the_frame_does_not_wrap_around() -> None:
    image = np.zeros((50, 50, 3), np.uint8)
    image[:, -1] = 255
    crop = Cropper(32, cv2.BORDER_REPLICATE)(image, RegionOfInterest((1e7, 25), 1e5, 0.3))
    assert (crop == 255).all()
