"""What became of a video that was to be annotated, and how one gets on that is being."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from posegloss.pipeline.errors import PoseglossError


@dataclass(frozen=True)
class VideoOutcome:
    """What became of one video.

    Attributes:
        video: as it was named.
        status: "done" now; "skipped": it was done before; or "failed".
        name: of its files in the folder of the results, without a suffix; None where it never got one.
        summary: what was found in it (``markers.summary_of``); empty if it failed.
        error: the name of what made it fail ("VideoError"), or None.
        reason: why it failed, in words, or None.
    """

    video: Path
    status: Literal["done", "skipped", "failed"]
    name: str | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    reason: str | None = None

    @classmethod
    def of_error(cls, video: Path, name: str | None, error: Exception) -> Self:
        """The outcome of a video that failed."""
        # What is not one of ours is a bug, whose message alone says little.
        reason = str(error) if isinstance(error, PoseglossError) else f"{type(error).__name__}: {error}"
        return cls(video, "failed", name, error=type(error).__name__, reason=reason)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {**asdict(self), "video": str(self.video)}


@dataclass(frozen=True)
class InFlight:
    """A video that is being annotated.

    Attributes:
        video: as it was named.
        length_s: how many seconds it claims to be long; None if it does not say.
        done_s: how many of them are done.
        drawing: they are drawn; before, they are looked at.
    """

    video: Path
    length_s: float | None
    done_s: float
    drawing: bool
