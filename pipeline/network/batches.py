"""Batches of views for training, made on other threads while the network learns from the last ones."""

from typing import Any, Final

import numpy as np

from posegloss.pipeline.keras_backend import tf
from posegloss.pipeline.network.augmentation import NONE, Augmentation, Values, view
from posegloss.pipeline.network.backdrop import in_front_of
from posegloss.pipeline.network.description import CELL, NUM_ALIGNED
from posegloss.pipeline.network.example import Examples
from posegloss.pipeline.roi import Image

_READY: Final = 4
"""Batches that wait to be learned from."""
_NAMES: Final = ("points", "trust", "visibility", "presence", "world", "person")


def training_batches(examples: Examples, side: int, batch: int, *, augmentation: Augmentation, seed: int) -> Any:
    """An endless ``tf.data.Dataset`` of (pictures, values), each epoch in another order and in other views.

    Args:
        examples: what to learn from.
        side: pixels of a view.
        batch: views at once.
        augmentation: how far views go.
        seed: decides order and views.

    Returns:
        Batches of pictures, (B, side, side, 3) uint8, and the values of ``Example`` by their names, float32, and its
        maps in the cells of the view's heatmaps, uint8.
    """
    numbers = tf.data.Dataset.range(len(examples)).shuffle(len(examples), seed=seed).repeat().enumerate()
    return _batches(numbers, examples, side, batch, augmentation, seed, remainder=False, taught=True)


def plain_batches(examples: Examples, side: int, batch: int) -> Any:
    """All examples once, in their order, as the tracker would crop them."""
    return _batches(
        tf.data.Dataset.range(len(examples)).enumerate(), examples, side, batch, NONE, 0, remainder=True, taught=False
    )


def _batches(
    numbers: Any,
    examples: Examples,
    side: int,
    batch: int,
    augmentation: Augmentation,
    seed: int,
    *,
    remainder: bool,
    taught: bool,
) -> Any:
    specs = {name: tf.TensorSpec(examples.values[name].shape[1:], tf.float32) for name in _NAMES}
    if taught:  # only what is learned from needs a teacher
        specs["maps"] = tf.TensorSpec((side // CELL, side // CELL, NUM_ALIGNED), tf.uint8)

    def make(count: np.ndarray[Any, Any], row: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        rng = np.random.default_rng([seed, int(count)])
        known: Values = {name: examples.values[name][row] for name in _NAMES}
        if taught:
            known["maps"] = examples.maps(int(row))
        picture = _elsewhere(examples, int(row), augmentation.backdrop, rng)
        picture, values = view(picture, known, side, augmentation, rng)
        return [picture, *(np.asarray(values[name], spec.dtype.as_numpy_dtype) for name, spec in specs.items())]

    def load(count: Any, row: Any) -> tuple[Any, dict[str, Any]]:
        kinds = [tf.uint8, *(spec.dtype for spec in specs.values())]
        picture, *made = tf.numpy_function(make, [count, row], kinds)
        picture.set_shape((side, side, 3))
        for value, spec in zip(made, specs.values(), strict=True):
            value.set_shape(spec.shape)
        return picture, dict(zip(specs, made, strict=True))

    made = numbers.map(load, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return made.batch(batch, drop_remainder=not remainder).prefetch(_READY)


def _elsewhere(examples: Examples, row: int, chance: float, rng: np.random.Generator) -> Image:
    """An example's picture, by chance with another one behind the person, where it is known who the person is."""
    picture = examples.picture(row)
    segmentation = examples.segmentation(row) if rng.random() < chance else None
    if segmentation is None:
        return picture
    return in_front_of(picture, segmentation, examples.picture(int(rng.integers(len(examples)))), rng)
