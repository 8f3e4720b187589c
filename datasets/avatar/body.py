"""The measures of a body, in metres.

Body frame, here and in the whole avatar: origin at the middle of the hips, x towards the signer's left (right in an
unmirrored picture), y down, z away from the viewer. So a hand in front of the chest has negative y and negative z.

Segment lengths and heights are fractions of the stature from Drillis & Contini, "Body Segment Parameters" (1966), as
drawn in Winter, "Biomechanics and Motor Control of Human Movement", figure 4.1. Finger bones are the means of Buryanov
& Kotiuk, "Proportions of Hand Segments" (2010), relative to a hand of 0.186 m.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

HIP_HEIGHT: Final = 0.530
# The drawing's 0.818 is the top of the shoulder; the joint lies about 2 cm below it.
SHOULDER_HEIGHT: Final = 0.818 - 0.012
CHIN_HEIGHT: Final = 0.870
EYE_HEIGHT: Final = 0.936
KNEE_HEIGHT: Final = 0.285
ANKLE_HEIGHT: Final = 0.039

# Index, middle, ring and little finger, then the thumb (whose first bone is its metacarpal). Fractions of the hand.
PHALANGES: Final = (
    np.array([[39.8, 22.4, 15.8], [44.6, 26.3, 17.4], [41.4, 25.7, 17.3], [32.7, 18.1, 16.0], [46.2, 31.6, 21.7]]) / 186
)
# Where those bones start in the hand's own frame (along the fingers, towards the thumb, out of the palm).
KNUCKLES: Final = np.array([[91, 29, 0], [92, 9, -2], [86, -11, -1], [78, -30, 2], [20, 20, 10]]) / 186


@dataclass(frozen=True)
class Body:
    """A signer's measures.

    Attributes:
        stature: height in metres.
        shoulders: breadth of the shoulders relative to the average.
        girth: thickness of limbs and waist relative to the average.
        head: size of the head relative to the average.
    """

    stature: float = 1.70
    shoulders: float = 1.0
    girth: float = 1.0
    head: float = 1.0

    @property
    def scale(self) -> float:
        """Relative to the 1.70 m for which the lexicon gives distances."""
        return self.stature / 1.70

    @property
    def upper_arm(self) -> float:
        """Shoulder to elbow."""
        return 0.186 * self.stature

    @property
    def forearm(self) -> float:
        """Elbow to wrist."""
        return 0.146 * self.stature

    @property
    def hand(self) -> float:
        """Wrist to the tip of the middle finger."""
        return 0.108 * self.stature

    @property
    def shoulder_x(self) -> float:
        """Half the distance of the shoulder joints: they lie an arm's radius inside the 0.129 of the outline."""
        return 0.101 * self.stature * self.shoulders

    @property
    def shoulder_y(self) -> float:
        """Height of the shoulders in the body frame (negative: above the hips)."""
        return self.height(SHOULDER_HEIGHT)

    @property
    def hip_x(self) -> float:
        """Half the distance of the hip joints."""
        return 0.058 * self.stature

    @property
    def head_height(self) -> float:
        """Chin to the top of the skull."""
        return 0.130 * self.stature * self.head

    def height(self, fraction: float) -> float:
        """Down-pointing y in the body frame of a height above the ground, given as a fraction of the stature."""
        return -(fraction - HIP_HEIGHT) * self.stature
