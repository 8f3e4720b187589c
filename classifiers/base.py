"""GlossClassifier: what every model family offers, and the registry of families."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.errors import NoSignerError, PoseglossError
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.store import Clip, KeypointStore

DEFAULT_FAMILY: Final = "conv-transformer"
BASELINE_FAMILY: Final = "extra-trees"

# Where the class of each family lies; imported on first use, because some bring TensorFlow along.
FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    DEFAULT_FAMILY: ("posegloss.classifiers.families.conv_transformer", "ConvTransformer"),
    BASELINE_FAMILY: ("posegloss.classifiers.families.extra_trees", "ExtraTrees"),
}


class FamilyError(PoseglossError):
    """There is no model family of that name."""


class TrainingError(PoseglossError):
    """Training cannot start or go on as asked."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A clip, preprocessed.

    Attributes:
        clip_id: the clip's name in its store.
        inputs: (T, K, 2) what ``Preprocessing`` makes of the clip's sequence.
        gloss: the label, if known.
        signer: who signs, if known.
        split: the part of a published split, if any.
        synthetic: the clip shows no real person.
    """

    clip_id: str
    inputs: FloatArray
    gloss: str | None = None
    signer: str | None = None
    split: str | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class EpochReport:
    """What a progress callback hears after each epoch.

    Attributes:
        epoch: from 1 on.
        epochs: how many there are at most.
        values: loss, accuracy, validation_loss and validation_accuracy (where there is a validation),
            learning_rate, seconds.
    """

    epoch: int
    epochs: int
    values: Mapping[str, float]


Progress = Callable[[EpochReport], None]
History = list[dict[str, float]]


class GlossClassifier(ABC):
    """Maps sequences to probabilities of glosses.

    Attributes:
        name: the family's name in FAMILIES.
        weights_file: the name of the file that ``save_weights`` writes.
        preprocessing: how sequences become inputs.
        glosses: the glosses, in the order of the probabilities; empty before training.
    """

    name: ClassVar[str]
    weights_file: ClassVar[str]

    def __init__(self, preprocessing: Preprocessing | None = None) -> None:
        self.preprocessing = preprocessing or Preprocessing()
        self.glosses: tuple[str, ...] = ()

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The family's settings as plain values; ``from_config`` makes an equal classifier from them."""

    @classmethod
    @abstractmethod
    def from_config(cls, config: Mapping[str, Any], preprocessing: Preprocessing | None = None) -> "GlossClassifier":
        """An untrained classifier with these settings; those that are not given keep their defaults.

        Raises:
            TypeError: a setting is unknown.
        """

    @abstractmethod
    def fit(
        self,
        samples: Sequence[Sample],
        validation: Sequence[Sample] = (),
        *,
        seed: int = 0,
        checkpoint: Path | None = None,
        progress: Progress | None = None,
    ) -> History:
        """Train.

        Args:
            samples: labelled samples to learn from; their glosses become ``glosses``, sorted.
            validation: labelled samples to choose the best weights by; never those of the test.
            seed: the same seed and samples give the same classifier.
            checkpoint: a file to go on from after an interruption; families that train in seconds ignore it.
            progress: called after each epoch.

        Returns:
            One row of values an epoch.
        """

    @abstractmethod
    def predict_inputs(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, C) probabilities of the glosses for N preprocessed sequences; each row sums to one."""

    @abstractmethod
    def save_weights(self, folder: Path) -> Path:
        """Write what was learned into a folder and return the file."""

    @abstractmethod
    def load_weights(self, folder: Path, glosses: Sequence[str]) -> None:
        """Read what ``save_weights`` wrote.

        Raises:
            ValueError: the file is of another architecture or another number of glosses.
        """

    def predict_proba(self, sequences: Iterable[KeypointSequence]) -> FloatArray:
        """(N, C) probabilities of the glosses for N sequences; each row sums to one.

        Raises:
            NoSignerError: a sequence shows no signer.
        """
        return self.predict_inputs([self.preprocessing(sequence) for sequence in sequences])


def classifier_family(name: str) -> type[GlossClassifier]:
    """The class of a model family.

    Raises:
        FamilyError: there is no family of that name.
    """
    if name not in FAMILIES:
        raise FamilyError(f"no model family is called {name!r}; there are: {', '.join(FAMILIES)}")
    module, attribute = FAMILIES[name]
    family: type[GlossClassifier] = getattr(import_module(module), attribute)
    return family


def each_clip(clips: KeypointStore | Iterable[Clip]) -> Iterable[Clip]:
    """The clips of a store, or the clips themselves."""
    return clips.clips() if isinstance(clips, KeypointStore) else clips


def preprocess(clips: Iterable[Clip], preprocessing: Preprocessing) -> tuple[list[Sample], dict[str, str]]:
    """The samples of clips, and for each clip that shows no signer the reason why it gives none."""
    samples: list[Sample] = []
    left_out: dict[str, str] = {}
    for clip in clips:
        try:
            inputs = preprocessing(clip.sequence)
        except NoSignerError as error:
            left_out[clip.clip_id] = str(error)
        else:
            samples.append(Sample(clip.clip_id, inputs, clip.gloss, clip.signer, clip.split, clip.synthetic))
    return samples, left_out


def label_indices(samples: Sequence[Sample], glosses: Sequence[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(N,) the place of each sample's gloss among the glosses."""
    index = {gloss: i for i, gloss in enumerate(glosses)}
    return np.array([index[str(sample.gloss)] for sample in samples], dtype=np.int64)


def inputs_digest(sample: Sample) -> str:
    """The first 16 hexadecimal digits of the sha256 of a sample's inputs, to know the very same clip again."""
    return hashlib.sha256(np.ascontiguousarray(sample.inputs).tobytes()).hexdigest()[:16]


def training_identity(classifier: GlossClassifier, parts: Sequence[Sequence[Sample]], seed: int) -> str:
    """Sha256 of all that decides what a training gives: settings, preprocessing, seed, and the samples of each part."""
    described = [classifier.name, classifier.config(), classifier.preprocessing.fingerprint, seed]
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for number, part in enumerate(parts):
        for sample in part:
            about = [number, sample.clip_id, sample.gloss, sample.signer, sample.inputs.shape]
            digest.update(json.dumps(about).encode())
            digest.update(np.ascontiguousarray(sample.inputs).tobytes())
    return digest.hexdigest()
