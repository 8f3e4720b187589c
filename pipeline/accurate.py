"""PersonSearch: who is in a picture, looked for with more than one call of the networks.

MediaPipe gives the landmark network the region of the surest detection and takes what it says. On athletes most of what
is wrong then is the region's fault (docs/paper.md). Here the detector also sees the picture turned, what it finds is
tried, the landmark network's own alignment points give the next region, and the network itself says which of its
answers it trusts most. A picture that is clear at first costs two calls. All constants here were chosen on photos
other than those of docs/paper.md, which has what each part gives.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.pipeline.detector import Detection, PoseDetector
from posegloss.pipeline.landmarks import LandmarkModel, Landmarks
from posegloss.pipeline.roi import ROI_SCALE, Image, RegionOfInterest, normalized, rotation_of
from posegloss.pipeline.skeleton import INDEX

LEAST_SCORE: Final = 0.3
"""Of a detection to be tried: whether somebody is there is for the landmark network to say."""
SURE: Final = 12.5
"""``sureness`` from which on the search ends; half of the athletes at upright first sight have it."""
_TURNS: Final = ((0.0,), (np.pi,), (np.pi / 2, -np.pi / 2))
_DETECTIONS: Final = 3
_TRIED: Final = 2
_PASSES: Final = 2
# Two regions are one person's up to these differences: of centers in sides, of sides in octaves, of rotations.
_CENTER, _OCTAVES, _ROTATION = 0.15, 0.5, np.radians(35)
# Regions nearer than these parts of that give nothing new: among those detected, and from pass to pass.
_ALIKE, _ARRIVED = 0.3, 0.1
_LEAST_PROBABILITY: Final = 1e-6
LIMBS: Final = [
    INDEX[f"{side}_{part}"]
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]


class PersonSearch:
    """Finds the most trustworthy landmarks of a person in a picture.

    Args:
        detector: with ``LEAST_SCORE`` or less as its least score.
        network: the landmark network.
        min_score: a detection this probable counts as a person among ``people``.
        min_presence: a region in which a person is not more probable than this shows nobody.
    """

    def __init__(
        self, detector: PoseDetector, network: LandmarkModel, *, min_score: float, min_presence: float
    ) -> None:
        self._detector = detector
        self._network = network
        self._min_score = min_score
        self._min_presence = min_presence

    def __call__(self, image: Image) -> tuple[Landmarks | None, int]:
        """Look for a person.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            The landmarks, None where nobody is; and how many people the detector saw.
        """
        frame = RegionOfInterest.of_frame(image.shape[1], image.shape[0])
        trials = _Trials(image, self._network, self._min_presence)
        detections: list[Detection] = []
        people = 0
        for turns in _TURNS:
            for turn in turns:
                view = RegionOfInterest(frame.center, frame.side, turn)
                detections += self._detector(image, view)[:_DETECTIONS]
            groups = grouped(detections)
            # Of the first view that shows anybody: others see things in people who lie on their heads there.
            people = people or sum(group[0][0] >= self._min_score for group in groups)
            for group in groups[:_TRIED]:
                trials.look(mean_region(group))
            if trials.sureness < SURE:
                trials.follow()
            if trials.sureness >= SURE:
                break
        return trials.best, max(people, int(trials.best is not None))


class _Trials:
    """What the landmark network said of the regions of one picture."""

    def __init__(self, image: Image, network: LandmarkModel, min_presence: float) -> None:
        self.best: Landmarks | None = None
        self.sureness = -np.inf
        self._image, self._network, self._min_presence = image, network, min_presence
        self._tried: list[RegionOfInterest] = []

    def look(self, region: RegionOfInterest, new: float = _ALIKE) -> Landmarks | None:
        """The landmarks of a region; None where one less than ``new`` apart was looked at."""
        if any(apart(region, other) < new for other in self._tried):
            return None
        self._tried.append(region)
        landmarks = self._network(self._image, region)
        if landmarks.person > self._min_presence and (sure := sureness(landmarks)) > self.sureness:
            self.best, self.sureness = landmarks, sure
        return landmarks

    def follow(self) -> None:
        """Look where the best landmarks say that the person is, and where those of there say, for better or worse."""
        landmarks = self.best
        for _ in range(_PASSES):
            region = landmarks and RegionOfInterest.from_alignment_points(*landmarks.auxiliary)
            landmarks = self.look(region.scaled(ROI_SCALE), _ARRIVED) if region else None


def sureness(landmarks: Landmarks) -> float:
    """How far landmarks can be trusted: log odds that there is a person, plus those that limbs are seen, their mean."""
    return _log_odds(np.array(landmarks.person)) + _log_odds(landmarks.visibility[LIMBS])


def apart(one: RegionOfInterest, other: RegionOfInterest) -> float:
    """How different two regions are: below 1 they are of one person."""
    between = np.hypot(one.center[0] - other.center[0], one.center[1] - other.center[1])
    ratios = (
        float(between) / max(one.side, other.side) / _CENTER,
        abs(float(np.log2(one.side / other.side))) / _OCTAVES,
        abs(normalized(one.rotation - other.rotation)) / _ROTATION,
    )
    return float(max(ratios))


def grouped(detections: list[Detection]) -> list[list[tuple[float, RegionOfInterest]]]:
    """Scores and regions of detections, those of one person together; who is seen surest and most often comes first."""
    found = [(one.score, region) for one in detections if (region := one.region)]
    groups: list[list[tuple[float, RegionOfInterest]]] = []
    for score, region in sorted(found, key=lambda one: -one[0]):
        own = next((group for group in groups if apart(region, group[0][1]) < 1), None)
        if own is None:
            groups.append([(score, region)])
        else:
            own.append((score, region))
    return sorted(groups, key=lambda group: -sum(score for score, _ in group))


def mean_region(group: list[tuple[float, RegionOfInterest]]) -> RegionOfInterest:
    """The mean of regions weighted by their scores; of sides the geometric one."""
    weights = [score for score, _ in group]
    regions = [region for _, region in group]
    x, y = np.average([region.center for region in regions], axis=0, weights=weights)
    side = np.exp(np.average(np.log([region.side for region in regions]), weights=weights))
    up = np.average([region.turn(np.array([0.0, -1.0])) for region in regions], axis=0, weights=weights)
    return RegionOfInterest((float(x), float(y)), float(side), rotation_of(float(up[0]), float(up[1])))


def _log_odds(probabilities: npt.NDArray[np.float64]) -> float:
    kept = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return float(np.mean(np.log(kept / (1 - kept))))
