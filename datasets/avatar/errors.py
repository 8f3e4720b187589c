"""The errors that the avatar raises on purpose."""

from collections.abc import Iterable

from posegloss.pipeline.errors import PoseglossError


class UnknownGlossError(PoseglossError):
    """A gloss is not in the avatar's lexicon."""

    def __init__(self, gloss: str, valid: Iterable[str]) -> None:
        super().__init__(f"the avatar has no sign {gloss!r}; it knows {', '.join(sorted(valid))}")


class AvatarSettingsError(PoseglossError):
    """What was asked of the avatar makes no video: no glosses, an odd frame size, a frame rate of zero."""


class CorpusWriteError(PoseglossError):
    """The folder of an avatar corpus cannot be written."""


class CorpusSettingsError(PoseglossError):
    """A folder already holds an avatar corpus that was rendered with other settings."""
