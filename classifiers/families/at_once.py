"""What families share that learn from all clips at once, without epochs, and need no TensorFlow."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from posegloss.classifiers.base import EpochReport, GlossClassifier, History, Progress, Sample, label_indices
from posegloss.classifiers.families.confidence import Integers


class AtOnceFamily(GlossClassifier):
    """A family that is trained in one go; there is nothing to choose, so the validation only is measured."""

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
        self.glosses = tuple(sorted({str(sample.gloss) for sample in samples}))
        self.learn(samples, label_indices(samples, self.glosses), seed)
        row: dict[str, float] = {}
        known = [sample for sample in validation if sample.gloss in self.glosses]
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
