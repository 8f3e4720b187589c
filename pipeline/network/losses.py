"""What the network is trained to make small: heatmaps and offsets first, then coordinates. All points are maskable."""

from collections.abc import Callable
from typing import Any, Final

from posegloss.pipeline.keras_backend import tf
from posegloss.pipeline.network.description import NUM_ALIGNED
from posegloss.pipeline.network.example import TRUST
from posegloss.pipeline.network.heatmaps import REACH, heatmap_targets

_SPOT_WEIGHT: Final = 30.0
"""Of a cell on the point against one far away, of which there are thousands."""
_HUBER: Final = 0.02
"""Side lengths of the input beyond which an error counts linearly: annotations have left and right swapped at times."""

_SURE: Final = 0.15
"""Probability from which on a teacher's map says where a point is."""
_MARK_SHARE: Final = 0.5
"""Of the target, where both a person and a teacher say where a point is."""
_TEACHERS_WEIGHT: Final = 0.7
"""Of a point that only a teacher's map shows, against one that a person marked, where the teacher is quite sure."""

Values = dict[str, Any]


def heatmap_loss(said: Values, values: Values) -> Any:
    """Of the first stage: where the points are, as spots in heatmaps, and offsets near them.

    A heatmap learns twice: that the right cell is the likeliest of all (cross entropy over the cells), and how likely
    each is (binary cross entropy). A region without a person only learns the latter, of all points. What a teacher's
    maps show is a part of both: how unsure it is between left and right tells more than a point (Hinton et al. 2015).
    """
    heatmaps = said["heatmaps"]
    side = heatmaps.shape[1]
    points, nobody = values["points"], 1 - values["person"]
    spots, ways = heatmap_targets(points, side)
    taught = tf.cast(values["maps"], tf.float32) / 255
    peak = tf.reduce_max(taught, axis=(1, 2))
    sure = tf.cast(peak > _SURE, tf.float32)
    inside = tf.reduce_all((points[..., :2] >= 0) & (points[..., :2] < 1), axis=-1)
    known = tf.cast(tf.math.is_finite(points[..., 0]), tf.float32) * values["trust"]
    placed = known * tf.cast(inside, tf.float32)
    spots *= tf.cast(placed[:, None, None, :] > 0, tf.float32)
    # Of a point that a person marked, half of the target is the mark; of others, all of it is the teacher's map.
    share = (sure * (1 - _MARK_SHARE * tf.cast(placed > TRUST, tf.float32)))[:, None, None, :]
    flat = (-1, side * side, NUM_ALIGNED)
    chance = tf.reshape((1 - share) * _chances(spots) + share * _chances(taught), flat)
    likeliest = -tf.reduce_sum(chance * tf.nn.log_softmax(tf.reshape(heatmaps, flat), axis=1), axis=1)
    # Outside of the picture there is nothing to be seen of a point, and that is an answer, too.
    told = tf.maximum(tf.maximum(known, nobody[:, None]), TRUST * sure)
    spots = (1 - share) * spots + share * taught
    each = tf.nn.sigmoid_cross_entropy_with_logits(spots, heatmaps) * (1 + _SPOT_WEIGHT * spots)
    likely = tf.reduce_mean(each, axis=(1, 2))
    offsets = tf.reshape(said["offsets"], tf.shape(ways))
    near = tf.cast(tf.reduce_sum(ways**2, axis=-1) <= REACH**2, tf.float32) * placed[:, None, None, :]
    off = _mean(_huber(offsets - ways, 1.0), near[..., None] * tf.ones(2))
    return _mean(likeliest, tf.maximum(placed, _TEACHERS_WEIGHT * sure * peak)) + 10 * _mean(likely, told) + off


def _chances(maps: Any) -> Any:
    """Maps (B, S, S, K) that sum to one over the cells, or to zero where they are empty."""
    return maps / (tf.reduce_sum(maps, axis=(1, 2), keepdims=True) + 1e-6)


def regression_loss(said: Values, values: Values) -> Any:
    """Of the second stage: coordinates, whether points are seen, whether there is a person, metres."""
    points, trust = values["points"], values["trust"]
    places = _masked(said["points"], points, trust[..., None] * tf.constant([1.0, 1.0, 0.3]), _HUBER)
    world = _masked(said["world"], values["world"], 1.0, 0.05)
    flags = sum(_flags(said[name], values[name]) for name in ("visibility", "presence"))
    person = _flags(said["person"], values["person"][:, None])
    return 20 * places + 2 * world + 0.1 * flags + 0.5 * person


def compiled(loss: Callable[[Values, Values], Any]) -> Callable[[Values, Values], Any]:
    """A loss whose value and gradient XLA makes in one piece.

    The heatmaps of a batch are tens of millions of numbers, which each operation by itself reads and writes anew: a
    quarter of a training step on a processor.
    """

    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def both(said: Values, values: Values) -> tuple[Any, list[Any]]:
        with tf.GradientTape() as tape:
            tape.watch(said)
            value = loss(said, values)
        return value, tape.gradient(value, list(said.values()), unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def compute(said: Values, values: Values) -> Any:
        names = list(said)

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def value(*outputs: Any) -> tuple[Any, Callable[[Any], list[Any]]]:
            result, gradients = both(dict(zip(names, outputs, strict=True)), values)
            return result, lambda upstream: [upstream * gradient for gradient in gradients]

        return value(*said.values())

    return compute


def _masked(said: Any, wanted: Any, weight: Any, width: float) -> Any:
    known = tf.math.is_finite(wanted)
    error = tf.where(known, said - tf.where(known, wanted, 0.0), 0.0)
    return _mean(_huber(error, width), tf.cast(known, tf.float32) * weight)


def _flags(logits: Any, wanted: Any) -> Any:
    known = tf.math.is_finite(wanted)
    each = tf.nn.sigmoid_cross_entropy_with_logits(tf.where(known, wanted, 0.0), logits)
    return _mean(each, tf.cast(known, tf.float32))


def _huber(error: Any, width: float) -> Any:
    """Huber's loss in units of its width: half the square near zero, the absolute value less a half far away."""
    size = tf.abs(error) / width
    return width * tf.where(size < 1, 0.5 * size**2, size - 0.5)


def _mean(values: Any, weights: Any) -> Any:
    weights = weights * tf.ones_like(values)
    return tf.reduce_sum(values * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)
