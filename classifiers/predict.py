"""GlossRecogniser: a model folder in, an answer for each sequence out."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from posegloss.classifiers.base import GlossClassifier
from posegloss.classifiers.bundle import load_bundle
from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.extraction import extraction_to_use
from posegloss.classifiers.input_points import InputPoints
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.sequence import FloatArray, KeypointSequence


@dataclass(frozen=True)
class GlossPrediction:
    """What is signed in a sequence.

    Attributes:
        gloss: the most probable gloss, or None where the sequence shows no signer.
        confidence: its probability, calibrated on the people that the model was validated with.
        ranking: the most probable glosses with their probabilities, best first.
        missing_points: for each keypoint that was seen in less than half of the frames, the part of the frames
            that it was missing in.
        reason: why there is no gloss.
        remarks: what a reader should know of the answer: points of the model that the sequence has in no frame.
        synthetic: the model was trained on no real people, so its glosses are no signs of a real language.
        sure: the confidence reaches the model's threshold; an answer that is not sure is a guess.
    """

    gloss: str | None
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    missing_points: Mapping[str, float]
    reason: str | None = None
    synthetic: bool = False
    remarks: tuple[str, ...] = ()
    sure: bool = True

    @property
    def caption(self) -> str:
        """The answer in a line."""
        answer = f"{self.gloss}  {self.confidence:.0%}" if self.gloss else "no sign: nobody is seen"
        answer = answer if self.sure else f"not sure: {answer}"
        return f"{answer}  (synthetic signs)" if self.synthetic else answer

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


class GlossRecogniser:
    """Recognises glosses with a trained classifier.

    Attributes:
        classifier: the trained classifier.
        training: what it was trained on.
        calibration: what was chosen on the people that the model was validated with.
        folder: where a landmark network of the user's own lies, if the model was trained on keypoints of one.
        threshold: answers of less confidence are not sure; None where none was chosen. As chosen, unless set.
        reject_below: what is less sure in a stream is taken for no sign of the glosses; likewise.
    """

    def __init__(
        self,
        classifier: GlossClassifier,
        training: Mapping[str, Any],
        calibration: Calibration | None = None,
        folder: Path | None = None,
    ) -> None:
        self.classifier = classifier
        self.training = training
        self.calibration = calibration or Calibration()
        self.folder = folder and folder.absolute()
        self.threshold = self.calibration.threshold
        self.reject_below = self.calibration.reject_below

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """Load a model folder.

        Raises:
            BundleError: it is no model, or its parts do not belong together.
        """
        bundle = load_bundle(folder)
        return cls(bundle.classifier, bundle.training, bundle.calibration, bundle.path)

    @property
    def glosses(self) -> tuple[str, ...]:
        """The glosses that it can answer."""
        return self.classifier.glosses

    @property
    def synthetic(self) -> bool:
        """Whether it was trained on no real people."""
        return bool(self.training["synthetic"])

    @property
    def extraction(self) -> ExtractionSettings:
        """How the sequences were extracted that it was trained on, and so those to recognise should be.

        Raises:
            WeightsError: that was with a landmark network of the user's own, which is not there.
        """
        return extraction_to_use(self.training["extraction"], self.folder)

    def predict(self, sequence: KeypointSequence, top: int = 5) -> GlossPrediction:
        """The gloss of a sequence that shows one sign, with the next best ones.

        Args:
            sequence: the whole clip.
            top: how many glosses the ranking has at most.

        Raises:
            LayoutError: the sequence has other points than the classifier reads.
        """
        preprocessing = self.classifier.preprocessing
        try:
            probabilities = self.classifier.predict_proba([sequence])[0]
        except NoSignerError as error:
            return replace(self.nothing(str(error)), missing_points=_missing_points(sequence, preprocessing))
        ranking = self.ranking(probabilities, top)
        return GlossPrediction(
            *ranking[0],
            ranking,
            _missing_points(sequence, preprocessing),
            synthetic=self.synthetic,
            remarks=_remarks(sequence, preprocessing.points),
            sure=self.threshold is None or ranking[0][1] >= self.threshold,
        )

    def ranking(self, probabilities: FloatArray, top: int = 5) -> tuple[tuple[str, float], ...]:
        """The most probable glosses by their probabilities (C,), best first."""
        order = np.argsort(-probabilities, kind="stable")[:top]
        return tuple((self.glosses[i], float(probabilities[i])) for i in order)

    def nothing(self, reason: str) -> GlossPrediction:
        """The answer for a clip that cannot be read or shows nobody."""
        return GlossPrediction(None, 0.0, (), {}, reason, self.synthetic, sure=False)


def _missing_points(sequence: KeypointSequence, preprocessing: Preprocessing) -> dict[str, float]:
    points = preprocessing.points
    if not len(sequence):
        return dict.fromkeys(points.names, 1.0)
    missing = (sequence.visibility[:, points.places] < preprocessing.normalization.min_visibility).mean(axis=0)
    return {name: float(part) for name, part in zip(points.names, missing, strict=True) if part > 0.5}


def _remarks(sequence: KeypointSequence, points: InputPoints) -> tuple[str, ...]:
    """That the sequence lacks whole points, as those of another tool's skeleton do."""
    nowhere = np.asarray(np.isnan(sequence.keypoints[:, points.places, 0]).all(axis=0))
    lacking = [name for name, gone in zip(points.names, nowhere, strict=True) if gone]
    if not lacking:
        return ()
    present = len(points) - len(lacking)
    return (f"{present} of {len(points)} points of the model are present; missing: {', '.join(lacking)}",)
