from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from posegloss.datasets.avatar import (
    LEXICON,
    AvatarSettingsError,
    Hands,
    Performance,
    Signer,
    UnknownGlossError,
    perform,
    write_video,
)
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.skeleton import INDEX, MIRROR

SMALL = (320, 240)


def test_same_arguments_give_the_same_clip(signer: Signer, clip: Performance) -> None:
    again = perform(Signer.random(5), ["CHEST-CIRCLE"], take=0, seed=7, size=SMALL)
    np.testing.assert_array_equal(again.truth.keypoints, clip.truth.keypoints)
    assert again.spans == clip.spans
    for i, (one, other) in enumerate(zip(clip.frames(), again.frames(), strict=True)):
        if i % 10 == 0:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", [{"take": 1}, {"seed": 8}])
def test_another_take_or_seed_is_another_clip(signer: Signer, clip: Performance, change: dict[str, int]) -> None:
    arguments = {"take": 0, "seed": 7} | change
    other = perform(signer, ["CHEST-CIRCLE"], size=SMALL, **arguments)
    n = min(len(clip), len(other))
    assert np.abs(clip.truth.keypoints[:n, :, :2] - other.truth.keypoints[:n, :, :2]).max() > 0.005


def test_frames_match_the_truth(clip: Performance) -> None:
    frames = list(clip.frames())
    assert len(frames) == len(clip) == len(clip.truth)
    assert all(image.shape == (240, 320, 3) and image.dtype == np.uint8 for image in frames)
    assert clip.truth.frame_rate == pytest.approx(25)


def test_hands_are_skin_where_the_truth_says(signer: Signer, clip: Performance) -> None:
    points = [INDEX[name] for name in ("left_wrist", "right_wrist", "left_index", "right_index")]
    skin = np.array(signer.look.skin) / sum(signer.look.skin)
    shirt = np.array(signer.look.shirt) / sum(signer.look.shirt)
    hits = []
    for image, keypoints in zip(clip.frames(), clip.truth.keypoints, strict=True):
        for x, y, _, visible in keypoints[points]:
            if visible and y < 0.97:
                colour = image[int(y * 240), int(x * 320)].astype(float)
                colour /= colour.sum()
                hits.append(np.linalg.norm(colour - skin) < 0.5 * np.linalg.norm(colour - shirt))
    assert len(hits) > len(clip)
    assert np.mean(hits) > 0.95


def test_left_is_on_the_right_of_the_picture_and_heads_are_above_shoulders(clip: Performance) -> None:
    x, y = clip.truth.keypoints[..., 0], clip.truth.keypoints[..., 1]
    for part in ("eye", "ear", "shoulder", "hip"):
        assert (x[:, INDEX[f"left_{part}"]] > x[:, INDEX[f"right_{part}"]]).all()
    column = ["left_eye", "nose", "mouth_left", "left_shoulder", "left_hip", "left_knee", "left_ankle"]
    for above, below in pairwise(column):
        assert (y[:, INDEX[above]] < y[:, INDEX[below]]).all()


@pytest.mark.parametrize("index", range(4))
def test_bones_keep_their_length_and_hands_their_speed(index: int) -> None:
    signer = Signer.random(index)
    for gloss in list(LEXICON)[index::4]:
        world = perform(signer, [gloss], take=0, seed=0).truth.world
        assert world is not None
        for side in ("left", "right"):
            elbow, wrist = world[:, INDEX[f"{side}_elbow"]], world[:, INDEX[f"{side}_wrist"]]
            # Sway shears the trunk a little, so lengths hold to some millimetres.
            assert np.linalg.norm(wrist - elbow, axis=1) == pytest.approx(signer.body.forearm, abs=0.015)
            speed = np.linalg.norm(np.diff(wrist, axis=0), axis=1) * 25
            assert speed.max() < 5  # metres a second


@pytest.mark.parametrize("gloss", LEXICON)
def test_hands_are_in_the_frame_during_a_sign(gloss: str) -> None:
    seen = []
    for index in range(5):
        signer = Signer.random(index)
        clip = perform(signer, [gloss], take=0, seed=0)
        (span,) = clip.spans
        wrist = INDEX["left_wrist" if signer.left_handed else "right_wrist"]
        times = clip.truth.timestamps
        x, y = clip.truth.keypoints[(times >= span.start_s) & (times < span.end_s), wrist, :2].T
        seen.append(((x > 0) & (x < 1) & (y > 0) & (y < 1)).mean())
        assert 1.0 < clip.truth.duration < 5.0
    assert np.mean(seen) > 0.9


