"""Our tracker held against ``mp.solutions.pose`` 0.10.21 (Full), frame by frame.

    python -m benchmarks.parity                  on the avatar, and on ../shared/data where it is there
    python -m benchmarks.parity --sensitivity    how far landmarks move when the region moves by a fraction of a pixel
    python -m benchmarks.parity --record         record the reference for the tests anew

The first two print a table; the exit code of the first is 1 if a bound is broken. Both trackers are given the same
pixels and the reference's own clock of 33.333 ms a frame. Distances are in pixels of the frame, over the points that
the reference gives a visibility above 0.5; the others lie mostly outside the frame, where both networks guess.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.mp_solutions import CLOCK_S, MpSolutionsPose
from posegloss.pipeline import models
from posegloss.pipeline.landmarks import LandmarkModel
from posegloss.pipeline.roi import RegionOfInterest
from posegloss.pipeline.tracker import PoseTracker
from posegloss.pipeline.video import VideoSource

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
RECORD_VIDEO = ROOT / "tests" / "data" / "avatar.mp4"
RECORD = ROOT / "tests" / "data" / "avatar_mp_solutions.npz"
VISIBLE = 0.5

Image = npt.NDArray[np.uint8]
Landmarks = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Mode:
    """One way of running both trackers, and what they may differ by."""

    name: str
    ours: dict[str, Any]
    reference: dict[str, Any]
    median_px: float
    p99_px: float = np.inf


MODES = (
    Mode("static", {"static": True}, {"static_image_mode": True}, 0.2, 1.0),
    Mode("smooth", {"smooth": True}, {"smooth_landmarks": True}, 0.5),
    Mode("raw", {"smooth": False}, {"smooth_landmarks": False}, 0.5),
)
STATIC = MODES[0]


@dataclass(frozen=True)
class Difference:
    """How far two trackers are apart on the same frames."""

    frames: int
    with_pose: int
    same_frames: bool
    median_px: float
    p99_px: float
    all_points_median_px: float

    def within(self, mode: Mode) -> bool:
        """Whether the bounds of a mode are kept."""
        return self.same_frames and self.median_px < mode.median_px and self.p99_px < mode.p99_px


def compare(reference: Landmarks, ours: Landmarks, sizes: Sequence[tuple[int, int]]) -> Difference:
    """Compare two (T, 33, 4) records of the same frames, of sizes (width, height); NaN where there is no pose."""
    in_reference, in_ours = (~np.isnan(record[:, 0, 0]) for record in (reference, ours))
    both = in_reference & in_ours
    offset = (reference[..., :2] - ours[..., :2]) * np.array(sizes)[:, None]
    distance = np.hypot(offset[both, :, 0], offset[both, :, 1])
    visible = distance[reference[both, :, 3] > VISIBLE]
    return Difference(
        frames=len(reference),
        with_pose=int(in_reference.sum()),
        same_frames=bool((in_reference == in_ours).all()),
        median_px=float(np.median(visible)),
        p99_px=float(np.quantile(visible, 0.99)),
        all_points_median_px=float(np.median(distance)),
    )


def run_ours(images: Iterable[Image], **arguments: Any) -> Landmarks:
    """(T, 33, 4) what our tracker says of the frames of one video; NaN where there is no pose."""
    tracker = PoseTracker("full", **arguments)
    nobody = np.full((33, 4), np.nan, np.float32)
    poses = [tracker.update(image, (i + 1) * CLOCK_S) for i, image in enumerate(images)]
    return np.stack([nobody if pose is None else pose.keypoints for pose in poses])


def frames_of(path: Path) -> list[Image]:
    """All frames of a video."""
    with VideoSource(path, threads=2) as video:
        return [frame.image for frame in video]


def _size(image: Image) -> tuple[int, int]:
    return image.shape[1], image.shape[0]


def _report(name: str, mode: Mode, difference: Difference) -> bool:
    kept = difference.within(mode)
    print(
        f"{name:34} {mode.name:7} {difference.with_pose:4}/{difference.frames:<4} "
        f"{'yes' if difference.same_frames else 'NO':5} {difference.median_px:8.3f} {difference.p99_px:8.3f} "
        f"{difference.all_points_median_px:8.3f}  {'ok' if kept else 'BROKEN'}",
        flush=True,
    )
    return kept


def check() -> bool:
    """Print the table; whether all bounds are kept."""
    print(f"{'frames of':34} {'mode':7} {'poses':9} {'same':5} {'median':>8} {'99 %':>8} {'all pts':>8}  (px)")
    kept = True
    clips = ["signer_540x720.mp4", "one_person_1080p.avi", "two_people_1080p.mp4"]
    for path in [RECORD_VIDEO, *(SHARED / "clips" / name for name in clips)]:
        if not path.exists():
            print(f"{path.name:34} not here")
            continue
        images = frames_of(path)
        for mode in MODES:
            with MpSolutionsPose(**mode.reference) as pose:
                reference, _ = pose.process_all(images)
            ours = run_ours(images, **mode.ours)
            kept &= _report(path.name, mode, compare(reference, ours, [_size(images[0])] * len(images)))
    photos = [frames_of(path)[0] for path in sorted((SHARED / "photos" / "coco").glob("*.jpg"))]
    if photos:
        with MpSolutionsPose(**STATIC.reference) as pose:
            reference = np.stack([pose.process(photo)[0] for photo in photos])
        ours = run_ours(photos, **STATIC.ours)
        kept &= _report("COCO photos", STATIC, compare(reference, ours, [_size(photo) for photo in photos]))
    return kept


def record() -> None:
    """Record the reference on the avatar's video, which is rendered anew."""
    from posegloss.datasets.avatar import Signer, perform, write_video

    RECORD_VIDEO.parent.mkdir(exist_ok=True)
    write_video(perform(Signer.random(2), ["CHIN-ARC-OUT", "TWO-HANDS-RISE"], take=0, seed=0), RECORD_VIDEO)
    images = frames_of(RECORD_VIDEO)
    arrays = {}
    for mode in MODES:
        with MpSolutionsPose(**mode.reference) as pose:
            arrays[mode.name], arrays[f"{mode.name}_world"] = pose.process_all(images)
    np.savez_compressed(RECORD, allow_pickle=False, **arrays)
    print(f"{RECORD}: {len(images)} frames, {RECORD.stat().st_size // 1024} KB")


