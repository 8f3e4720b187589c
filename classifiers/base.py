"""GlossClassifier: what every model family offers, and the registry of families."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, final

import numpy as np

from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.errors import NoSignerError, PoseglossError
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33
from posegloss.pipeline.store import Clip, KeypointStore

DEFAULT_FAMILY: Final = "conv-transformer"
BASELINE_FAMILY: Final = "extra-trees"

# Where the class of each family lies; imported on first use, because some bring TensorFlow along.
FAMILIES: Final[Mapping[str, tuple[str, str]]] = {
    DEFAULT_FAMILY: ("posegloss.classifiers.families.conv_transformer", "ConvTransformer"),
    "bigru": ("posegloss.classifiers.families.bigru", "BiGRU"),
    "tcn": ("posegloss.classifiers.families.tcn", "TCN"),
    "st-gcn": ("posegloss.classifiers.families.st_gcn", "STGCN"),
    "spoter": ("posegloss.classifiers.families.spoter", "Spoter"),
    BASELINE_FAMILY: ("posegloss.classifiers.families.extra_trees", "ExtraTrees"),
    "rocket-ridge": ("posegloss.classifiers.families.rocket_ridge", "RocketRidge"),
    "dtw-1nn": ("posegloss.classifiers.families.dtw_1nn", "DTWNearest"),
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


class InputStream(Protocol):
    """Answers of a classifier while the inputs of one sign come in."""

    def push(self, inputs: FloatArray) -> FloatArray:
        """(C,) calibrated probabilities of the glosses for all inputs so far, this one (K, 2) being the last."""
        ...


class GlossClassifier(ABC):
    """Maps sequences to probabilities of glosses.

    Attributes:
        name: the family's name in FAMILIES.
        weights_file: the name of the file that ``save_weights`` writes.
        preprocessing: how sequences become inputs.
        glosses: the glosses, in the order of the probabilities; empty before training.
        temperature: makes confidence match accuracy; chosen on validation people (``evaluating/calibration.py``).
        prototypes: (C, D) the mean embedding of each gloss, or None where there is none; see ``teaching``.
        origin: sha256 of the weights that its training starts from, where ``start_from`` gave some.
    """

    name: ClassVar[str]
    weights_file: ClassVar[str]

    def __init__(self, preprocessing: Preprocessing | None = None) -> None:
        self.preprocessing = preprocessing or Preprocessing()
        self.glosses: tuple[str, ...] = ()
        self.temperature = 1.0
        self.prototypes: FloatArray | None = None
        self.origin: str | None = None

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
        """(N, C) probabilities for N preprocessed sequences before the temperature; each row sums to one."""

    @abstractmethod
    def save_weights(self, folder: Path) -> Path:
        """Write what was learned into a folder and return the file."""

    @abstractmethod
    def load_weights(self, folder: Path, glosses: Sequence[str]) -> None:
        """Read what ``save_weights`` wrote.

        Raises:
            ValueError: the file is of another architecture or another number of glosses.
        """

    def start_from(self, other: "GlossClassifier") -> None:
        """Have ``fit`` start from what another classifier knows of signing, its glosses left out.

        Raises:
            TrainingError: the other one differs in more than its glosses and its training, or this family cannot.
        """
        raise TrainingError(f"{self.name} cannot start from a model; a neural family can, such as {DEFAULT_FAMILY}")

    def embeddings(self, inputs: Sequence[FloatArray]) -> FloatArray | None:
        """(N, D) what the layer that tells the glosses apart reads of N sequences; None of a family without one."""
        return None

    def stream(self) -> InputStream | None:
        """The beginning of a sign that is answered input by input; None of a family that looks ahead.

        After each input, the answer is that of ``probabilities`` for the inputs up to there. What an input costs does
        not depend on how many there were. Any number of streams may run beside each other.
        """
        return None

    @final
    def probabilities(self, inputs: Sequence[FloatArray]) -> FloatArray:
        """(N, C) calibrated probabilities of the glosses for N preprocessed sequences; each row sums to one."""
        return tempered(self.predict_inputs(inputs), self.temperature).astype(np.float32)

    @final
    def predict_proba(self, sequences: Iterable[KeypointSequence]) -> FloatArray:
        """(N, C) probabilities of the glosses for N sequences; each row sums to one.

        Raises:
            NoSignerError: a sequence shows no signer.
        """
        return self.probabilities([self.preprocessing(sequence) for sequence in sequences])


def tempered(probabilities: FloatArray, temperature: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Probabilities with their logarithms divided by a temperature (Guo et al. 2017, section 4.2).

    Args:
        probabilities: (N, C), rows that sum to one. One that is zero is taken for 1e-9: no model can know that much.
        temperature: above 1 less sure, below 1 surer; 1 leaves the probabilities as they are.
    """
    if temperature == 1:
        return np.asarray(probabilities, np.float64)
    scaled = np.log(np.maximum(probabilities, 1e-9, dtype=np.float64)) / temperature
    exponential = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True))


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


def layout_of(clips: KeypointStore | Sequence[Clip]) -> str:
    """The points' order of clips that were extracted alike; the default where there are none."""
    if isinstance(clips, KeypointStore):
        layouts = clips.columns(["layout"])["layout"].unique().to_pylist()
        return str(layouts[0]) if layouts else BLAZEPOSE33
    return clips[0].sequence.layout if clips else BLAZEPOSE33


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


def glosses_of(samples: Iterable[Sample]) -> tuple[str, ...]:
    """The glosses of labelled samples, sorted: the order of a classifier's probabilities."""
    return tuple(sorted({str(sample.gloss) for sample in samples}))


def with_gloss_in(samples: Iterable[Sample], glosses: Collection[str]) -> list[Sample]:
    """The samples of which a classifier of these glosses can be right."""
    return [sample for sample in samples if sample.gloss in glosses]


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
    if classifier.origin:
        described.append(classifier.origin)
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for number, part in enumerate(parts):
        for sample in part:
            about = [number, sample.clip_id, sample.gloss, sample.signer, sample.inputs.shape]
            digest.update(json.dumps(about).encode())
            digest.update(np.ascontiguousarray(sample.inputs).tobytes())
    return digest.hexdigest()
