"""What the heatmaps are to say, and where a point is that they show."""

from typing import Any, Final

from posegloss.pipeline.keras_backend import tf
from posegloss.pipeline.network.description import NUM_ALIGNED

SIGMA: Final = 1.5
"""Cells of a heatmap's spot (standard deviation)."""
REACH: Final = 2.0
"""Cells around a point that are to know the way to it."""
_NEAR: Final = 5
"""Cells on a side of the square that the likeliest place is sought in: about what PCK@0.2 counts as right. PCK@0.2 of a
trained Lite on held-back examples: 62.3 for 1, 62.7 for 3, 63.1 for 5, 62.6 for 7."""
_LARGEST: Final = 20.0
"""Logit beyond which none is told from another, so that no exponential overflows."""


def heatmap_targets(points: Any, side: int) -> tuple[Any, Any]:
    """Spots and the way to each point.

    Args:
        points: (B, K, 2+) x, y as fractions of the input's side; NaN where unknown.
        side: cells of the heatmaps.

    Returns:
        (B, side, side, K) spots from 0 to 1; (B, side, side, K, 2) x, y in cells from each cell to the point. Cells
        are counted by their index, not their middle: the tracker's refinement (``landmarks.refine``) does so.
    """
    places = tf.where(tf.math.is_finite(points[..., :2]), points[..., :2], -1.0) * side
    cells = tf.range(side, dtype=tf.float32)
    dx = places[:, None, None, :, 0] - cells[None, None, :, None]
    dy = places[:, None, None, :, 1] - cells[None, :, None, None]
    spots = tf.exp(-(dx**2 + dy**2) / (2 * SIGMA**2))
    shape = tf.shape(spots)
    ways = tf.stack([tf.broadcast_to(dx, shape), tf.broadcast_to(dy, shape)], axis=-1)
    return spots, ways


def likeliest_cells(heatmaps: Any) -> tuple[Any, Any]:
    """Where each point is by (B, S, S, 35) logits.

    That is the middle of the square in which it most probably is: a low wide hill may hold more than a high narrow one.

    Returns:
        (B, 35) int32 numbers of cells, counted by rows, and (B, 35) the highest logit of each heatmap.
    """
    chances = tf.exp(tf.minimum(heatmaps, _LARGEST))
    around = [(0, 0), (_NEAR // 2, _NEAR // 2), (_NEAR // 2, _NEAR // 2), (0, 0)]
    # Rows, then columns: ten numbers a cell to add up in place of twenty-five.
    near = tf.nn.avg_pool2d(tf.nn.avg_pool2d(tf.pad(chances, around), (1, _NEAR), 1, "VALID"), (_NEAR, 1), 1, "VALID")
    # A point's cells beside each other, which the argmax of LiteRT goes through several times as fast.
    flat = tf.transpose(tf.reshape(near, (-1, heatmaps.shape[1] ** 2, NUM_ALIGNED)), (0, 2, 1))
    return tf.argmax(flat, axis=2, output_type=tf.int32), tf.reduce_max(heatmaps, axis=(1, 2))


def places_of(cells: Any, offsets: Any, side: int) -> Any:
    """(B, 35, 2) x, y as fractions of the input's side, of (B, 35) cells and the (B, 35, 2) offsets from there."""
    return (tf.cast(tf.stack([cells % side, cells // side], axis=-1), tf.float32) + offsets) / side


def decode_heatmaps(said: dict[str, Any]) -> Any:
    """(B, 35, 2) x, y as fractions of the input's side: each point's likeliest cell, and the offset read there."""
    side = said["heatmaps"].shape[1]
    cells, _ = likeliest_cells(said["heatmaps"])
    offsets = tf.reshape(said["offsets"], (-1, side * side, NUM_ALIGNED, 2))
    offsets = tf.gather(tf.transpose(offsets, (0, 2, 1, 3)), cells, axis=2, batch_dims=2)
    return places_of(cells, offsets, side)