@pytest.mark.parametrize("gloss", LEXICON)
def test_a_left_handed_signer_mirrors_every_sign(gloss: str) -> None:
    signer = Signer.random(1)
    straight = replace(signer, rig=replace(signer.rig, yaw=0.0), style=replace(signer.style, sway=0.0))
    right = perform(straight, [gloss], take=0, seed=0).truth.world
    left = perform(replace(straight, left_handed=True), [gloss], take=0, seed=0).truth.world
    assert right is not None
    assert left is not None
    mirrored = left[:, MIRROR] * [-1, 1, 1]
    arms = slice(INDEX["left_shoulder"], INDEX["right_thumb"] + 1)
    assert np.abs(mirrored[:, arms] - right[:, arms]).max() < 0.06
    if LEXICON[gloss].hands is Hands.ONE:
        moved = np.ptp(left, axis=0).sum(axis=-1)
        assert moved[INDEX["left_wrist"]] > 3 * moved[INDEX["right_wrist"]]


def test_spans_of_a_sentence_are_in_order_and_hold_the_movement(signer: Signer) -> None:
    glosses = ["CHIN-TAP", "TWO-HANDS-RISE", "SIDE-ZIGZAG", "CHIN-TAP"]
    clip = perform(signer, glosses, take=0, seed=3)
    assert [span.gloss for span in clip.spans] == glosses
    edges = [edge for span in clip.spans for edge in (span.start_s, span.end_s)]
    assert edges == sorted(edges)
    assert edges[0] > 0.2
    assert edges[-1] < clip.truth.duration - 0.2
    rest = clip.truth.keypoints[0, INDEX["right_wrist"], 1]
    for span in clip.spans:
        middle = round((span.start_s + span.end_s) / 2 * 25)
        assert clip.truth.keypoints[middle, INDEX["right_wrist"], 1] < rest - 0.05


def test_rest_before_the_first_sign_is_as_long_as_asked_and_still(signer: Signer) -> None:
    clip = perform(signer, ["CHIN-TAP"], take=0, seed=3, rest_s=10.0)
    assert clip.spans[0].start_s == pytest.approx(10 / signer.style.tempo, rel=0.3)
    wrist = clip.truth.keypoints[: round(clip.spans[0].start_s * 25) - 25, INDEX["right_wrist"], :2]
    assert np.ptp(wrist, axis=0).max() < 0.05


@pytest.mark.parametrize(("frame_rate", "rate"), [(25.0, Fraction(25)), (30000 / 1001, Fraction(30000, 1001))])
def test_a_video_is_read_back_whole(signer: Signer, tmp_path: Path, frame_rate: float, rate: Fraction) -> None:
    clip = perform(signer, ["CHIN-OUT"], take=0, seed=0, frame_rate=frame_rate, size=SMALL)
    path = write_video(clip, tmp_path / "clip.mp4")
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == rate
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == len(clip)
    first = next(clip.frames())
    assert np.abs(frames[0].astype(int) - first).mean() < 4


def test_an_unfinished_video_leaves_no_file(clip: Performance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Performance) -> object:
        yield next(frames)
        raise KeyboardInterrupt

    frames = clip.frames()
    monkeypatch.setattr(Performance, "frames", broken)
    with pytest.raises(KeyboardInterrupt):
        write_video(clip, tmp_path / "clip.mp4")
    assert not list(tmp_path.iterdir())


def test_an_unknown_gloss_lists_the_known_ones(signer: Signer) -> None:
    with pytest.raises(UnknownGlossError, match=r"'HELLO'.*CHEST-CIRCLE.*TWO-HANDS-RISE") as caught:
        perform(signer, ["HELLO"], take=0, seed=0)
    assert isinstance(caught.value, PoseglossError)


@pytest.mark.parametrize("wrong", [{"size": (321, 240)}, {"frame_rate": 0.0}, {"glosses": []}, {"rest_s": -1.0}])
def test_settings_that_make_no_video_are_refused(signer: Signer, wrong: dict[str, object]) -> None:
    arguments = {"glosses": ["CHIN-TAP"], "take": 0, "seed": 0} | wrong
    with pytest.raises(AvatarSettingsError):
        perform(signer, **arguments)
