"""The baseline: extremely randomized trees (Geurts et al. 2006) over points at fixed parts of the clip.

What lies on disk is the table of features and labels that the trees were grown from, with the seed. Loading grows
the same trees again, in a second or two: a pickled forest would run any code that a stranger put into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from posegloss.classifiers.base import Sample
from posegloss.classifiers.families.at_once import AtOnceFamily
from posegloss.classifiers.families.confidence import Integers
from posegloss.classifiers.families.moments import at_moments, nearest_in_time
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.sequence import FloatArray

TABLE = "trees.npz"


@dataclass(frozen=True)
class ExtraTreesConfig:
    """The settings of the forest and its features.

    Attributes:
        trees: their number.
        moments: so many moments, evenly spread over the clip, are looked at.
        mirror: grow the trees from mirrored copies too.
    """

    trees: int = 100
    moments: int = 12
    mirror: bool = True

    def __post_init__(self) -> None:
        if self.trees < 1 or self.moments < 1:
            raise ValueError("trees and moments must be at least 1")


class ExtraTrees(AtOnceFamily):
    """Extremely randomized trees over positions and speeds; trains in seconds, needs no TensorFlow."""

    name = "extra-trees"
    weights_file = TABLE
    settings_type = ExtraTreesConfig

    def __init__(self, settings: ExtraTreesConfig | None = None, preprocessing: Preprocessing | None = None) -> None:
        super().__init__(settings, preprocessing)
        self._forest: Any = None
        self._features = np.empty((0, 0), np.float16)
        self._labels = np.empty(0, np.int64)
        self._seed = 0

    def learn(self, samples: Sequence[Sample], labels: Integers, seed: int) -> None:
        """Grow the trees."""
        if self.settings.mirror:
            samples, labels = self.with_mirrored(samples), np.concatenate([labels, labels])
        self._grow(self._describe([sample.inputs for sample in samples]), labels, seed)

    def predict_inputs(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, C) the part of the trees that vote for each gloss."""
        if not inputs:
            return np.empty((0, len(self.glosses)), np.float32)
        return np.asarray(self._forest.predict_proba(self._describe(inputs)), np.float32)

    def save_weights(self, folder: Path) -> Path:
        """Write the table that the trees are grown from."""
        np.savez_compressed(folder / TABLE, features=self._features, labels=self._labels, seed=np.array(self._seed))
        return folder / TABLE

    def load_weights(self, folder: Path, glosses: Sequence[str]) -> None:
        """Grow the trees again from the table."""
        with np.load(folder / TABLE, allow_pickle=False) as table:
            features, labels, seed = table["features"], table["labels"], int(table["seed"])
        held = len(set(labels))
        if features.ndim != 2 or labels.shape != features.shape[:1] or set(labels) != set(range(held)):
            raise ValueError(f"{TABLE} is no table of features with a label each")
        self.known_glosses(held, glosses)
        self._grow(features, labels, seed)

    def _grow(self, features: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], seed: int) -> None:
        self._features, self._labels, self._seed = features, labels, seed
        self._forest = ExtraTreesClassifier(
            self.settings.trees, class_weight="balanced", min_samples_leaf=2, n_jobs=-1, random_state=seed
        ).fit(features, labels)
        # Threads cost more than they save where a few clips are to be answered.
        self._forest.n_jobs = 1

    def _describe(self, inputs: Sequence[FloatArray]) -> np.ndarray[Any, np.dtype[np.float16]]:
        """(N, F) half-precision features: what is saved is what the trees are grown from."""
        return np.stack([self._describe_one(one) for one in inputs]).astype(np.float16)

    def _describe_one(self, inputs: FloatArray) -> FloatArray:
        """Positions at fixed moments, speeds between them, and each point's mean, range and part of time seen."""
        frames = len(inputs)
        # A tree needs a value everywhere: where a point is never seen, one that no point has. How much was missing
        # is a feature of its own.
        filled = np.where(np.isnan(there := nearest_in_time(inputs)), np.float32(-9), there)
        at = at_moments([filled], self.settings.moments)[0]
        seconds = max(frames - 1, 1) / self.preprocessing.rate_hz / max(len(at) - 1, 1)
        speed = (np.diff(at, axis=0) / seconds).clip(-100, 100)
        seen = ~np.isnan(inputs)
        parts = [at, speed, filled.mean(axis=0), np.ptp(filled, axis=0), seen.mean(axis=0)]
        return np.concatenate([part.ravel() for part in parts])