def sensitivity() -> None:
    """Print how far visible landmarks move (median, px) when their region of interest moves a little.

    What two correct trackers differ by in video mode: a difference in the last bits moves the region, the region
    moves the landmarks, and they the next region.
    """
    paths = [RECORD_VIDEO, SHARED / "clips" / "signer_540x720.mp4", SHARED / "clips" / "one_person_1080p.avi"]
    model, detector = LandmarkModel(models.load("full")), models.load(models.DETECTOR)
    from posegloss.pipeline.detector import PoseDetector

    generator = np.random.default_rng(0)
    shifts = (0.0001, 0.001, 0.01, 0.1)
    print(f"{'region moved by (px)':24}" + "".join(f"{shift:10}" for shift in shifts))
    for path in filter(Path.exists, paths):
        image = frames_of(path)[0]
        region = PoseDetector(detector)(image)[0].region
        assert region is not None
        base = model(image, region)
        moved = []
        for shift in shifts:
            distances = []
            for angle in generator.uniform(0, 2 * np.pi, 16):
                center = (region.center[0] + shift * np.cos(angle), region.center[1] + shift * np.sin(angle))
                landmarks = model(image, RegionOfInterest(center, region.side, region.rotation))
                offset = (landmarks.points - base.points)[base.visibility > VISIBLE, :2]
                distances.append(np.median(np.hypot(*offset.T)))
            moved.append(np.median(distances))
        print(f"{path.name:24}" + "".join(f"{distance:10.4f}" for distance in moved))


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--record", action="store_true", help="record the reference on the avatar for the tests")
    what.add_argument("--sensitivity", action="store_true", help="how sensitive landmarks are to their region")
    arguments = parser.parse_args()
    if arguments.record:
        record()
    elif arguments.sensitivity:
        sensitivity()
    else:
        sys.exit(not check())


if __name__ == "__main__":
    main()
