import numpy as np
import pytest

from posegloss.classifiers.bundle import load_bundle
from posegloss.classifiers.evaluating import behaviour, perturbations
from posegloss.classifiers.evaluating.behaviour import choose_clips, measure_behaviour
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.evaluating.held_out import evaluate_bundle
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import HOLISTIC75, INDEX, LAYOUTS, hand_points

from ..made_up import SIZE, make_clips, make_sequence, nobody

SEQUENCE = make_sequence("circle", "ada")


def holistic():
    generator = np.random.default_rng(0)
    keypoints = generator.random((8, len(LAYOUTS[HOLISTIC75]), 4), np.float32)
    return KeypointSequence(keypoints, np.arange(8) / 25, SIZE, layout=HOLISTIC75)


@pytest.mark.parametrize("rate", [10, 15, 25, 60])
def test_another_frame_rate_is_the_same_motion(rate):
    found = perturbations.at_rate(make_sequence("circle", missing=0), rate)
    assert found.frame_rate == pytest.approx(rate)
    assert found.duration == pytest.approx(1.2, abs=1 / 25 + 1 / rate)
    whole = make_sequence("circle", missing=0)
    x = whole.keypoints[:, INDEX["right_wrist"], 0]
    expected = np.interp(found.timestamps, whole.timestamps, x)
    np.testing.assert_allclose(found.keypoints[:, INDEX["right_wrist"], 0], expected, atol=1e-4)


def test_at_its_own_rate_nothing_changes():
    np.testing.assert_allclose(perturbations.at_rate(SEQUENCE, 25.0).keypoints, SEQUENCE.keypoints, atol=1e-5)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_distance_and_place_are_no_part_of_the_inputs(factor):
    preprocessing = Preprocessing()
    expected = preprocessing(SEQUENCE)
    near = perturbations.nearer(SEQUENCE, factor)
    middle = np.nanmean(near.keypoints[:, 11, 0]) - 0.5
    assert middle == pytest.approx(factor * (np.nanmean(SEQUENCE.keypoints[:, 11, 0]) - 0.5), abs=1e-5)
    np.testing.assert_allclose(preprocessing(near), expected, atol=1e-3)
    moved = perturbations.shifted(SEQUENCE, 0.25, -0.1)
    np.testing.assert_allclose(moved.keypoints[..., 0], SEQUENCE.keypoints[..., 0] + 0.25, atol=1e-6)
    np.testing.assert_allclose(preprocessing(moved), expected, atol=1e-3)


def test_a_mirrored_camera_shows_a_left_handed_signer():
    seen = make_sequence("circle", missing=0, noise=0)
    found = perturbations.mirrored_camera(seen)
    expected = make_sequence("circle", missing=0, noise=0, mirror=True)
    # The one is mirrored about the picture's middle, the other about the signer's.
    np.testing.assert_allclose(Preprocessing()(found), Preprocessing()(expected), atol=1e-4)
    left, right = INDEX["left_wrist"], INDEX["right_wrist"]
    np.testing.assert_allclose(found.keypoints[:, left, 0], 1 - seen.keypoints[:, right, 0], atol=1e-6)
    twice = perturbations.mirrored_camera(perturbations.mirrored_camera(holistic()))
    np.testing.assert_allclose(twice.keypoints, holistic().keypoints, atol=1e-6)


def test_a_hand_is_gone_with_its_wrist_and_nothing_else():
    found = perturbations.without_hands(holistic(), "left")
    gone = {LAYOUTS[HOLISTIC75].points[i] for i in np.flatnonzero(np.isnan(found.keypoints[..., 0]).all(axis=0))}
    body = {"left_wrist", "left_pinky", "left_index", "left_thumb"}
    hand = {LAYOUTS[HOLISTIC75].points[i] for i in range(*hand_points("left").indices(75))}
    assert gone == body | hand
    both = perturbations.without_hands(make_sequence(missing=0), "left", "right")
    # 21 of 33 points of the made-up signer are seen nowhere; eight of the others are the hands'.
    assert (~np.isnan(both.keypoints[0, :, 0])).sum() == (
        ~np.isnan(make_sequence(missing=0).keypoints[0, :, 0])
    ).sum() - 8


def test_parts_are_missing_at_random():
    many = KeypointSequence(np.full((500, 33, 4), 0.5), np.arange(500) / 25, SIZE)
    points = np.isnan(perturbations.without_points(many, 0.2).keypoints[..., 0])
    assert points.mean() == pytest.approx(0.2, abs=0.01)
    frames = np.isnan(perturbations.without_frames(many, 0.2).keypoints[..., 0])
    assert frames.all(axis=1).mean() == frames.mean() == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("one", perturbations.PERTURBATIONS, ids=lambda one: one.name)
def test_every_change_takes_any_sequence(one):
    for sequence in (SEQUENCE, nobody(), nobody(0), SEQUENCE[:1], holistic()):
        assert one.apply(sequence).layout == sequence.layout


def test_a_model_that_reads_the_signers_frame_does_not_care_where_they_stand(trees, clips):
    bundle = load_bundle(trees.path)
    tested = {answer.clip_id for answer in trees.evaluation.answers}
    found = measure_behaviour(bundle.classifier, clips, tested)
    rows = {(row.kind, row.name): row for row in found.rows}
    assert (found.clips, found.of) == (len(tested), len(tested))
    assert rows["as filmed", ""].top1.value == trees.evaluation.top1.value
    for kind, name in rows:
        if kind in ("distance", "place"):
            assert rows[kind, name].change == 0
    blind = rows["hands", "neither hand ever seen"]
    assert blind.top1.value < 0.6
    assert blind.change == pytest.approx(blind.top1.value - trees.evaluation.top1.value)


def test_clips_in_which_nobody_is_left_count_as_wrong(trees, clips, monkeypatch):
    gone = perturbations.Perturbation("sight", "all gone", lambda sequence: perturbations.without_points(sequence, 1.1))
    monkeypatch.setattr(behaviour, "PERTURBATIONS", (gone,))
    found = measure_behaviour(trees.classifier, clips, {clips[0].clip_id, clips[1].clip_id})
    assert found.rows[1].top1.value == 0
    assert found.clips == 2
    with pytest.raises(EvaluationError, match="none of the tested clips"):
        measure_behaviour(trees.classifier, clips, {"absent"})


def test_many_clips_are_sampled():
    ids = [f"{i}" for i in range(1000)]
    assert choose_clips(ids) == choose_clips(ids[::-1])
    assert len(choose_clips(ids)) == behaviour.MOST_CLIPS
    assert choose_clips(ids[:5]) == set(ids[:5])


def test_the_report_shows_it(trees, tmp_path):
    strangers = make_clips(signers=("zoe", "yu"))
    held_out = evaluate_bundle(load_bundle(trees.path), strangers, behaviour=True)
    page = held_out.write(tmp_path / "report").read_text()
    assert "The same clips from another camera" in page
    for row in held_out.report.behaviour.rows:
        assert row.name in page
    plain = evaluate_bundle(load_bundle(trees.path), strangers)
    assert plain.report.behaviour is None
    assert "another camera" not in plain.write(tmp_path / "plain").read_text()
