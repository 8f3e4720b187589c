import numpy as np
import pytest

from posegloss.datasets.avatar import LEXICON, Signer, perform
from posegloss.datasets.avatar.poses import avatar_examples
from posegloss.pipeline.network.example import CONTEXT, SIDE, Example
from posegloss.pipeline.network.teacher import Teacher
from posegloss.pipeline.roi import RegionOfInterest
from posegloss.pipeline.skeleton import INDEX

# Where the picture of an example shows its region.
WHERE = RegionOfInterest((SIDE / 2, SIDE / 2), SIDE / CONTEXT)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return list(avatar_examples([4, 5], glosses=1, every=8))


def test_frames_are_of_the_signers_that_were_asked_for(examples: list[Example]) -> None:
    assert list(dict.fromkeys(one.origin for one in examples)) == ["avatar-004", "avatar-005"]
    done: list[int] = []
    again = list(avatar_examples([5], glosses=1, every=8, on_signer=done.append))
    assert done == [1]
    expected = [one for one in examples if one.origin == "avatar-005"]
    assert len(again) == len(expected) > 5
    for one, other in zip(again, expected, strict=True):
        np.testing.assert_array_equal(one.picture, other.picture)
        np.testing.assert_array_equal(one.points, other.points)
    chosen = np.random.default_rng([0, 5]).choice(len(LEXICON), 1, replace=False)[0]
    clip = perform(Signer.random(5), [list(LEXICON)[chosen]], take=0, seed=0)
    assert len(expected) == -(-len(clip) // 8)


def test_another_seed_has_them_sign_something_else() -> None:
    first, other = (next(avatar_examples([5], glosses=2, seed=seed)) for seed in (0, 1))
    assert (first.points[:33] != other.points[:33]).any()


def test_visible_wrists_are_on_skin(examples: list[Example]) -> None:
    hits = []
    for one in examples:
        look = Signer.random(int(one.origin[-3:])).look
        skin, shirt = (np.array(color) / sum(color) for color in (look.skin, look.shirt))
        for name in ("left_wrist", "right_wrist", "left_index", "right_index"):
            x, y = WHERE.to_frame(one.points[INDEX[name], :2])
            # The frame's lower edge is repeated below it.
            if one.visibility[INDEX[name]] and one.points[INDEX[name], 1] < 0.95:
                color = one.picture[int(y), int(x)].astype(float)
                color /= color.sum()
                hits.append(np.linalg.norm(color - skin) < 0.5 * np.linalg.norm(color - shirt))
    assert len(hits) > 20
    assert np.mean(hits) > 0.85


def test_a_network_taught_on_people_sees_the_same_points(examples: list[Example]) -> None:
    teacher = Teacher("full")
    apart, metres = [], []
    for one in examples[::2]:
        labels = teacher.label(one.picture, WHERE)
        assert labels is not None
        apart.append(np.hypot(*(labels.points[:, :2] - one.points[:, :2]).T))
        metres.append(labels.world - one.world)
    upper = [INDEX[name] for name in ("nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow")]
    assert np.median(apart, axis=0)[upper].max() < 0.04
    # Both align the next region alike, though the legs are out of the picture.
    assert np.median(apart, axis=0)[33:].max() < 0.08
    assert np.abs(np.median(metres, axis=0))[upper].max() < 0.25
    hands = [INDEX["left_wrist"], INDEX["right_wrist"]]
    assert all(one.points[hands, 2].mean() < one.points[[11, 12], 2].mean() for one in examples)


def test_everything_is_known(examples: list[Example]) -> None:
    for one in examples:
        assert np.isfinite(one.points[:33]).all()
        assert np.isfinite(one.world).all()
        assert (one.trust == 1).all()
        assert set(one.visibility) <= {0, 1} >= set(one.presence)
        assert (one.visibility <= one.presence).all()
        assert one.person == 1
        # The legs are out of the picture, the shoulders are not.
        assert one.presence[INDEX["left_ankle"]] == 0
        assert one.presence[INDEX["left_shoulder"]] == 1
        # All points within the circle, the hips in the middle, the shoulders straight above.
        assert np.hypot(*(one.points[:33, :2] - 0.5).T).max() == pytest.approx(0.4, abs=1e-3)
        shoulders = one.points[[INDEX["left_shoulder"], INDEX["right_shoulder"]], :2].mean(axis=0)
        assert shoulders[0] == pytest.approx(0.5, abs=1e-3)
        assert shoulders[1] < 0.4
        hips = one.world[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
        assert hips == pytest.approx(np.zeros(3), abs=1e-5)
        # Metres are turned as the picture is.
        upright = one.world[[INDEX["left_shoulder"], INDEX["right_shoulder"]], :2].mean(axis=0)
        assert abs(upright[0] / upright[1]) < 0.1


def test_beside_a_teacher_the_avatar_tells_no_depth() -> None:
    told, untold = (next(avatar_examples([5], glosses=1, depth=depth)) for depth in (True, False))
    assert np.isfinite(told.world).all()
    assert np.isnan(untold.world).all()
    assert np.isnan(untold.points[:, 2]).all()
    np.testing.assert_array_equal(untold.points[:, :2], told.points[:, :2])
