"""What Keras families share whose architecture is a dataclass of settings."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, ClassVar, Self

from posegloss.classifiers.augmentation import Augmentation
from posegloss.classifiers.base import GlossClassifier
from posegloss.classifiers.families.keras_family import KerasFamily
from posegloss.classifiers.families.keras_training import KerasTraining
from posegloss.classifiers.families.past import Past
from posegloss.classifiers.families.point_features import ScaledFeatures
from posegloss.classifiers.preprocessing import Preprocessing
from posegloss.pipeline.keras_backend import keras


class ConfiguredFamily(KerasFamily):
    """A Keras family with an architecture.

    Attributes:
        settings: the class of the architecture's settings.
        usual_training: how the family is trained unless asked otherwise.
        architecture: the settings.
    """

    settings: ClassVar[type[Any]]
    usual_training: ClassVar[KerasTraining] = KerasTraining()

    def __init__(
        self,
        architecture: Any = None,
        training: KerasTraining | None = None,
        augmentation: Augmentation | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        super().__init__(training or self.usual_training, augmentation, preprocessing)
        self.architecture = architecture or self.settings()

    def config(self) -> dict[str, Any]:
        """The settings as plain values."""
        return {"architecture": asdict(self.architecture), **super().config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], preprocessing: Preprocessing | None = None) -> Self:
        """An untrained classifier with these settings."""
        return cls(
            cls.settings(**config.get("architecture", {})),
            replace(cls.usual_training, **config.get("training", {})),
            Augmentation(**config.get("augmentation", {})),
            preprocessing,
        )

    def start_from(self, other: GlossClassifier) -> None:
        """Start from another classifier, whose architecture this one has where its own is left open."""
        if isinstance(other, type(self)):
            left_open = [name for name, value in asdict(self.architecture).items() if value is None]
            theirs = {name: getattr(other.architecture, name) for name in left_open}
            self.architecture = replace(self.architecture, **theirs)
        super().start_from(other)

    def keypoints(self) -> Any:
        """The model's input: (B, T, K, 2) with NaN."""
        return keras.Input((None, len(self.preprocessing.points), 2), name="keypoints")

    def features(self, keypoints: Any) -> tuple[Any, Any]:
        """Scaled features (B, T, F) of keypoints, and the mask (B, T) of the frames in which anything is seen."""
        return ScaledFeatures(self.preprocessing)(keypoints, Past())
