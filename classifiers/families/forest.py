"""A forest beside a network: extremely randomized trees whose votes are part of what the network answers.

Networks and trees err on different clips. On people that were not trained on both together were better than either,
most where clips are few (docs/accuracy.md). The trees are arrays, and a vote is a walk through them in operations that
LiteRT has too, so that a model of both streams and is exported as one without.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier

from posegloss.classifiers.families.confidence import Integers
from posegloss.pipeline.keras_backend import keras, ops, tf
from posegloss.pipeline.sequence import FloatArray

LEAVES: Final = 128
"""Of a tree at most, so that its size does not depend on how many clips there were."""
_DEPTH: Final = 16
_STEP: Final = 1 / 4096
"""Of a feature, in its unit."""
_LARGEST: Final = 500.0
_LEAST_IN_LEAF: Final = 2


@keras.saving.register_keras_serializable("posegloss")
class Forest(keras.layers.Layer):  # type: ignore[misc]
    """Extremely randomized trees (Geurts et al. 2006) as arrays.

    Args:
        trees: their number.
        glosses: C.
        **options: of every Keras layer.
    """

    def __init__(self, trees: int, glosses: int, **options: Any) -> None:
        super().__init__(trainable=False, dtype="float32", **options)
        self.trees, self.glosses = trees, glosses
        self._nodes = 2 * LEAVES - 1
        shape = (trees, self._nodes)
        self._feature, self._below, self._above, self._threshold = (
            self.add_weight(shape=shape, dtype="int32", initializer="zeros", name=name)
            for name in ("feature", "below", "above", "threshold")
        )
        self._votes = self.add_weight(shape=(*shape, glosses), initializer="zeros", name="votes")
        self._known = self.add_weight(shape=(glosses,), initializer="zeros", name="known")
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {**super().get_config(), "trees": self.trees, "glosses": self.glosses}

    def grow(self, features: FloatArray, labels: Integers, seed: int) -> None:
        """Grow the trees from the features (N, F) of clips and their labels (N,), every gloss among them."""
        grown = ExtraTreesClassifier(
            self.trees,
            class_weight="balanced",
            min_samples_leaf=_LEAST_IN_LEAF,
            max_leaf_nodes=LEAVES,
            max_depth=_DEPTH,
            n_jobs=-1,
            random_state=seed,
        ).fit(np.asarray(_steps(features)), labels)
        arrays = zip(*(self._arrays(tree.tree_) for tree in grown.estimators_), strict=True)
        places = (self._feature, self._below, self._above, self._threshold, self._votes)
        for weight, values in zip(places, arrays, strict=True):
            weight.assign(np.stack(values))
        self._known.assign(np.ones(self.glosses, np.float32))

    def _arrays(self, tree: Any) -> tuple[npt.NDArray[Any], ...]:
        """Feature, where to go below the threshold and where above, threshold, and votes of each node."""
        count = tree.node_count
        feature, below, above, threshold = (np.zeros(self._nodes, np.int32) for _ in range(4))
        votes = np.zeros((self._nodes, self.glosses), np.float32)
        leaf = tree.children_left < 0
        here = np.arange(count)
        feature[:count] = np.where(leaf, 0, tree.feature)
        # A walk that has come to a leaf stays there.
        below[:count] = np.where(leaf, here, tree.children_left)
        above[:count] = np.where(leaf, here, tree.children_right)
        threshold[:count] = np.floor(tree.threshold)
        votes[:count] = tree.value[:, 0] * leaf[:, None]
        return feature, below, above, threshold, votes

    def call(self, features: Any) -> Any:
        """(B, C) the part of the trees that vote for each gloss, of features (B, F)."""
        steps = _steps(features)
        nodes = ops.zeros_like(steps[:, :1]) + np.arange(self.trees, dtype=np.int32) * self._nodes
        feature, below, above, threshold = (
            ops.reshape(weight, (-1,)) for weight in (self._feature, self._below, self._above, self._threshold)
        )
        trunk = np.repeat(np.arange(self.trees, dtype=np.int32) * self._nodes, self._nodes)
        below, above = below + trunk, above + trunk
        for _ in range(_DEPTH):
            value = tf.gather(steps, ops.take(feature, nodes), batch_dims=1)
            nodes = ops.where(value <= ops.take(threshold, nodes), ops.take(below, nodes), ops.take(above, nodes))
        return ops.mean(ops.take(ops.reshape(self._votes, (-1, self.glosses)), nodes, axis=0), axis=1)

    def joined(self, network: Any, votes: Any, weight: float) -> Any:
        """(B, C) probabilities of a network and votes (B, C), the network's counting so much.

        What the network gives to glosses that were taught to it later, the trees cannot judge: they only share out
        the rest.
        """
        rest = ops.sum(network * self._known, axis=1, keepdims=True)
        return weight * network + (1 - weight) * (rest * votes + network * (1 - self._known))

    def take_over(self, other: "Forest", places: Sequence[int | None]) -> None:
        """Become another forest, with its gloss number ``places[i]`` as gloss i; None is one that it does not know."""
        for mine, its in zip(
            (self._feature, self._below, self._above, self._threshold),
            (other._feature, other._below, other._above, other._threshold),
            strict=True,
        ):
            mine.assign(its)
        for mine, its in ((self._votes, other._votes), (self._known, other._known)):
            values = np.zeros(mine.shape, np.float32)
            for place, was in enumerate(places):
                if was is not None:
                    values[..., place] = its.numpy()[..., was]
            mine.assign(values)


def _steps(features: Any) -> Any:
    """Features (..., F) in whole steps.

    Whole numbers stay what they are in an export of any precision. What rounding makes of sums in another order seldom
    leads to another step, where it often leads to another float.
    """
    return ops.cast(ops.round(ops.clip(features, -_LARGEST, _LARGEST) / _STEP), "int32")
