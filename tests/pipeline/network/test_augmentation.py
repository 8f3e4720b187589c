from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.network.augmentation import NONE, Augmentation, view
from posegloss.pipeline.network.example import CONTEXT, SIDE, Example, ExampleCropper
from posegloss.pipeline.roi import RegionOfInterest
from posegloss.pipeline.skeleton import KEYPOINT_NAMES, MIRROR

from .made_up import example, smooth_picture, spots_at, values_of

MOVED = Augmentation(color=0, gray=0, blur=0, hide=0)
"""Turned, scaled, shifted and mirrored only."""
RED, GREEN, BLUE = np.eye(3, dtype=int) * 255


def values(one: Example) -> dict[str, np.ndarray]:
    return {name: value[0] for name, value in values_of(one).items()}


def color_of(point: int) -> np.ndarray:
    """What is left is red, what is right is green."""
    name = KEYPOINT_NAMES[point] if point < len(KEYPOINT_NAMES) else ""
    return RED if "left" in name else GREEN if "right" in name else BLUE


def dotted() -> Example:
    """Soft dots on black, at known places between the pixels, far enough from each other."""
    places, picture = dots()
    one = example(picture=picture)
    one.points[:, :2] = places
    return one


@cache
def dots() -> tuple[np.ndarray, np.ndarray]:
    """Places as fractions of the region, and the picture."""
    rng = np.random.default_rng(0)
    cells = rng.permutation(36)[:35]
    places = (np.column_stack([cells % 6, cells // 6]) + 0.5 + rng.uniform(-0.2, 0.2, (35, 2))) / 6
    region = RegionOfInterest((SIDE / 2, SIDE / 2), SIDE / CONTEXT)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    picture = np.zeros((SIDE, SIDE, 3))
    for point, (x, y) in enumerate(region.to_frame(places)):
        spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 2.0**2))
        picture += spot[..., None] * color_of(point)
    picture = np.rint(picture).astype(np.uint8)
    picture.flags.writeable = False
    return places, picture


def centroid(channel: np.ndarray, x: float, y: float, reach: int = 9) -> tuple[float, float]:
    """The middle of what is bright near a place."""
    left, top = max(round(x) - reach, 0), max(round(y) - reach, 0)
    part = channel[top : round(y) + reach + 1, left : round(x) + reach + 1].astype(float)
    part[part < 20] = 0
    assert part.sum() > 255, "there is no dot"
    rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
    return left + (columns * part).sum() / part.sum(), top + (rows * part).sum() / part.sum()


@pytest.mark.parametrize("rotation", [0.0, 0.4, -2.5])
def test_without_augmentation_it_is_what_the_tracker_would_crop(rotation: float) -> None:
    image = smooth_picture(480, 640)
    region = RegionOfInterest((300, 230), 260, rotation)
    one = example()
    picture, seen = view(ExampleCropper()(image, region), values(one), 256, NONE, np.random.default_rng(0))
    expected = Cropper(256, cv2.BORDER_REPLICATE)(image, region)
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - expected).max() <= 3
    # A pixel's shift would be seen: the waves change by more than that over one.
    assert np.abs(np.roll(expected, 1, axis=1).astype(int) - expected)[:, 1:].max() > 1
    assert not seen.pop("maps").any()
    for name, value in seen.items():
        np.testing.assert_allclose(value, getattr(one, name), atol=1e-6)


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("mirror", [0, 1])
@pytest.mark.parametrize("seed", range(4))
def test_points_stay_on_what_they_mark(seed: int, mirror: float, side: int) -> None:
    augmentation = replace(MOVED, mirror=mirror)
    picture, seen = view(dotted().picture, values(dotted()), side, augmentation, np.random.default_rng(seed))
    found = 0
    for point, (x, y) in enumerate(seen["points"][:, :2] * side):
        if 10 < x < side - 10 and 10 < y < side - 10:
            # In a mirror the left hand, red, is somebody's right.
            was = MIRROR[point] if mirror and point < len(MIRROR) else point
            channel = picture[..., int(np.argmax(color_of(was)))]
            assert np.hypot(*np.subtract(centroid(channel, x, y, 9 * side // 256), (x, y))) < 0.5, point
            found += 1
    assert found > 15


@pytest.mark.parametrize("side", [128, 256])
@pytest.mark.parametrize("mirror", [0, 1])
def test_what_a_teacher_sees_stays_on_the_points(mirror: float, side: int) -> None:
    one = replace(dotted(), maps=spots_at(dotted().points[:, :2]))
    _, seen = view(one.picture, values(one), side, replace(MOVED, mirror=mirror), np.random.default_rng(3))
    cells = side // 4
    assert seen["maps"].shape == (cells, cells, 35)
    assert seen["maps"].dtype == np.uint8
    found = 0
    for point, (x, y) in enumerate(seen["points"][:, :2] * cells):
        if 5 < x < cells - 5 and 5 < y < cells - 5:
            assert np.hypot(*np.subtract(centroid(seen["maps"][..., point], x, y, 4), (x, y))) < 0.3, point
            found += 1
    assert found > 10


def test_views_differ_as_far_as_they_may() -> None:
    views = [view(dotted().picture, values(dotted()), 64, MOVED, np.random.default_rng(seed))[1] for seed in range(60)]
    before = dotted().points
    after = np.stack([one["points"] for one in views])
    scales, angles, middles, mirrored = [], [], [], []
    for points in after:
        linear = np.linalg.lstsq(np.column_stack([before[[0, 33, 34], :2], np.ones(3)]), points[[0, 33, 34], :2])[0]
        scales.append(np.sqrt(abs(np.linalg.det(linear[:2]))))
        turned = linear[:2] * [np.sign(np.linalg.det(linear[:2])), 1]
        angles.append(np.rad2deg(np.arctan2(turned[0, 1], turned[0, 0])))
        middles.append(np.array([0.5, 0.5, 1]) @ linear)
        mirrored.append(np.linalg.det(linear[:2]) < 0)
    assert 1 / 1.26 < min(scales) < 0.85 < 1.15 < max(scales) < 1.26
    assert 20 < np.abs(angles).max() < 42.1
    assert 0.05 < np.abs(np.subtract(middles, 0.5)).max() < 0.2
    assert 15 < sum(mirrored) < 45


def test_the_mirrored_left_is_the_right() -> None:
    one = dotted()
    one.visibility[:] = np.linspace(0.1, 0.9, 33)
    one.trust[:] = np.linspace(0.1, 1, 35)
    picture, seen = view(one.picture, values(one), 256, replace(NONE, mirror=1), np.random.default_rng(0))
    np.testing.assert_allclose(seen["points"][:33, 0], 1 - one.points[MIRROR, 0], atol=1e-6)
    np.testing.assert_allclose(seen["points"][:33, 1:], one.points[MIRROR, 1:], atol=1e-6)
    np.testing.assert_allclose(seen["points"][33:, 0], 1 - one.points[33:, 0], atol=1e-6)
    np.testing.assert_array_equal(seen["visibility"], one.visibility[MIRROR])
    np.testing.assert_array_equal(seen["trust"], one.trust[[*MIRROR, 33, 34]])
    np.testing.assert_allclose(seen["world"], one.world[MIRROR] * [-1, 1, 1], atol=1e-6)
    wrist = KEYPOINT_NAMES.index("left_wrist")
    x, y = seen["points"][wrist, :2] * 256
    assert picture[round(y), round(x), 1] > 150 > 50 > picture[round(y), round(x), 0]


def test_what_leaves_the_view_is_neither_present_nor_visible() -> None:
    one = dotted()
    one.points[:6, :2] = [(-0.01, 0.5), (0.5, 1.01), (1.2, 1.2), (0.001, 0.5), (0.5, 0.999), (np.nan, np.nan)]
    one.visibility[5] = one.presence[5] = np.nan
    _, seen = view(one.picture, values(one), 256, NONE, np.random.default_rng(0))
    assert list(seen["presence"][:5]) == [0, 0, 0, 1, 1]
    assert list(seen["visibility"][:5] > 0) == [False, False, False, True, True]
    assert np.isnan([seen["presence"][5], seen["visibility"][5], *seen["points"][5, :2]]).all()
    # Pushed out: where points lie decides, not where they lay.
    outside = 0
    for seed in range(10):
        _, seen = view(one.picture, values(dotted()), 256, replace(NONE, shift=0.4), np.random.default_rng(seed))
        there = ((seen["points"][:33, :2] >= 0) & (seen["points"][:33, :2] < 1)).all(axis=1)
        np.testing.assert_array_equal(seen["presence"], there)
        np.testing.assert_array_equal(seen["visibility"] > 0, there)
        outside += (~there).sum()
    assert outside > 20


def test_what_is_hidden_is_present_but_not_visible() -> None:
    one = replace(example(), picture=np.full((SIDE, SIDE, 3), 99, np.uint8))
    hidden = 0
    for seed in range(10):
        picture, seen = view(one.picture, values(one), 256, replace(NONE, hide=1), np.random.default_rng(seed))
        covered = (picture != 99).any(axis=2).astype(np.uint8)
        surely, perhaps = cv2.erode(covered, np.ones((3, 3))), cv2.dilate(covered, np.ones((3, 3)))
        for (x, y), visibility, before in zip(
            seen["points"][:33, :2] * 256, seen["visibility"], one.visibility, strict=True
        ):
            if surely[int(y), int(x)]:
                assert visibility == 0
                hidden += 1
            elif not perhaps[int(y), int(x)]:
                assert visibility == before
        assert (seen["presence"] == 1).all()
        np.testing.assert_allclose(seen["points"], one.points, atol=1e-6)
    assert hidden > 5


def test_depth_grows_with_the_person() -> None:
    one = dotted()
    _, seen = view(one.picture, values(one), 256, replace(NONE, scale=0.5), np.random.default_rng(3))
    grown = np.ptp(seen["points"][:, 0]) / np.ptp(one.points[:, 0])
    assert abs(grown - 1) > 0.05
    np.testing.assert_allclose(seen["points"][:, 2], one.points[:, 2] * grown, rtol=1e-3)
    # Metres do not.
    np.testing.assert_allclose(seen["world"], one.world, atol=1e-6)


@pytest.mark.parametrize("mirror", [0, 1])
def test_metres_turn_as_the_picture_does(mirror: float) -> None:
    one = dotted()
    one.world[:, :2] = one.points[:33, :2] - one.points[33, :2]
    turned = replace(NONE, turn=40, mirror=mirror)
    _, seen = view(one.picture, values(one), 256, turned, np.random.default_rng(1))
    np.testing.assert_allclose(seen["world"][:, :2], seen["points"][:33, :2] - seen["points"][33, :2], atol=1e-5)
    assert np.abs(seen["world"] - one.world).max() > 0.1


def test_a_seed_decides_and_the_example_stays_as_it_is() -> None:
    one = dotted()
    everything = Augmentation(gray=0.5, blur=0.5, hide=1, mirror=0.5)
    (first, seen), (again, seen_again) = (
        view(one.picture, values(one), 256, everything, np.random.default_rng(7)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    for name in seen:
        np.testing.assert_array_equal(seen[name], seen_again[name])
    other, _ = view(one.picture, values(one), 256, everything, np.random.default_rng(8))
    assert (first != other).any()
    np.testing.assert_array_equal(one.picture, dotted().picture)
    np.testing.assert_array_equal(one.points, dotted().points)


def test_colors_change_without_moving_anything() -> None:
    one = example()
    plain, _ = view(one.picture, values(one), 256, NONE, np.random.default_rng(0))
    brightness, spread = [], []
    for seed in range(20):
        picture, seen = view(one.picture, values(one), 256, replace(NONE, color=0.3), np.random.default_rng(seed))
        np.testing.assert_allclose(seen["points"], one.points, atol=1e-6)
        assert np.corrcoef(picture[..., 1].ravel(), plain[..., 1].ravel())[0, 1] > 0.8
        brightness.append(picture.mean() / plain.mean())
        spread.append(picture.std() / plain.std())
    assert min(brightness) < 0.9 < 1.1 < max(brightness)
    assert min(spread) < 0.9 < 1.1 < max(spread)
    gray, _ = view(one.picture, values(one), 256, replace(NONE, color=1e-9, gray=1), np.random.default_rng(0))
    assert np.ptp(gray.astype(int), axis=2).max() <= 1 < np.ptp(plain.astype(int), axis=2).max()
