"""What a landmark network is built from: one description, of which Lite and Full are two."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from posegloss.pipeline.errors import SettingsError

INPUT_SIDE: Final = 256
NUM_POINTS: Final = 33
CELL: Final = 4
"""Pixels of a heatmap's cell, each way."""
NUM_ALIGNED: Final = NUM_POINTS + 2
"""The 33 points, the middle of the hips, and a point straight above it on the circle around the person."""


@dataclass(frozen=True)
class NetworkDescription:
    """Widths and depths of the network of Bazarevsky et al. 2020, section 2.5.

    The input has 256x256 pixels. The encoder goes from 128x128 cells (``stem``) down to 64, 32, 16 and 8; the decoder
    back up to 64, where heatmaps and offsets are read; the regression encoder down again to 8, 4 and 2.

    Attributes:
        name: what tables call it.
        stem: channels of the first convolution.
        encoder: channels at 64, 32, 16 and 8 cells a side.
        encoder_blocks: blocks at each of these.
        kernels: sides of the depthwise kernels at each of these.
        decoder: channels at 16, 32 and 64 cells a side, on the way up.
        regression: channels at 32, 16, 8, 4 and 2 cells a side.
        regression_blocks: blocks at each of these.

    Raises:
        SettingsError: a width or depth is missing or no whole number from 1 on, or the name is empty.
    """

    name: str
    stem: int
    encoder: tuple[int, int, int, int]
    encoder_blocks: tuple[int, int, int, int]
    decoder: tuple[int, int, int]
    regression: tuple[int, int, int, int, int]
    regression_blocks: tuple[int, int, int, int, int]
    kernels: tuple[int, int, int, int] = (3, 3, 5, 5)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise SettingsError(f"a network needs a name, not {self.name!r}")
        if not _counts((self.stem,), 1):
            raise SettingsError(f"stem of a network is a whole number from 1 on, not {self.stem!r}")
        for field, length in (
            ("encoder", 4),
            ("encoder_blocks", 4),
            ("kernels", 4),
            ("decoder", 3),
            ("regression", 5),
            ("regression_blocks", 5),
        ):
            if not _counts(values := getattr(self, field), length):
                raise SettingsError(f"{field} of a network is {length} whole numbers from 1 on, not {values!r}")

    @classmethod
    def named(cls, name: str) -> Self:
        """Lite or Full.

        Raises:
            SettingsError: there is none of that name.
        """
        if name not in DESCRIPTIONS:
            raise SettingsError(f"there is no network {name!r}; choose one of {', '.join(DESCRIPTIONS)}")
        values: dict[str, Any] = asdict(DESCRIPTIONS[name])
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What ``to_json`` wrote.

        Raises:
            SettingsError: it is none.
        """
        try:
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(text).items()
            }
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise SettingsError(f"not the description of a network: {error}") from error

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self), indent=2)


def _counts(values: object, length: int) -> bool:
    """Whether a description, which may be a user's file, has so many whole numbers from 1 on."""
    return (
        isinstance(values, tuple)
        and len(values) == length
        and all(isinstance(value, int) and not isinstance(value, bool) and value >= 1 for value in values)
    )


DESCRIPTIONS: Final[dict[str, NetworkDescription]] = {
    description.name: description
    for description in (
        NetworkDescription(
            "lite",
            stem=16,
            encoder=(32, 64, 128, 256),
            encoder_blocks=(2, 3, 5, 5),
            decoder=(128, 64, 48),
            regression=(64, 128, 224, 224, 224),
            regression_blocks=(1, 1, 1, 2, 2),
        ),
        NetworkDescription(
            "full",
            stem=16,
            encoder=(40, 80, 192, 384),
            encoder_blocks=(2, 4, 6, 8),
            decoder=(192, 80, 56),
            regression=(80, 192, 352, 352, 352),
            regression_blocks=(1, 2, 2, 2, 2),
        ),
    )
}
"""About the sizes that the paper gives (section 3): 1.3 and 3.5 million parameters."""
