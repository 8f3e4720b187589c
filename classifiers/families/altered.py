"""What an epoch learns from: every clip once, altered, in random batches of clips of like length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from posegloss.classifiers.augmentation import Augmentation
from posegloss.classifiers.families.batches import pad, trim
from posegloss.classifiers.families.confidence import Integers
from posegloss.classifiers.input_points import InputPoints
from posegloss.classifiers.warps import lengths
from posegloss.pipeline.sequence import FloatArray

# So many batches are altered at once, which is quicker than one by one.
_ALTERED_TOGETHER = 8


@dataclass(frozen=True, eq=False)
class LabelledInputs:
    """Clips to learn from.

    Attributes:
        inputs: N of (T, K, 2).
        labels: (N,) numbers of their glosses.
        weights: (N,) how much each counts.
        right_handed: (N,) the weight of each as it is, against its mirror image; None where none is mirrored.
        points: what the K are.
    """

    inputs: Sequence[FloatArray]
    labels: Integers
    weights: FloatArray
    right_handed: FloatArray | None
    points: InputPoints

    def batches(
        self, augmentation: Augmentation, size: int, generator: np.random.Generator
    ) -> Iterator[tuple[FloatArray, Integers, FloatArray]]:
        """Altered copies of all clips (B, T, K, 2), labels (B,) and weights (B,), in random batches of like size."""
        count = len(self.labels)
        for some in np.array_split(generator.permutation(count), -(-count // (size * _ALTERED_TOGETHER))):
            clips = pad([self.inputs[i] for i in some])
            if self.right_handed is not None:
                flipped = generator.random(len(some)) >= self.right_handed[some]
                clips[flipped] = self.points.mirror(clips[flipped])
            clips = augmentation(clips, self.points, generator, self.labels[some])
            # Clips of like length share a batch, so that little of it is empty.
            by_length = np.argsort(lengths(clips), kind="stable")
            for chosen in generator.permutation(len(parts := np.array_split(by_length, -(-len(some) // size)))):
                of_batch = some[parts[chosen]]
                yield trim(clips[parts[chosen]]), self.labels[of_batch], self.weights[of_batch]
