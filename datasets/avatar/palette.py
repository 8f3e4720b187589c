"""The colours of a signer under the light of one clip."""

from dataclasses import dataclass

import numpy as np

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.signer import Look


@dataclass(frozen=True, eq=False)
class Palette:
    """RGB colours as float arrays (3,), 0 to 255."""

    skin: Array
    hair: Array
    shirt: Array
    accent: Array
    trousers: Array
    iris: Array
    lips: Array
    white: Array
    wall: Array
    direction: Array  # (2,) in the picture, towards the light

    @classmethod
    def of(cls, look: Look, rng: np.random.Generator) -> "Palette":
        """The colours of a look; the take changes the brightness a little.

        Args:
            look: the signer's.
            rng: of the take.
        """
        tint = np.array([1 + 0.04 * look.warmth, 1.0, 1 - 0.06 * look.warmth])
        tint *= look.brightness * rng.normal(1, 0.02)

        def lit(colour: tuple[float, ...] | Array) -> Array:
            return np.asarray(np.clip(np.array(colour, float) * tint, 0, 255))

        skin = np.array(look.skin, float)
        shirt = np.array(look.shirt, float)
        light = np.array([look.light, -0.75])
        return cls(
            skin=lit(skin),
            hair=lit(look.hair),
            shirt=lit(shirt),
            accent=lit(shirt * 0.55 + 105),
            trousers=lit((52, 54, 64)),
            iris=lit(look.iris),
            lips=lit(skin * (0.80, 0.58, 0.58) + (14, 6, 8)),
            white=lit((236, 233, 228)),
            wall=lit(look.wall),
            direction=light / np.linalg.norm(light),
        )
