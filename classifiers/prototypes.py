"""The mean embedding of each gloss: what a classifier keeps of its training clips, so that it can be taught more."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.classifiers.base import GlossClassifier, Sample, label_indices
from posegloss.pipeline.sequence import FloatArray

PROTOTYPES_FILE: Final = "prototypes.npz"


def prototypes_of(classifier: GlossClassifier, samples: Sequence[Sample]) -> FloatArray | None:
    """(C, D) the mean embedding of each gloss of a trained classifier (Snell et al. 2017, equation 1).

    Args:
        classifier: a trained one.
        samples: labelled ones, some of each gloss.

    Returns:
        None for a family that has no embeddings.
    """
    embeddings = classifier.embeddings([sample.inputs for sample in samples])
    if embeddings is None:
        return None
    labels = label_indices(samples, classifier.glosses)
    return np.stack([embeddings[labels == place].mean(axis=0) for place in range(len(classifier.glosses))])


def save_prototypes(folder: Path, prototypes: FloatArray) -> Path:
    """Write prototypes (C, D) into a model's folder and return the file."""
    np.savez_compressed(folder / PROTOTYPES_FILE, means=prototypes)
    return folder / PROTOTYPES_FILE


def load_prototypes(folder: Path, glosses: int) -> FloatArray:
    """(C, D) what ``save_prototypes`` wrote.

    Raises:
        ValueError: the file holds no prototypes of so many glosses.
    """
    try:
        with np.load(folder / PROTOTYPES_FILE, allow_pickle=False) as file:
            means: FloatArray = file["means"]
    except (OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(str(error)) from error
    if means.dtype != np.float32 or means.ndim != 2 or len(means) != glosses or not np.isfinite(means).all():
        raise ValueError(f"it holds no mean for each of {glosses} glosses")
    return means
