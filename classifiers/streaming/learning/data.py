"""What a detector of boundaries learns from: features of synthetic streams, and at which moments a sign is made."""

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.streaming.boundary_features import NOTHING, RATE_HZ, Moments
from posegloss.classifiers.streaming.learning.camera import film
from posegloss.classifiers.streaming.learning.scenes import play
from posegloss.classifiers.streaming.learning.stage import RATE_HZ as SCENE_RATE_HZ
from posegloss.pipeline.sequence import FloatArray

SCENE_S: Final = 32.0
"""A whole number of the windows that are learned from."""

_GAP_S: Final = 0.6
_GAP_WEIGHT: Final = 2.0
"""What parts two signs of a sentence is short and easily missed, and then two signs are one."""


def example(index: int, seed: int, ahead: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One scene, as the network sees it.

    Args:
        index: of the signer.
        seed: of the scene.
        ahead: the moments that the network looks ahead.

    Returns:
        (N, F) features of the moments; (N,) whether a sign was made ``ahead`` moments earlier; (N,) what that answer
        weighs: more in the short whiles between two signs, nothing where there is nothing to know.
    """
    rng = np.random.default_rng([seed, index])
    scene = play(index, rng, SCENE_S)
    moments = Moments()
    n = int(SCENE_S * RATE_HZ)
    features, truth, weight = np.tile(NOTHING, (n, 1)), np.zeros(n, np.float32), np.zeros(n, np.float32)
    between = _short_gaps(scene.signing)
    count = 0
    for time_s, keypoints, size in film(scene, rng):
        for moment_s, described in moments.push(keypoints, time_s, size):
            place = round((moment_s - ahead / RATE_HZ) * SCENE_RATE_HZ)
            if count < n and described is not None and 0 <= place < len(scene.signing):
                features[count] = described
                truth[count] = scene.signing[place]
                weight[count] = _GAP_WEIGHT if between[place] else 1.0
            count += 1
    return features, truth, weight


def _short_gaps(signing: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    gaps = np.zeros(len(signing), bool)
    turns = np.flatnonzero(np.diff(signing.astype(int)))
    for begin, end in pairwise(turns):
        if not signing[begin + 1] and end - begin <= _GAP_S * SCENE_RATE_HZ:
            gaps[begin + 1 : end + 1] = True
    return gaps
