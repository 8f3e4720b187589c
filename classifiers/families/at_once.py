"""What families share that learn from all clips at once, without epochs, and need no TensorFlow."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from posegloss.classifiers.base import (
    EpochReport,
    GlossClassifier,
    History,
    Progress,
    Sample,
    glosses_of,
    label_indices,
    with_gloss_in,
)
from posegloss.classifiers.families.confidence import Integers
from posegloss.classifiers.preprocessing import Preprocessing


class AtOnceFamily(GlossClassifier):
    """A family that is trained in one go; there is nothing to choose, so the validation only is measured.

    Attributes:
        settings_type: the class of the family's settings.
        settings: the settings.
    """

    settings_type: ClassVar[type[Any]]

    def __init__(self, settings: Any = None, preprocessing: Preprocessing | None = None) -> None:
        super().__init__(preprocessing)
        self.settings = settings or self.settings_type()

    def config(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self.settings)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], preprocessing: Preprocessing | None = None) -> Self:
        """An untrained classifier with these settings."""
        return cls(cls.settings_type(**config), preprocessing)

    @abstractmethod
    def learn(self, samples: Sequence[Sample], labels: Integers, seed: int) -> None:
        """Learn from samples and the places (N,) of their glosses."""

    def fit(
        self,
        samples: Sequence[Sample],
        validation: Sequence[Sample] = (),
        *,
        seed: int = 0,
        checkpoint: Path | None = None,
        progress: Progress | None = None,
    ) -> History:
        """Learn from all samples at once; seconds, or a minute or two from thousands of clips."""
        self.glosses = glosses_of(samples)
        self.learn(samples, label_indices(samples, self.glosses), seed)
        row: dict[str, float] = {}
        known = with_gloss_in(validation, self.glosses)
        if known:
            guessed = self.predict_inputs([sample.inputs for sample in known]).argmax(axis=1)
            row["validation_accuracy"] = float((guessed == label_indices(known, self.glosses)).mean())
        if progress:
            progress(EpochReport(1, 1, row))
        return [row]

    def with_mirrored(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples, and after them all once more as a left-handed signer would sign them."""
        mirror = self.preprocessing.points.mirror
        return [*samples, *(replace(sample, inputs=mirror(sample.inputs)) for sample in samples)]

    def known_glosses(self, held: int, glosses: Sequence[str]) -> None:
        """Take over the glosses of a file that holds as many.

        Raises:
            ValueError: it holds another number.
        """
        if held != len(glosses):
            raise ValueError(f"{self.weights_file} holds {held} glosses, not {len(glosses)}")
        self.glosses = tuple(glosses)
