"""Random convolutions and a linear classifier: ROCKET's idea (Dempster et al. 2020) as MiniRocket has it (2021).

Each feature is the part of the time in which the convolution of a random few coordinates with one of MiniRocket's 84
kernels is above a bias. Clips are stretched to the same number of frames first, so tempo makes no difference.

Two things are other than there. Past a clip's ends its hands stay where they are, so that no edge arises that nobody
signed. And a part of the features is of the coordinates themselves: the kernels sum to zero and cannot see where in
front of the body something moves, which makes a sign as much as the movement does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict

from posegloss.classifiers.base import Sample
from posegloss.classifiers.families.at_once import AtOnceFamily
from posegloss.classifiers.families.confidence import Integers, people, steepness
from posegloss.classifiers.families.moments import at_moments
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.sequence import FloatArray

RIDGE: Final = "ridge.npz"

# Dempster et al. 2021, section 3.1: kernels have nine weights, three of them 2 and six -1.
_TAPS: Final = 9
_KERNELS: Final = np.array(
    [[2.0 if tap in high else -1.0 for tap in range(_TAPS)] for high in combinations(range(_TAPS), 3)], np.float32
)
# The coordinates themselves instead of a convolution.
_IDENTITY: Final = np.eye(1, _TAPS, _TAPS // 2, dtype=np.float32)
# A convolution sums up to so many coordinates (sktime's multivariate MiniRocket).
_MOST_CHANNELS: Final = 9
_BIASES: Final = 4
_FOLDS: Final = 4
_ALPHAS: Final = np.logspace(0, 6, 13)


@dataclass(frozen=True)
class RocketConfig:
    """The settings of the features.

    Attributes:
        features: about so many.
        frames: clips are stretched to so many.
        places: part of the features that are of coordinates instead of convolutions.
        mirror: learn from mirrored copies, too.
    """

    features: int = 5000
    frames: int = 32
    places: float = 0.3
    mirror: bool = True

    def __post_init__(self) -> None:
        if self.features < _BIASES or self.frames < 2 or not 0 <= self.places <= 1:
            raise ValueError(f"features must be at least {_BIASES}, frames at least 2, and places a part")


@dataclass(frozen=True, eq=False)
class Convolutions:
    """Random convolutions of D coordinates, and what their results are compared with.

    Attributes:
        taps: (R, 9) the weights of each.
        dilations: (R,) frames between taps.
        channels: (D, R) one where a convolution reads a coordinate, else zero.
        biases: (R, B).
        usual: (D,) where a coordinate usually is, for clips that never show it.
    """

    taps: FloatArray
    dilations: Integers
    channels: FloatArray
    biases: FloatArray
    usual: FloatArray

    @classmethod
    def random(cls, clips: FloatArray, settings: RocketConfig, generator: np.random.Generator) -> "Convolutions":
        """Convolutions of coordinates (N, T, D), with quantiles of some of these clips as biases."""
        usual = np.nan_to_num(np.nanmean(clips, axis=(0, 1), where=~np.isnan(clips)))
        count, width = max(1, settings.features // _BIASES), clips.shape[2]
        taps = _KERNELS[generator.integers(len(_KERNELS), size=count)]
        taps[generator.random(count) < settings.places] = _IDENTITY
        # Dempster et al. 2021, section 3.1.3: exponents are spread evenly until a kernel is as long as a clip.
        longest = np.log2(max(1.0, (settings.frames - 1) / (_TAPS - 1)))
        dilations = np.exp2(generator.uniform(0, longest, count)).astype(np.int64)
        many = np.exp2(generator.uniform(0, np.log2(min(_MOST_CHANNELS, width) + 1), count)).astype(int)
        channels = (generator.random((width, count)).argsort(axis=0).argsort(axis=0) < many).astype(np.float32)
        made = cls(taps, dilations, channels, np.empty((count, 0), np.float32), usual)
        # Section 3.1.4: the quantiles at multiples of the golden ratio of what a random clip gives.
        quantiles = (np.arange(1, count * _BIASES + 1) * ((np.sqrt(5) + 1) / 2)) % 1
        biases = np.empty((count, _BIASES), np.float32)
        by = generator.integers(len(clips), size=count)
        for clip in np.unique(by):
            values, mine = made._convolved(clips[clip]), by == clip
            for place in np.flatnonzero(mine):
                biases[place] = np.quantile(values[:, place], quantiles.reshape(count, -1)[place])
        return cls(taps, dilations, channels, biases, usual)

    def __call__(self, clips: FloatArray) -> FloatArray:
        """(N, R * B) the part of the time in which each convolution is above each of its biases."""
        features = np.empty((len(clips), *self.biases.shape), np.float32)
        for row, clip in zip(features, clips, strict=True):
            row[:] = (self._convolved(clip)[:, :, None] > self.biases).mean(axis=0)
        return features.reshape(len(clips), -1)

    def _convolved(self, clip: FloatArray) -> FloatArray:
        """(T, R) of one clip (T, D)."""
        # A kernel that sums to zero is blind to the constant that stands for what the clip never shows.
        sums = np.where(np.isnan(clip), self.usual, clip).astype(np.float32) @ self.channels
        result = np.zeros_like(sums)
        frames = np.arange(len(clip))
        for dilation in np.unique(self.dilations):
            mine = self.dilations == dilation
            part = sums[:, mine]
            for tap in range(_TAPS):
                at = (frames + (tap - _TAPS // 2) * dilation).clip(0, len(clip) - 1)
                result[:, mine] += self.taps[mine, tap] * part[at]
        return result


class RocketRidge(AtOnceFamily):
    """Ridge regression on random convolution features.

    A gloss's score is a regression on 1 for its clips and -1 for all others, the penalty the one with the smallest
    leave-one-out error. Probabilities are the softmax of the scores, its steepness from clips that were scored by a
    regression on other signers (``confidence``).
    """

    name = "rocket-ridge"
    weights_file = RIDGE
    settings_type = RocketConfig

    def __init__(self, settings: RocketConfig | None = None, preprocessing: Preprocessing | None = None) -> None:
        super().__init__(settings, preprocessing)
        self._convolutions: Convolutions | None = None
        self._weights, self._intercepts = np.empty((0, 0), np.float32), np.empty(0, np.float32)

    def learn(self, samples: Sequence[Sample], labels: Integers, seed: int) -> None:
        """Draw convolutions and fit the regression."""
        signers, count = people(samples), len(samples)
        if self.settings.mirror:
            samples, labels, signers = self.with_mirrored(samples), np.tile(labels, 2), np.tile(signers, 2)
        clips = self._stretched([sample.inputs for sample in samples])
        self._convolutions = Convolutions.random(clips, self.settings, np.random.default_rng(seed))
        features = self._convolutions(clips)
        targets = 2.0 * np.eye(len(self.glosses))[labels] - 1
        ridge = RidgeCV(_ALPHAS).fit(features, targets)
        folds = GroupKFold(min(_FOLDS, len(np.unique(signers))))
        unseen = cross_val_predict(Ridge(ridge.alpha_), features, targets, groups=signers, cv=folds)
        steep = steepness(unseen[:count], labels[:count])
        self._weights = np.asarray(steep * ridge.coef_, np.float32)
        self._intercepts = np.asarray(steep * ridge.intercept_, np.float32)

    def predict_inputs(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, C) probabilities of the glosses; each row sums to one."""
        if not inputs or self._convolutions is None:
            return np.empty((0, len(self.glosses)), np.float32)
        features = self._convolutions(self._stretched(inputs))
        return np.asarray(softmax(features @ self._weights.T + self._intercepts, axis=1), np.float32)

    def save_weights(self, folder: Path) -> Path:
        """Write the convolutions and the regression."""
        np.savez_compressed(
            folder / RIDGE, weights=self._weights, intercepts=self._intercepts, **vars(self._convolutions)
        )
        return folder / RIDGE

    def load_weights(self, folder: Path, glosses: Sequence[str]) -> None:
        """Read the convolutions and the regression."""
        with np.load(folder / RIDGE, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file}
        weights, intercepts = arrays.pop("weights"), arrays.pop("intercepts")
        convolutions = Convolutions(**arrays)
        if weights.shape != (len(intercepts), convolutions.biases.size):
            raise ValueError(f"{RIDGE} holds weights of another number of features")
        self.known_glosses(len(weights), glosses)
        self._convolutions, self._weights, self._intercepts = convolutions, weights, intercepts

    def _stretched(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, T, D) the coordinates of clips, D being points times axes."""
        clips = at_moments(inputs, self.settings.frames)
        return clips.reshape(*clips.shape[:2], -1)
