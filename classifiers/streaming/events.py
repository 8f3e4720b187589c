"""What a stream's recogniser tells while it watches: a sign began, what it may be, and what it was."""

from dataclasses import dataclass
from typing import Any, ClassVar

from posegloss.classifiers.predict import GlossPrediction


@dataclass(frozen=True)
class SignStarted:
    """Somebody began to sign.

    Attributes:
        start_s: when, in the stream's seconds.
    """

    kind: ClassVar[str] = "started"
    start_s: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"kind": self.kind, "start_s": self.start_s}


@dataclass(frozen=True)
class SignGuessed:
    """What the sign that goes on may be, by what was seen of it so far.

    Attributes:
        start_s: when the sign began, in the stream's seconds.
        time_s: up to when the guess has seen it.
        ranking: the most probable glosses with their probabilities, best first.
    """

    kind: ClassVar[str] = "guessed"
    start_s: float
    time_s: float
    ranking: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"kind": self.kind, "start_s": self.start_s, "time_s": self.time_s, "ranking": self.ranking}


@dataclass(frozen=True)
class SignEnded:
    """A sign is over.

    Attributes:
        start_s: when it began, in the stream's seconds.
        end_s: when it ended; the event itself comes a little later.
        prediction: what it was. One that is not ``sure`` is none of the glosses, as far as the model can tell.
    """

    kind: ClassVar[str] = "ended"
    start_s: float
    end_s: float
    prediction: GlossPrediction

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "kind": self.kind,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "prediction": self.prediction.to_dict(),
        }


StreamEvent = SignStarted | SignGuessed | SignEnded
