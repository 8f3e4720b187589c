"""The avatar: a procedural signer that performs invented signs, with exact keypoints. Synthetic throughout."""

from posegloss.datasets.avatar.corpus import render_corpus
from posegloss.datasets.avatar.errors import (
    AvatarSettingsError,
    CorpusSettingsError,
    CorpusWriteError,
    UnknownGlossError,
)
from posegloss.datasets.avatar.lexicon import LEXICON, Direction, Hands, Handshape, Location, Movement, Sign
from posegloss.datasets.avatar.motion import SignSpan
from posegloss.datasets.avatar.performance import Performance, perform, write_video
from posegloss.datasets.avatar.signer import Signer

__all__ = [
    "LEXICON",
    "AvatarSettingsError",
    "CorpusSettingsError",
    "CorpusWriteError",
    "Direction",
    "Hands",
    "Handshape",
    "Location",
    "Movement",
    "Performance",
    "Sign",
    "SignSpan",
    "Signer",
    "UnknownGlossError",
    "perform",
    "render_corpus",
    "write_video",
]
