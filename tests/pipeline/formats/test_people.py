"""Following the signer among others: by continuity, and never over to somebody else."""

import json
import warnings

import numpy as np
import pytest

from posegloss.pipeline.formats.names import BODY_25
from posegloss.pipeline.formats.numbered import clips_of_frames
from posegloss.pipeline.formats.openpose import FRAME_NAME, parse_frame
from posegloss.pipeline.formats.people import follow_signer
from posegloss.pipeline.skeleton import INDEX

from .made import SIZE, body, person


def of_33(joints):
    (points,) = parse_frame(json.dumps({"people": [person(np.nan_to_num(joints))]}).encode())
    return points


def frames_of(*people, order=None):
    """For each frame the people who are there, in another order each time: (N, K, 3) with NaN where hidden."""
    generator = np.random.default_rng(0)
    frames, truth = [], []
    for several in zip(*people, strict=True):
        there = [(who, one) for who, one in enumerate(several) if one is not None]
        generator.shuffle(there)
        frames.append(np.array([of_33(one) for _, one in there], np.float32).reshape(-1, 33, 3))
        truth.append([who for who, _ in there])
    return frames, truth


def who_is_followed(frames, truth):
    places = follow_signer(frames, SIZE).places
    return [truth[t][place] if place >= 0 else None for t, place in enumerate(places)]


def test_the_large_one_in_the_middle_is_the_signer():
    signer = [body(640, 700, 560)] * 10
    bystander = [body(100, 500, 300)] * 10
    assert who_is_followed(*frames_of(bystander, signer)) == [1] * 10


def test_somebody_larger_who_walks_through_takes_nobody_s_place():
    signer = [body(640, 700, 500)] * 30
    # From left to right, right over the signer, nearer to the camera.
    passer = [body(-100 + 50 * t, 720, 640) for t in range(30)]
    assert who_is_followed(*frames_of(passer, signer)) == [1] * 30


def test_while_the_signer_is_lost_nobody_is_followed_and_then_he_again():
    signer = [None if 10 <= t < 20 else body(640 + t, 700, 500) for t in range(30)]
    neighbour = [body(900, 600, 300)] * 30
    assert who_is_followed(*frames_of(signer, neighbour)) == [0] * 10 + [None] * 10 + [0] * 10


def test_two_who_cross_keep_who_they_are():
    one = [body(300 + 20 * t, 700, 500) for t in range(30)]
    other = [body(900 - 20 * t, 690, 430) for t in range(30)]
    assert len(set(who_is_followed(*frames_of(one, other)))) == 1


def test_hidden_joints_do_not_change_who_it_is():
    generator = np.random.default_rng(1)
    signer, other = [], []
    for _ in range(40):
        seen = body(640, 700, 500)
        seen[generator.random(25) < 0.5] = np.nan
        signer.append(seen)
        other.append(body(1000, 700, 480))
    assert who_is_followed(*frames_of(signer, other)) in ([0] * 40, [1] * 40)


def test_one_who_turns_round_stays_who_he_is():
    names = [name.replace("L", "*", 1).replace("R", "L", 1).replace("*", "R", 1) for name in BODY_25]
    turned = body(640, 700, 500)[[BODY_25.index(name) for name in names]]
    turned = np.where(np.arange(12)[:, None, None] % 4 < 2, body(640, 700, 500), turned)
    assert who_is_followed(*frames_of(turned, [body(900, 700, 480)] * 12)) == [0] * 12


def test_one_point_alone_is_nobody():
    alone = body(600, 700, 500)
    alone[1:] = np.nan
    followed = follow_signer([of_33(alone)[None]] * 3, SIZE)
    assert followed.places.tolist() == [-1] * 3
    assert followed.most_people == 0


def test_nobody_and_no_frames():
    assert follow_signer([np.empty((0, 33, 3), np.float32)] * 2, SIZE).places.tolist() == [-1, -1]
    assert follow_signer([], SIZE).places.tolist() == []


def test_a_crowd_is_followed_in_bounded_time():
    generator = np.random.default_rng(0)
    frames = [generator.uniform(0, 1000, (300, 33, 3)).astype(np.float32) for _ in range(20)]
    assert len(follow_signer(frames, SIZE).places) == 20


def test_somebody_who_stands_where_another_was_lost_keeps_who_he_is():
    gone = [body(640, 700, 500) if t < 5 else None for t in range(30)]
    # Walks to where the first one stood, and stays there.
    signer = [body(min(240 + 20 * t, 640), 700, 480) for t in range(30)]
    assert who_is_followed(*frames_of(gone, signer)) == [1] * 30


@pytest.fixture(scope="module")
def badminton(shared_data):
    """The frames of a real video with up to twelve people."""
    found = clips_of_frames(shared_data / "openpose" / "badminton_body25_json.tar.xz", FRAME_NAME, parse_frame)
    (read,) = found.values()
    return read().settled("badminton")[1]


TRUNK = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "hip")]


def test_a_real_player_is_followed_and_nobody_else_was_ever_nearer_to_where_he_was(badminton):
    followed = follow_signer(badminton, (1920, 1080))
    assert (len(badminton), followed.most_people) == (750, 12)
    assert (followed.places >= 0).all()
    before = None
    for people, place in zip(badminton, followed.places, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of one whose trunk is hidden
            trunks = np.nanmean(people[:, TRUNK, :2], axis=1)
        if before is not None:
            moved = np.linalg.norm(trunks - before, axis=1)
            assert np.nanargmin(moved) == place
            assert moved[place] < 60, "pixels a frame, of one who is 300 tall"
        before = trunks[place]
