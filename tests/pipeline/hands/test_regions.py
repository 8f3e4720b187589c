"""Where a hand is looked for, on made points."""

import numpy as np
import pytest

from posegloss.pipeline.hands.regions import PALM, from_landmarks, from_pose
from posegloss.pipeline.roi import RegionOfInterest

# An upright right hand with its palm to the camera: wrist below, fingers straight up, 100 pixels from wrist to knuckle.
WRIST_PINKY_INDEX = np.array([[200.0, 400], [235, 310], [170, 300]])


def upright_hand() -> np.ndarray:
    hand = np.zeros((21, 2))
    hand[0] = 200, 400
    for finger, x in enumerate((140, 170, 200, 220, 240)):
        for joint in range(4):
            hand[1 + 4 * finger + joint] = x, 310 - 25 * joint
    return hand


def turned(points: np.ndarray, radians: float) -> np.ndarray:
    """Clockwise as seen, about the wrist."""
    return RegionOfInterest((0, 0), 1, radians).turn(points - points[0]) + points[0]


def test_the_body_gives_a_region_around_the_fingers_that_points_as_the_hand_does() -> None:
    region = from_pose(WRIST_PINKY_INDEX)
    assert region is not None
    assert abs(region.rotation) < 0.15
    inside = RegionOfInterest((0, 0), 1, -region.rotation).turn(upright_hand() - region.center)
    assert (np.abs(inside) < region.side / 2).all()


@pytest.mark.parametrize("make", [from_landmarks, from_pose])
@pytest.mark.parametrize("radians", [-3.0, -1.2, 0.0, 0.4, 2.0])
def test_a_turned_hand_has_the_turned_region(make, radians: float) -> None:
    points = WRIST_PINKY_INDEX if make is from_pose else upright_hand()
    straight, region = make(points), make(turned(points, radians))
    difference = region.rotation - straight.rotation - radians
    assert np.sin(difference / 2) == pytest.approx(0, abs=1e-9)
    assert region.side == pytest.approx(straight.side)
    np.testing.assert_allclose(region.center, turned(np.array([points[0], straight.center]), radians)[1], atol=1e-6)


def test_a_hand_that_points_at_the_camera_keeps_the_size_of_its_width() -> None:
    foreshortened = WRIST_PINKY_INDEX.copy()
    foreshortened[0] = foreshortened[1:].mean(axis=0) + np.array([0, 5])
    region, whole = from_pose(foreshortened), from_pose(WRIST_PINKY_INDEX)
    assert region is not None
    assert whole is not None
    assert 0.25 < region.side / whole.side < 0.6


def test_bending_fingers_do_not_change_the_region() -> None:
    bent = upright_hand()
    tips = [i for i in range(21) if i not in PALM]
    bent[tips] = bent[0]
    assert from_landmarks(bent) == from_landmarks(upright_hand())


def test_points_in_one_place_or_nowhere_give_no_region() -> None:
    assert from_pose(np.full((3, 2), 7.0)) is None
    assert from_pose(np.full((3, 2), np.nan)) is None
    assert from_landmarks(np.full((21, 2), 7.0)) is None
