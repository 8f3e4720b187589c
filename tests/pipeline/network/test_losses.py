from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from posegloss.pipeline.landmarks import refine
from posegloss.pipeline.network.example import SIDE, nobody
from posegloss.pipeline.network.heatmaps import decode_heatmaps, heatmap_targets
from posegloss.pipeline.network.losses import compiled, heatmap_loss, regression_loss

from .made_up import example, smooth_picture, spots_at, values_of

CELLS = 64
LOSSES = {"heatmaps": heatmap_loss, "regression": regression_loss}
Said = dict[str, tf.Tensor]


def random_answer(kind: str, batch: int = 1, seed: int = 0) -> Said:
    """What an untrained network might say."""
    shapes = {
        "heatmaps": {"heatmaps": (CELLS, CELLS, 35), "offsets": (CELLS, CELLS, 70)},
        "regression": {"points": (35, 3), "visibility": (33,), "presence": (33,), "person": (1,), "world": (33, 3)},
    }[kind]
    rng = np.random.default_rng(seed)
    return {name: tf.constant(rng.normal(0, 1, (batch, *shape)), tf.float32) for name, shape in shapes.items()}


def logits(chance: Any) -> np.ndarray:
    chance = np.clip(np.asarray(chance, np.float64), 1e-6, 1 - 1e-6)
    return np.log(chance / (1 - chance)).astype(np.float32)


def ideal(values: dict[str, np.ndarray]) -> Said:
    """The heatmaps and offsets that could not be better."""
    spots, ways = heatmap_targets(values["points"], CELLS)
    return {"heatmaps": tf.constant(logits(spots)), "offsets": tf.reshape(ways, (len(ways), CELLS, CELLS, 70))}


def perfect(values: dict[str, np.ndarray]) -> Said:
    """Coordinates that could not be better, and flags that are sure."""
    said = {name: tf.constant(values[name]) for name in ("points", "world")}
    said |= {name: tf.constant(40 * values[name] - 20) for name in ("visibility", "presence")}
    return said | {"person": tf.constant(40 * values["person"][:, None] - 20)}


def loss_and_gradients(kind: str, said: Said, values: dict[str, np.ndarray]) -> tuple[float, dict[str, np.ndarray]]:
    with tf.GradientTape() as tape:
        tape.watch(said)
        loss = LOSSES[kind](said, values)
    gradients = tape.gradient(loss, said, unconnected_gradients="zero")
    return float(loss), {name: gradient.numpy() for name, gradient in gradients.items()}


@pytest.mark.parametrize("kind", LOSSES)
def test_compiled_it_says_the_same(kind: str) -> None:
    one = example()
    one.points[3] = np.nan
    values, said = values_of(one), random_answer(kind)
    plain = loss_and_gradients(kind, said, values)
    with tf.GradientTape() as tape:
        tape.watch(said)
        # Upstream of a mixed precision optimizer is its scale, not one.
        scaled = 8 * compiled(LOSSES[kind])(said, values)
    gradients = tape.gradient(scaled, said)
    np.testing.assert_allclose(scaled, 8 * plain[0], rtol=1e-5)
    for name, gradient in plain[1].items():
        np.testing.assert_allclose(gradients[name], 8 * gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", LOSSES)
def test_what_is_unknown_changes_nothing(kind: str) -> None:
    one = example()
    one.points[[3, 34]] = np.nan
    one.visibility[3] = one.presence[3] = np.nan
    one.world[3] = np.nan
    values = values_of(one)
    said = random_answer(kind)
    other = dict(said)
    for name, places in (("heatmaps", [3, 34]), ("offsets", [6, 7, 68, 69])):
        if name in said:
            changed = said[name].numpy()
            changed[..., places] += 5
            other[name] = tf.constant(changed)
    for name, places in (("points", [3, 34]), ("world", [3]), ("visibility", [3]), ("presence", [3])):
        if name in said:
            changed = said[name].numpy()
            changed[:, places] += 5
            other[name] = tf.constant(changed)
    loss, gradients = loss_and_gradients(kind, said, values)
    again, gradients_again = loss_and_gradients(kind, other, values)
    assert loss == again
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(gradient, gradients_again[name])
        assert np.abs(gradient).max() > 0
    # While one that is known does.
    assert loss_and_gradients(kind, said, values_of(example()))[0] != loss


def test_depth_that_nobody_marked_leaves_the_place_taught() -> None:
    one = example()
    one.points[:, 2] = np.nan
    _, gradients = loss_and_gradients("regression", random_answer("regression"), values_of(one))
    assert (gradients["points"][..., :2] != 0).all()
    assert (gradients["points"][..., 2] == 0).all()


@pytest.mark.parametrize("kind", LOSSES)
def test_is_finite_when_nothing_is_known(kind: str) -> None:
    unknown = {"points": np.full((35, 3), np.nan, np.float32), "world": np.full((33, 3), np.nan, np.float32)}
    unknown |= {name: np.full(33, np.nan, np.float32) for name in ("visibility", "presence")}
    loss, gradients = loss_and_gradients(kind, random_answer(kind), values_of(example(**unknown)))
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())
    # Only that there is somebody is learned.
    assert {name for name, gradient in gradients.items() if gradient.any()} == {"person"} & gradients.keys()


def test_perfect_coordinates_have_almost_no_loss() -> None:
    sure = np.ones(33, np.float32)
    values = values_of(example(seed=1, visibility=sure), example(seed=2, visibility=sure, presence=0 * sure))
    assert float(regression_loss(perfect(values), values)) < 1e-4
    for name in perfect(values):
        worse = perfect(values)
        worse[name] = worse[name] * 0.9 - 0.1 if name in ("points", "world") else -worse[name]
        assert float(regression_loss(worse, values)) > 0.05, name


