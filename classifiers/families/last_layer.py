"""What tells glosses apart on top of a network that knows signs already: the last layer before the network learns on.

A last layer of chance would first undo, in all layers, some of what these know. Fitted first, it gains on people unlike
those of the training (Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform
out-of-distribution"; measured in docs/accuracy.md).
"""

import warnings
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from posegloss.pipeline.sequence import FloatArray

_INVERSE_PENALTY: Final = 0.03
_STEPS: Final = 100
"""Far enough, as the network learns on from there."""


def fitted_last_layer(
    embeddings: FloatArray, labels: npt.NDArray[np.integer], weights: FloatArray, glosses: int
) -> tuple[FloatArray, FloatArray]:
    """Kernel (D, C) and bias (C,) of logistic regression on the embeddings of clips.

    Args:
        embeddings: (N, D) what the last layer reads.
        labels: (N,) the gloss of each clip; each of the glosses has one at least.
        weights: (N,) how much each clip counts.
        glosses: how many there are, C.
    """
    if glosses < 2:
        return np.zeros((embeddings.shape[1], glosses), np.float32), np.zeros(glosses, np.float32)
    scaler = StandardScaler().fit(embeddings)
    regression = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(scaler.transform(embeddings), labels, weights)
    kernel, bias = regression.coef_, regression.intercept_
    if glosses == 2:
        # One column tells both: halves of it, either way, are the same answer.
        kernel, bias = np.concatenate([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    kernel = kernel / scaler.scale_
    return kernel.T.astype(np.float32), (bias - kernel @ scaler.mean_).astype(np.float32)
