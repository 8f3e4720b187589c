"""Classifiers whose answers are known beforehand."""

import numpy as np

from posegloss.classifiers.base import GlossClassifier, Sample
from posegloss.classifiers.evaluating.answers import Answer


class Scripted(GlossClassifier):
    """Answers the row of probabilities whose number the input is."""

    name = "scripted"

    def __init__(self, rows, glosses):
        super().__init__()
        self.rows, self.glosses = np.asarray(rows, np.float32), tuple(glosses)

    def predict_inputs(self, inputs):
        return self.rows[[int(one.flat[0]) for one in inputs]]

    @classmethod
    def from_config(cls, config, preprocessing=None):
        raise NotImplementedError

    def config(self):
        raise NotImplementedError

    fit = save_weights = load_weights = config


def scripted(rows, labels, signers=None):
    """A classifier of the rows, and a sample for each of them."""
    rows = np.asarray(rows)
    glosses = [f"g{i}" for i in range(rows.shape[1])]
    samples = [
        Sample(f"{i}", np.full((1, 1, 2), i, np.float32), glosses[label], signers[i] if signers else None)
        for i, label in enumerate(labels)
    ]
    return Scripted(rows, glosses), samples


def answers(confidences, right, signers=None):
    """Answers of given confidences that are right or not."""
    return [
        Answer(f"{i}", signers[i] if signers else None, "a", "a" if hit else "b", confidence, 1 if hit else 2)
        for i, (confidence, hit) in enumerate(zip(confidences, right, strict=True))
    ]
