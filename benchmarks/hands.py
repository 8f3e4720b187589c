"""Our hands (the layout holistic75) held against MediaPipe's own, frame by frame.

    python -m benchmarks.hands                    the AUTSL clip's .pose file, and mp.solutions.holistic 0.10.21
    python -m benchmarks.hands --videos A.mp4     on videos of yours instead of those of ../shared/data
    python -m benchmarks.hands --raw              ours without smoothing over time; MediaPipe has none for hands

Both are given the same pixels and the reference's own clock of 33.333 ms a frame; the .pose file was made by others
from the same clip, with another release, and the reference is held against it, too. Nobody has marked these hands, so
the table tells how two trackers agree, and of which mistakes each can be convicted by itself:

* found: hands, a left and a right one for each frame; agree: the share of these in which both or neither found one.
* apart: between the 21 points of hands that both found, median and 95 %, in palms (wrist to middle knuckle).
* same hand: frames in which left and right were both found, on one and the same hand (their points lie less than half a
  palm apart in the mean).
* off wrist: hands whose wrist lies farther than 0.8 palms from where the same tracker's body has it.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.mp_solutions import CLOCK_S, MpSolutionsHolistic
from benchmarks.parity import SHARED, Image, frames_of
from posegloss.pipeline.formats import ReadOptions, read_sequence
from posegloss.pipeline.hands.holistic_tracker import HolisticTracker
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import HOLISTIC75, INDEX, hand_points
from posegloss.pipeline.tracker import PoseTracker

AUTSL: Final = SHARED / "clips" / "autsl_signer0_sample1000_color.mp4"
POSE_FILE: Final = SHARED / "pose_files" / "autsl_signer0_sample1000.holistic.pose"
SIGNER: Final = SHARED / "clips" / "signer_540x720.mp4"
SAME_HAND: Final = 0.5
OFF_WRIST: Final = 0.8
_WRISTS: Final = [INDEX["left_wrist"], INDEX["right_wrist"]]
_WRIST, _MIDDLE_KNUCKLE = 0, 9

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Hands:
    """What a tracker says of a clip.

    Attributes:
        points: (T, 2, 21, 2) x, y in pixels of the left and the right hand; NaN where it was not found.
        wrists: (T, 2, 2) x, y in pixels of the body's wrists.
    """

    points: Floats
    wrists: Floats

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """(T, 2)."""
        return ~np.isnan(self.points[..., 0, 0])

    @property
    def palms(self) -> Floats:
        """(T, 2) pixels from the wrist to the middle knuckle."""
        return np.linalg.norm(self.points[:, :, _MIDDLE_KNUCKLE] - self.points[:, :, _WRIST], axis=-1)

    def same_hand(self) -> npt.NDArray[np.bool_]:
        """For each frame with both hands, whether they lie on each other."""
        both = self.found.all(axis=1)
        apart = np.linalg.norm(self.points[both, 0] - self.points[both, 1], axis=-1).mean(axis=-1)
        return np.asarray(apart < SAME_HAND * self.palms[both].mean(axis=1))

    def off_wrist(self) -> npt.NDArray[np.bool_]:
        """For each hand that was found, whether it lies far from the body's wrist."""
        off = np.linalg.norm(self.points[:, :, _WRIST] - self.wrists, axis=-1)
        return np.asarray((off > OFF_WRIST * self.palms)[self.found])


