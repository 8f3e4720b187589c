"""Following one person among several whom nobody has told apart.

Everybody is followed through the clip, each to whoever is nearest in the next frame; the signer is whoever is large,
complete and in the middle for longest. So a passer-by who comes nearer than the signer for a moment gets a track of his
own, and takes nobody's place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import MIRROR

MOST_PEOPLE: Final = 64
"""In one frame; OpenPose finds about 20 in a crowd."""
NOBODY: Final = "no person was found in any frame"
_MOST_TRACKS: Final = 256
_GATE: Final = 0.2
"""From one frame to the next a person goes at most this part of his own size (as the median of the joints)."""
_GATE_GROWS: Final = 0.02
_WIDEST_GATE: Final = 0.6
"""Lost for longer, he may have gone further, but not over to his neighbour."""
_SCALES: Final = (0.5, 2.0)
"""Nobody grows or shrinks by more from one sight to the next."""


@dataclass(frozen=True)
class Followed:
    """The person who was followed.

    Attributes:
        places: (T,) which of each frame's people; -1 where that person is missing.
        most_people: that any frame shows.
        most_people_frame: the first frame that shows so many.
    """

    places: npt.NDArray[np.intp]
    most_people: int
    most_people_frame: int

    def warning(self, times: Sequence[float]) -> str | None:
        """That there were others, as the extraction words it; None where there were none."""
        if self.most_people < 2:
            return None
        when = times[self.most_people_frame]
        return f"several people: {self.most_people} at {when:.2f} s; the most prominent one is followed"


@dataclass
class _Track:
    last: FloatArray
    size: float
    seen: int
    score: float = 0.0
    places: dict[int, int] = field(default_factory=dict)

    def extend(self, person: FloatArray, number: int, place: int, frame_size: tuple[int, int]) -> None:
        size = _size(person)
        # A joint that is hidden now stays where it was, so that the next sight has something to compare with.
        self.last = np.where(np.isnan(person), self.last, person)
        self.size = 0.8 * self.size + 0.2 * size
        self.seen = number
        self.places[number] = place
        middle = np.nanmean(person[:, :2], axis=0)
        off_centre = float(np.hypot(*(middle / frame_size - 0.5)) / np.hypot(0.5, 0.5))
        complete = float(np.nansum(person[:, 2])) / len(person)
        self.score += size * complete * max(1 - off_centre, 0.1)


def follow_signer(frames: Sequence[FloatArray] | FloatArray, size: tuple[int, int]) -> Followed:
    """The most prominent person of a clip.

    Args:
        frames: for each frame (N, 33, 3): of N people x and y in pixels and confidence, NaN where missing.
        size: of the frames in pixels, for where their middle is.
    """
    counts: list[int] = []
    tracks: list[_Track] = []
    best: _Track | None = None
    for number, people in enumerate(frames):
        # Who shows one point only has no size, and is left to chance by nobody.
        sizes = [_size(person) for person in people]
        places = [place for place in np.argsort(sizes)[::-1][:MOST_PEOPLE].tolist() if sizes[place] > 0]
        counts.append(len(places))
        taken = _match(tracks, people[places], number)
        for index, place in enumerate(places):
            track = taken.get(index)
            if track is None:
                track = _Track(people[place], sizes[place], number)
                tracks.append(track)
            track.extend(people[place], number, place, size)
            if best is None or track.score > best.score:
                best = track
        if len(tracks) > _MOST_TRACKS:
            tracks = sorted(tracks, key=lambda track: track.seen)[-_MOST_TRACKS:]
    followed = np.full(len(frames), -1, np.intp)
    if best:
        followed[list(best.places)] = list(best.places.values())
    most = max(counts, default=0)
    return Followed(followed, most, counts.index(most) if counts else 0)


def _size(person: FloatArray) -> float:
    """The diagonal of the box around a person; 0 for one without two points."""
    seen = person[~np.isnan(person[:, 0]), :2]
    return float(np.hypot(*np.ptp(seen, axis=0))) if len(seen) > 1 else 0.0


def _match(tracks: Sequence[_Track], people: FloatArray, number: int) -> dict[int, _Track]:
    """Who goes on which track: for the place of a person his track, if he has one."""
    # Those seen a moment ago first: where somebody was lost long ago, another may stand now.
    live = [track for track in tracks if track.seen == number - 1]
    lost = [track for track in tracks if track.seen < number - 1]
    matched = _assign(live, people, number)
    left = [place for place in range(len(people)) if place not in matched]
    again = _assign(lost, people[left], number)
    return matched | {left[place]: track for place, track in again.items()}


def _assign(tracks: Sequence[_Track], people: FloatArray, number: int) -> dict[int, _Track]:
    if not tracks or not len(people):
        return {}
    last = np.stack([track.last for track in tracks])[:, None, :, :2]
    here = people[None, :, :, :2]
    common = ~np.isnan(last[..., 0] + here[..., 0])
    # Of one who turns round, left and right are taken for each other from one frame to the next.
    distance = np.minimum(_distance(last, here), _distance(last[:, :, MIRROR], here))
    sizes = np.array([track.size for track in tracks])[:, None]
    distance /= sizes
    lost = number - np.array([track.seen for track in tracks])[:, None]
    gate = np.minimum(_GATE + _GATE_GROWS * (lost - 1), _WIDEST_GATE)
    # As a whole, too: a bystander of whom a few joints look out behind somebody is not that somebody.
    ratios = _extent(here, common) / _extent(last, common), _extent(here, ~np.isnan(here[..., 0])) / sizes
    allowed = (distance <= gate) & np.all([(ratio >= _SCALES[0]) & (ratio <= _SCALES[1]) for ratio in ratios], axis=0)
    # To be matched with nobody costs as much as the gate: nobody is sent far for another's sake.
    rows, columns = linear_sum_assignment(np.where(allowed, distance, gate))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {column: tracks[row] for row, column in pairs if allowed[row, column]}


def _distance(last: FloatArray, here: FloatArray) -> FloatArray:
    """The median over the joints that both show, infinite where there is none.

    One joint that was put on somebody else does not move it.
    """
    apart = np.hypot(*np.moveaxis(last - here, -1, 0))
    some = ~np.isnan(apart).all(-1)
    return np.where(some, np.nanmedian(np.where(some[..., None], apart, 0.0), axis=-1), np.inf)


def _extent(points: FloatArray, common: npt.NDArray[np.bool_]) -> FloatArray:
    """The diagonal of the box around the points that both show, at least a little."""
    highest = np.where(common[..., None], points, -np.inf).max(-2)
    lowest = np.where(common[..., None], points, np.inf).min(-2)
    return np.where(common.any(-1), np.hypot(*np.moveaxis(highest - lowest, -1, 0)), 0.0).clip(1e-6)
