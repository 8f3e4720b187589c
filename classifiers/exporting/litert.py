"""LiteRTClassifier: an exported classifier, run by LiteRT alone; neither TensorFlow nor Keras is imported."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from posegloss.classifiers.evaluating.calibration import Calibration
from posegloss.classifiers.exporting.exported_file import ExportError, read_exported
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.preprocessing import LayoutError, Preprocessing
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.quiet import without_greeting
from posegloss.pipeline.sequence import FloatArray, KeypointSequence

_INPUTS = ["keypoints", "size", "timestamps"]


class LiteRTClassifier:
    """What ``posegloss export`` wrote, ready to predict; not for several threads at once.

    Args:
        path: the file.
        threads: threads of the network itself.

    Attributes:
        about: what the file says of itself.
        glosses: in the order of the probabilities.
        preprocessing: what the network does to sequences before anything else.

    Raises:
        ExportError: the file is no exported classifier.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int = 1) -> None:
        content, self.about = read_exported(Path(path))
        self.glosses: tuple[str, ...] = tuple(self.about["glosses"])
        self.preprocessing = Preprocessing.from_dict(self.about["preprocessing"])
        try:
            with without_greeting():
                interpreter: Any = Interpreter(model_content=content, num_threads=threads)
                self._network = interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"{path} cannot be loaded by LiteRT ({error}); export it again") from error
        inputs, outputs = self._network.get_input_details(), self._network.get_output_details()
        if sorted(inputs) != _INPUTS or list(outputs) != ["probabilities"]:
            raise ExportError(f"{path} has the inputs {sorted(inputs)} and outputs {list(outputs)}; export it again")
        points, glosses = inputs["keypoints"]["shape"][1], outputs["probabilities"]["shape"][0]
        if (points, glosses) != (len(self.preprocessing.points.layout), len(self.glosses)):
            raise ExportError(f"{path} has {points} points and {glosses} glosses, not those it names; export it again")

    def predict_proba(self, sequences: Iterable[KeypointSequence]) -> FloatArray:
        """(N, C) calibrated probabilities of the glosses for N sequences; each row sums to one.

        Raises:
            NoSignerError: a sequence shows no signer.
            LayoutError: a sequence has another layout.
        """
        return np.array([self._probabilities(sequence) for sequence in sequences]).reshape(-1, len(self.glosses))

    def stream(self) -> None:
        """None: an exported classifier answers whole signs; see ``GlossClassifier.stream``."""

    def _probabilities(self, sequence: KeypointSequence) -> FloatArray:
        layout = self.preprocessing.layout
        if sequence.layout != layout:
            raise LayoutError(f"the sequence has the layout {sequence.layout!r}, this classifier reads {layout!r}")
        answer = np.full(len(self.glosses), np.nan, np.float32)
        # LiteRT has no sequences of no frames.
        if len(sequence):
            answer = self._network(
                keypoints=sequence.keypoints,
                timestamps=(sequence.timestamps - sequence.timestamps[0]).astype(np.float32),
                size=np.array(sequence.size, np.float32),
            )["probabilities"]
        if np.isnan(answer).any():
            raise NoSignerError(
                f"{sequence.source or 'the sequence'}: no frame shows both shoulders with a visibility of at least "
                f"{self.preprocessing.normalization.min_visibility} and a pixel apart; check that the clip shows a "
                "person from the front"
            )
        return answer


def load_exported(path: str | os.PathLike[str]) -> GlossRecogniser:
    """A recogniser that answers with an exported classifier.

    Raises:
        ExportError: the file is no exported classifier.
    """
    # It has the part of a classifier that recognising takes: glosses, preprocessing and predict_proba.
    classifier: Any = LiteRTClassifier(path, os.cpu_count() or 1)
    about = classifier.about
    calibration = Calibration.from_dict(about["calibration"])
    return GlossRecogniser(classifier, about["training"], calibration, Path(path).parent)