@dataclass
class Row:
    """How two trackers compare on clips; each list has an array a clip."""

    found: list[npt.NDArray[np.bool_]]
    apart: list[Floats]
    same_hand: tuple[list[npt.NDArray[np.bool_]], list[npt.NDArray[np.bool_]]]
    off_wrist: tuple[list[npt.NDArray[np.bool_]], list[npt.NDArray[np.bool_]]]

    @classmethod
    def of(cls, reference: Hands, ours: Hands) -> "Row":
        """Of one clip."""
        both = reference.found & ours.found
        apart = np.linalg.norm(reference.points - ours.points, axis=-1)[both] / reference.palms[both][:, None]
        pair = reference, ours
        return cls(
            [np.stack([one.found.ravel() for one in pair])],
            [apart.ravel()],
            ([reference.same_hand()], [ours.same_hand()]),
            ([reference.off_wrist()], [ours.off_wrist()]),
        )

    def __add__(self, other: "Row") -> "Row":
        first, second = (
            (a[0] + b[0], a[1] + b[1])
            for a, b in ((self.same_hand, other.same_hand), (self.off_wrist, other.off_wrist))
        )
        return Row(self.found + other.found, self.apart + other.apart, first, second)

    def line(self) -> str:
        """The columns of the table."""
        found, apart = np.concatenate(self.found, axis=1), np.concatenate(self.apart)
        median, p95 = np.quantile(apart, (0.5, 0.95)) if len(apart) else (np.nan, np.nan)
        same = [np.concatenate(one) for one in self.same_hand]
        off = [np.concatenate(one) for one in self.off_wrist]
        told = [f"{int(one.sum())}/{len(one)}" for one in (*same, *off)]
        return (
            f"{found.shape[1]:6} {found[0].sum():6} {found[1].sum():6} {(found[0] == found[1]).mean():7.1%} "
            f"{median:8.3f} {p95:7.3f}  " + " ".join(f"{one:>10}" for one in told)
        )


def run_ours(images: Sequence[Image], *, smooth: bool) -> Hands:
    """Our hands on the frames of one video."""
    tracker = HolisticTracker(PoseTracker("full"), smooth=smooth)
    nobody = np.full((75, 4), np.nan, np.float32)
    poses = [tracker.update(image, (i + 1) * CLOCK_S) for i, image in enumerate(images)]
    height, width = images[0].shape[:2]
    return of_points(np.stack([nobody if pose is None else pose.keypoints for pose in poses]), (width, height))


def of_points(keypoints: Floats, size: tuple[int, int]) -> Hands:
    """The hands in (T, 75, 4) points that are fractions of a frame of width and height."""
    hands = [keypoints[:, hand_points(side), :2] * size for side in ("left", "right")]
    return Hands(np.stack(hands, axis=1), keypoints[:, _WRISTS, :2] * size)


def run_reference(images: Sequence[Image]) -> Hands:
    """The hands of ``mp.solutions.holistic`` on the frames of one video."""
    size = images[0].shape[1], images[0].shape[0]
    with MpSolutionsHolistic() as holistic:
        body, hands = holistic.process_all(images)
    return Hands(hands[..., :2] * size, body[:, _WRISTS, :2] * size)


def of_file(sequence: KeypointSequence) -> Hands:
    """The hands in a sequence."""
    return of_points(sequence.keypoints, sequence.size)


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=Path, nargs="+", help="these in place of ../shared/data")
    parser.add_argument("--raw", action="store_true", help="ours without smoothing")
    arguments = parser.parse_args()
    print(
        f"{'':34} {'hands':>6} {'theirs':>6} {'ours':>6} {'agree':>7} {'apart':>8} {'95 %':>7}  "
        f"{'same hand':>10} {'ours':>10} {'off wrist':>10} {'ours':>10}"
    )
    videos = arguments.videos or [AUTSL, SIGNER, *sorted((SHARED / "wlasl").glob("*.mp4"))]
    rows = []
    for path in filter(Path.exists, videos):
        images = frames_of(path)
        ours = run_ours(images, smooth=not arguments.raw)
        reference = run_reference(images)
        if path == AUTSL and POSE_FILE.exists():
            theirs = of_file(read_sequence(POSE_FILE, ReadOptions(layout=HOLISTIC75)))
            print(f"{'.pose of AUTSL':34} {Row.of(theirs, ours).line()}")
            print(f"{'.pose of AUTSL, to the reference':34} {Row.of(theirs, reference).line()}")
        rows.append(Row.of(reference, ours))
        print(f"{path.name[:34]:34} {rows[-1].line()}", flush=True)
    if not rows:
        print("no videos here: give --videos")
        return
    print(f"{f'all {len(rows)} videos':34} {sum(rows[1:], rows[0]).line()}")


if __name__ == "__main__":
    main()
