"""The nearest clip under dynamic time warping (Sakoe and Chiba 1978), the oldest way to compare movements.

Nothing is learnt but how certain a distance is: the training clips themselves are what lies on disk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import softmax

from posegloss.classifiers.base import Sample
from posegloss.classifiers.families.at_once import AtOnceFamily
from posegloss.classifiers.families.confidence import Integers, people, steepness
from posegloss.classifiers.families.moments import at_moments
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.sequence import FloatArray

CLIPS: Final = "clips.npz"

# Two moments that share no point are as different as if each point were a shoulder width away.
_NOTHING_SHARED: Final = 1.0
# The distances between so many clips and all training clips are held at once.
_AT_ONCE: Final = 8
# From the distances of so many training clips to all the others it is learnt how certain a distance is.
_ASKED: Final = 400


@dataclass(frozen=True)
class DTWConfig:
    """How clips are compared.

    Attributes:
        moments: clips are compared at so many moments, evenly spread over each.
        band: how many moments one clip may be ahead of the other (Sakoe and Chiba 1978, section II.B).
        mirror: compare the mirror image, too, and take the smaller distance.
    """

    moments: int = 20
    band: int = 3
    mirror: bool = True

    def __post_init__(self) -> None:
        if self.moments < 1 or self.band < 0:
            raise ValueError("moments must be at least 1 and band at least 0")


class DTWNearest(AtOnceFamily):
    """The gloss of the nearest training clip; probabilities are the softmax of each gloss's nearest distance."""

    name = "dtw-1nn"
    weights_file = CLIPS
    settings_type = DTWConfig

    def __init__(self, settings: DTWConfig | None = None, preprocessing: Preprocessing | None = None) -> None:
        super().__init__(settings, preprocessing)
        self._clips = np.empty((0, 0, 0, 0), np.float16)
        self._labels = np.empty(0, np.int64)
        self._steepness = 1.0

    def learn(self, samples: Sequence[Sample], labels: Integers, seed: int) -> None:
        """Keep the clips, and learn how certain a distance to another person's clip is."""
        self._clips, self._labels = self._moments([sample.inputs for sample in samples]).astype(np.float16), labels
        chosen = np.random.default_rng(seed).permutation(len(samples))[:_ASKED]
        distances, signers = self._distances([samples[i].inputs for i in chosen]), people(samples)
        distances[signers[chosen][:, None] == signers] = np.inf
        nearest = self._nearest(distances)
        # A gloss that one person only signs has no distance to others.
        compared = np.isfinite(nearest).all(axis=1)
        self._steepness = steepness(-nearest[compared], labels[chosen][compared])

    def predict_inputs(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, C) probabilities of the glosses; each row sums to one."""
        if not inputs:
            return np.empty((0, len(self.glosses)), np.float32)
        return np.asarray(softmax(-self._steepness * self._nearest(self._distances(inputs)), axis=1), np.float32)

    def save_weights(self, folder: Path) -> Path:
        """Write the training clips."""
        np.savez_compressed(folder / CLIPS, clips=self._clips, labels=self._labels, steepness=self._steepness)
        return folder / CLIPS

    def load_weights(self, folder: Path, glosses: Sequence[str]) -> None:
        """Read the training clips."""
        with np.load(folder / CLIPS, allow_pickle=False) as file:
            clips, labels, steep = file["clips"], file["labels"], float(file["steepness"])
        shape = (len(labels), self.settings.moments, len(self.preprocessing.points))
        if clips.shape[:3] != shape or set(labels.tolist()) != set(range(len(set(labels.tolist())))):
            raise ValueError(f"{CLIPS} holds clips of another shape")
        self.known_glosses(len(set(labels.tolist())), glosses)
        self._clips, self._labels, self._steepness = clips, labels, steep

    def _moments(self, inputs: Sequence[FloatArray]) -> FloatArray:
        return at_moments(inputs, self.settings.moments)

    def _nearest(self, distances: FloatArray) -> FloatArray:
        """(N, C) the distance to the nearest clip of each gloss, of distances (N, clips)."""
        return np.stack([distances[:, self._labels == i].min(axis=1) for i in range(len(self.glosses))], axis=1)

    def _distances(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, clips) from each of some clips to each training clip."""
        mirror = self.preprocessing.points.mirror
        clips = self._moments(inputs)
        known = self._clips.astype(np.float32)
        found = np.empty((len(clips), len(known)), np.float32)
        for start in range(0, len(clips), _AT_ONCE):
            block = slice(start, start + _AT_ONCE)
            found[block] = self._warped(clips[block], known)
            if self.settings.mirror:
                found[block] = np.minimum(found[block], self._warped(mirror(clips[block]), known))
        return found

    def _warped(self, clips: FloatArray, known: FloatArray) -> FloatArray:
        """(N, M) the cost of the cheapest way through both clips in step, a moment on, in shoulder widths."""
        apart = _differences(clips, known)
        moments, band = apart.shape[0], self.settings.band
        # Row by row over the first clip's moments; all pairs of clips at once.
        above = np.full((moments + 1, *apart.shape[2:]), np.inf, np.float32)
        above[0] = 0
        for i in range(moments):
            row = np.full_like(above, np.inf)
            for j in range(max(0, i - band), min(moments, i + band + 1)):
                row[j + 1] = apart[i, j] + np.minimum(np.minimum(above[j], above[j + 1]), row[j])
            above = row
        return np.asarray(np.sqrt(above[-1] / moments))


def _differences(clips: FloatArray, known: FloatArray) -> FloatArray:
    """(M, M, N, L) the mean squared distance of the points that moment i of N clips and j of L clips both show."""
    one, other = (np.moveaxis(some, 1, 0) for some in (clips, known))
    seen, known_seen = (~np.isnan(some[..., 0]) for some in (one, other))
    points, known_points = (np.nan_to_num(some) for some in (one, other))
    # |a - b|² = |a|² + |b|² - 2ab, each over the points that both show: four matrix products for all pairs.
    squared = _product((points**2).sum(axis=-1), known_seen) + _product(seen, (known_points**2).sum(axis=-1))
    flat, known_flat = (some.reshape(*some.shape[:2], -1) for some in (points, known_points))
    squared -= 2 * _product(flat, known_flat)
    shared = _product(seen, known_seen)
    mean = np.divide(squared, shared, out=np.full_like(squared, _NOTHING_SHARED), where=shared > 0)
    # Rounding may leave a little less than nothing.
    return np.asarray(np.maximum(mean, 0).transpose(0, 2, 1, 3))


def _product(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> FloatArray:
    """(M, N, M, L) of (M, N, F) and (M, L, F)."""
    features = one.shape[-1]
    product = np.float32(one).reshape(-1, features) @ np.float32(other).reshape(-1, features).T
    return np.asarray(product.reshape(*one.shape[:2], *other.shape[:2]))
