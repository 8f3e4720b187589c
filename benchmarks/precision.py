"""The int8 landmark networks held against the float ones: speed, accuracy, and how far the keypoints of videos move.

    python -m benchmarks.precision [lite full heavy] [--table FILE]

* ms a call: both networks in turn on one picture, one thread.
* PCK@0.2: the share of joints within 0.2 of the torso's length of where people marked them, on 400 upright people of
  Leeds Sports Pose Extended (../shared/data/photos/lspet); both networks are given the region that the detector finds.
  The interval of the difference is a paired bootstrap over pictures, 95 %.
* Videos: how far apart the tracked keypoints are, over points that the float network gives a visibility above 0.5, in
  pixels of the frame and of the shoulders' width. Not for another table (``benchmarks.int8_table --out``).
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.parity import RECORD_VIDEO, SHARED, VISIBLE, frames_of
from posegloss.pipeline import int8, models
from posegloss.pipeline.detector import PoseDetector
from posegloss.pipeline.extract import extract
from posegloss.pipeline.landmarks import LandmarkModel
from posegloss.pipeline.measuring.annotations.reading import read_annotations, read_list
from posegloss.pipeline.measuring.pck import PAPERS_THRESHOLD, relative_distances
from posegloss.pipeline.measuring.people import Person
from posegloss.pipeline.measuring.pictures import Picture, decode, read_files
from posegloss.pipeline.measuring.systems import MIN_PROBABILITY
from posegloss.pipeline.roi import Image, RegionOfInterest

CALLS: Final = 60
VIDEOS: Final = 10
PHOTOS: Final = SHARED / "photos" / "lspet"
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Networks = dict[str, LandmarkModel]


def milliseconds(networks: Networks, image: Image) -> dict[str, list[float]]:
    """How long each call of each network takes, in turn."""
    region = RegionOfInterest.of_frame(image.shape[1], image.shape[0])
    taken: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(CALLS):
        for name, network in networks.items():
            picture = network._crop(image, region)
            start = time.perf_counter()
            network._network(picture)
            taken[name].append((time.perf_counter() - start) * 1000)
    return taken


def photos() -> Iterator[tuple[Picture, Person]]:
    """The pictures of the fixed list, and who was marked in them."""
    marked = read_annotations(PHOTOS / "joints.npz").of_images(read_list(PHOTOS / "upright400.json", "validation"))
    people = {person.image: person for person in marked.people}
    for name, content in read_files(PHOTOS / "images.tar", people):
        if picture := decode(name, content):
            yield picture, people[name]


def correct(
    networks: Networks, picture: Picture, person: Person, region: RegionOfInterest | None
) -> dict[str, BoolArray]:
    """(33,) whether each network puts each joint that was marked within 0.2 of the torso's length."""
    right = dict.fromkeys(networks, np.zeros(len(person.points), np.bool_))
    for name, network in networks.items() if region else ():
        assert region is not None
        landmarks = network(picture.pixels, region)
        if landmarks.person > MIN_PROBABILITY:
            found = landmarks.points[None, :, :2]
            distances = relative_distances(person.points[None], found, np.array([person.torso]))
            right[name] = distances[0] <= PAPERS_THRESHOLD
    return right


def interval(differences: FloatArray) -> tuple[float, float]:
    """95 % of the means of samples of the pictures, drawn with replacement."""
    drawn = np.random.default_rng(0).integers(0, len(differences), (4000, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def moved(path: Path, model: str) -> tuple[float, float, float, int]:
    """How far the points of a video move.

    Returns:
        Median and 90 % quantile in pixels, the median in shares of the shoulders' width, and in how many frames only
        one of the networks sees a person.
    """
    track = partial(extract, path, model=model)
    real, whole = track(), track(precision="int8")
    distances = np.hypot(*((real.keypoints - whole.keypoints)[..., :2] * np.array(real.size)).T).T
    shoulders = (real.keypoints[:, 11] - real.keypoints[:, 12])[:, :2] * np.array(real.size)
    seen = [~np.isnan(sequence.keypoints[:, 0, 0]) for sequence in (real, whole)]
    of_both = distances[(real.keypoints[..., 3] > VISIBLE) & (seen[0] & seen[1])[:, None]]
    width = float(np.nanmedian(np.hypot(*shoulders.T)))
    median = float(np.median(of_both))
    return median, float(np.quantile(of_both, 0.9)), median / width, int((seen[0] != seen[1]).sum())


def report(model: str, table: Path, image: Image, people: Sequence[tuple[Any, ...]], videos: Sequence[Path]) -> None:
    """Print what there is to say of one network."""
    networks = {precision: LandmarkModel(int8.load(model, precision, table=table)) for precision in int8.PRECISIONS}
    taken = milliseconds(networks, image)
    (least, middle), (least8, middle8) = ((min(ms), float(np.median(ms))) for ms in taken.values())
    print(
        f"{model}: ms a call, least: {least:.2f} float, {least8:.2f} int8, {least / least8:.2f} times as fast;", end=" "
    )
    print(f"median: {middle:.2f} float, {middle8:.2f} int8, {middle / middle8:.2f} times")
    if people:
        right = [correct(networks, *person) for person in people]
        marked = np.array([np.isfinite(person.points[:, 0]).sum() for _, person, _ in people])
        real, whole = (np.array([r[p].sum() for r in right]) / marked * 100 for p in int8.PRECISIONS)
        low, high = interval(whole - real)
        print(f"{model}: PCK@0.2 on {len(people)} photos: {real.mean():.2f} float, {whole.mean():.2f} int8,", end=" ")
        print(f"{(whole - real).mean():+.2f} points ({low:+.2f} to {high:+.2f})")
    for path in videos:
        median, p90, share, alone = moved(path, model)
        print(
            f"{model}: {path.name}: apart by {median:.2f} px ({share:.1%} of the shoulders), 90 % {p90:.2f}; ", end=""
        )
        print(f"{alone} frames in which only one sees a person", flush=True)


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "models", nargs="*", default=["lite", "full"], help="lite, full, heavy; lite and full unless given"
    )
    parser.add_argument("--table", type=Path, default=int8.TABLE, help="activations other than those of posegloss")
    arguments = parser.parse_args()
    people = []
    if PHOTOS.exists():
        detector = PoseDetector(models.load(models.DETECTOR))
        for picture, person in photos():
            found = detector(picture.pixels)
            people.append((picture, person, found[0].region if found else None))
    else:
        print(f"no photos with marked joints here ({PHOTOS}): PCK is left out")
    videos = [RECORD_VIDEO, *sorted((SHARED / "wlasl").glob("*.mp4"))[:VIDEOS]]
    if arguments.table != int8.TABLE:
        videos = []
    elif len(videos) == 1:
        print(f"no real clips here ({SHARED / 'wlasl'}): videos are the avatar's only")
    for model in arguments.models:
        report(model, arguments.table, frames_of(RECORD_VIDEO)[0], people, videos)


if __name__ == "__main__":
    main()