def test_ideal_offsets_have_no_loss_and_nothing_to_learn() -> None:
    values = values_of(example())
    best, gradients = loss_and_gradients("heatmaps", ideal(values), values)
    assert np.abs(gradients["offsets"]).max() < 1e-6
    # Off by a cell each way, beyond which Huber's loss is linear.
    worse = ideal(values) | {"offsets": ideal(values)["offsets"] + 1.0}
    loss, gradients = loss_and_gradients("heatmaps", worse, values)
    assert loss - best == pytest.approx(0.5, abs=1e-3)
    assert np.abs(gradients["offsets"]).max() > 1e-4


def test_ideal_heatmaps_are_better_than_flat_and_than_shifted_ones() -> None:
    values = values_of(example())
    best = float(heatmap_loss(ideal(values), values))
    heatmaps = ideal(values)["heatmaps"]
    for other in (0 * heatmaps, -heatmaps, tf.roll(heatmaps, 1, axis=2), tf.roll(heatmaps, 1, axis=1)):
        assert float(heatmap_loss(ideal(values) | {"heatmaps": other}, values)) > 1.02 * best


def test_a_mark_and_a_teacher_that_sees_another_place_both_count() -> None:
    one = example()
    other = one.points[::-1, :2].copy()
    values = values_of(replace(one, maps=spots_at(other)))
    marks, _ = heatmap_targets(one.points[None], CELLS)
    mixed = 0.5 * (marks.numpy() + spots_at(other)[None] / 255)
    losses = [
        float(heatmap_loss(ideal(values) | {"heatmaps": tf.constant(logits(maps))}, values))
        for maps in (mixed, marks, spots_at(other)[None] / 255)
    ]
    assert losses[0] < 0.9 * min(losses[1:])


def test_of_what_nobody_marked_a_sure_teacher_tells_all_and_an_unsure_one_nothing() -> None:
    unmarked = example(points=np.full((35, 3), np.nan, np.float32))
    places = example().points[:, :2]
    maps = {height: spots_at(places, height) for height in (0.9, 0.1)}
    said = random_answer("heatmaps")
    (_, sure), (_, unsure) = (
        loss_and_gradients("heatmaps", said, values_of(replace(unmarked, maps=one))) for one in maps.values()
    )
    rows, columns = np.round(places * CELLS).astype(int).T[::-1].clip(0, CELLS - 1)
    assert (sure["heatmaps"][0, rows, columns, np.arange(35)] < 0).all()
    assert not unsure["heatmaps"].any()
    # It shows where points are, not how far from the middle of a cell.
    assert not sure["offsets"].any()


def test_points_are_read_out_of_ideal_heatmaps() -> None:
    values = values_of(example(seed=1), example(seed=2))
    found = decode_heatmaps(ideal(values)).numpy()
    np.testing.assert_allclose(found, values["points"][..., :2], atol=1e-3)
    assert np.abs(found[0] - found[1]).max() > 0.1


def test_the_trackers_refinement_reads_the_heatmaps_as_they_are_taught() -> None:
    values = values_of(example())
    wanted = values["points"][0, :, :2].astype(np.float64)
    heatmap = np.ascontiguousarray(ideal(values)["heatmaps"][0].numpy())
    # The regression being off by up to two cells; the window is of nine.
    started = wanted + np.random.default_rng(0).uniform(-2 / CELLS, 2 / CELLS, wanted.shape)
    apart = np.abs(refine(started, heatmap) - wanted) * CELLS
    assert apart.max() < 0.35
    # From near the point nothing of its spot is cut off on one side.
    assert (np.abs(refine(wanted, heatmap) - wanted) * CELLS).max() < 0.1


def test_nobody_pushes_heatmaps_down_and_teaches_nothing_else() -> None:
    values = values_of(nobody("empty", smooth_picture(SIDE, SIDE)))
    loss, gradients = loss_and_gradients("heatmaps", random_answer("heatmaps"), values)
    assert np.isfinite(loss)
    assert (gradients["heatmaps"] > 0).all()
    assert not gradients["offsets"].any()
    _, of_regression = loss_and_gradients("regression", random_answer("regression"), values)
    assert {name for name, gradient in of_regression.items() if gradient.any()} == {"person"}
    assert of_regression["person"] > 0


def test_a_point_outside_of_the_view_is_nowhere_in_its_heatmap() -> None:
    one = example()
    one.points[5, :2] = 1.004, 0.5  # its spot would reach into the view
    _, gradients = loss_and_gradients("heatmaps", random_answer("heatmaps"), values_of(one))
    assert (gradients["heatmaps"][..., 5] > 0).all()
    assert (gradients["heatmaps"][..., 6] < 0).any()
    assert not gradients["offsets"].reshape(1, CELLS, CELLS, 35, 2)[..., 5, :].any()


@pytest.mark.parametrize(("kind", "name"), [("heatmaps", "offsets"), ("regression", "points")])
def test_less_trust_teaches_less(kind: str, name: str) -> None:
    trust = np.ones(35, np.float32)
    trust[7] = 0.5
    said = random_answer(kind)
    full, half = (
        np.abs(loss_and_gradients(kind, said, values_of(one))[1][name]) for one in (example(), example(trust=trust))
    )
    of_point = np.s_[..., 14:16] if kind == "heatmaps" else np.s_[:, 7]
    assert half[of_point].sum() / full[of_point].sum() == pytest.approx(0.5, rel=0.05)
    of_another = np.s_[..., 16:18] if kind == "heatmaps" else np.s_[:, 8]
    assert half[of_another].sum() / full[of_another].sum() == pytest.approx(1, rel=0.05)
