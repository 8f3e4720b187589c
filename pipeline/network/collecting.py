"""Where examples come from: people marked in pictures, and videos and pictures that a teacher labels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.pipeline.errors import VideoError
from posegloss.pipeline.files import files_below
from posegloss.pipeline.measuring.people import Annotations, Person
from posegloss.pipeline.measuring.pictures import decode, read_files
from posegloss.pipeline.network.description import NUM_ALIGNED, NUM_POINTS
from posegloss.pipeline.network.example import TRUST, Example, ExampleCropper, nobody
from posegloss.pipeline.network.teacher import Labels, Teacher
from posegloss.pipeline.roi import ROI_SCALE, Image, RegionOfInterest
from posegloss.pipeline.video import VideoSource

PICTURES: Final = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp"))

EMPTY_SHARE: Final = 0.15
"""Of pictures that also give a region without anybody: enough to learn when the person is lost."""

_FAR: Final = 0.1
"""Sides of the region: a teacher this far from what was marked, in the median, has seen somebody else."""
_EMPTY_SIDES: Final = (0.25, 0.8)
"""Sides of regions without a person, as parts of the picture's shorter one."""
_TRIES: Final = 8

Warn = Callable[[str], None]


def marked_people(
    annotations: Annotations,
    images: Path,
    teacher: Teacher | None,
    *,
    seed: int = 0,
    empty_share: float = EMPTY_SHARE,
    on_picture: Callable[[int], None] = lambda done: None,
    warn: Warn = lambda text: None,
) -> Iterator[Example]:
    """Everybody who is marked, and regions without anybody from some pictures that have room for one.

    What nobody marked, the teacher adds, unless it sees another pose than was marked.

    Args:
        annotations: who is where.
        images: the folder or tar of the pictures.
        teacher: None to learn from the marked points alone.
        seed: of the regions without anybody.
        empty_share: part of the pictures that such a region is looked for in.
        on_picture: is told how many pictures are done.
        warn: is told of pictures that cannot be read.

    Raises:
        FormatError: the pictures are neither in a folder nor in a tar.
    """
    crop = ExampleCropper()
    rng = np.random.default_rng(seed)
    by_image: dict[str, list[Person]] = {}
    for person in annotations.people:
        by_image.setdefault(person.image, []).append(person)
    missing = set(by_image)
    for done, (name, content) in enumerate(read_files(images, by_image), start=1):
        missing.discard(name)
        on_picture(done)
        picture = decode(name, content)
        if picture is None:
            warn(f"{name} left out: it is no picture that can be decoded")
            continue
        for person in by_image[name]:
            region = person.region
            if teacher and not np.isfinite(person.torso):
                # Around a box alone: nobody marked how the person is turned.
                region = teacher.aligned(picture.pixels, region) or region
            if region is not None:
                labels = teacher.label(picture.pixels, region) if teacher else None
                one = _of_person(person, region, labels, crop(picture.pixels, region))
                yield replace(one, segmentation=teacher.segment(one.picture)) if teacher and labels else one
        boxes = [person.box for person in by_image[name]] + list(annotations.ignored_in(name))
        empty = _without_anybody(picture.pixels, boxes, rng) if rng.random() < empty_share else None
        # Many sets mark but one person of a picture; the teacher sees the others.
        if empty is not None and (teacher is None or teacher.label(picture.pixels, empty) is None):
            yield nobody(name, crop(picture.pixels, empty))
    if missing:
        warn(f"{len(missing)} pictures are not there, such as {min(missing)}")


def footage(
    paths: Sequence[Path],
    teacher: Teacher,
    *,
    every_s: float,
    on_file: Callable[[int], None] = lambda done: None,
    warn: Warn = lambda text: None,
) -> Iterator[Example]:
    """The people whom the teacher sees in videos and pictures.

    Args:
        paths: files and folders of them.
        teacher: labels them.
        every_s: seconds of a video between two frames that are taken.
        on_file: is told how many files are done.
        warn: is told of files that cannot be read.
    """
    for done, (origin, path) in enumerate(files_in(paths).items(), start=1):
        if path.suffix.lower() in PICTURES:
            yield from _of_picture(origin, path, teacher, warn)
        else:
            yield from _of_video(origin, path, teacher, every_s, warn)
        on_file(done)


def files_in(paths: Sequence[Path]) -> Mapping[str, Path]:
    """The files of folders, and files themselves, by names that tell them apart."""
    found: dict[str, Path] = {}
    for path in paths:
        inside = files_below(path) if path.is_dir() else [path]
        found |= {one.as_posix(): one for one in inside if not one.name.startswith(".")}
    return found


def _of_picture(origin: str, path: Path, teacher: Teacher, warn: Warn) -> Iterator[Example]:
    try:
        picture = decode(origin, path.read_bytes(), upright=True)
    except OSError as error:
        warn(f"{path} left out: {error.strerror or error}")
        return
    if picture is None:
        warn(f"{path} left out: it is no picture that can be decoded")
    else:
        yield from teacher.examples(origin, picture.pixels)


def _of_video(origin: str, path: Path, teacher: Teacher, every_s: float, warn: Warn) -> Iterator[Example]:
    try:
        with VideoSource(path) as video:
            due = 0.0
            for frame in video:
                if frame.timestamp_s >= due:
                    due = frame.timestamp_s + every_s
                    yield from teacher.examples(origin, frame.image)
    except VideoError as error:
        warn(f"{path} left out: {error}")


def _of_person(person: Person, region: RegionOfInterest, labels: Labels | None, picture: Image) -> Example:
    points = np.full((NUM_ALIGNED, 3), np.nan, np.float32)
    points[:NUM_POINTS, :2] = region.from_frame(person.points)
    marked = np.isfinite(points[:, 0])
    if np.isfinite(person.torso):
        # The region was made from these, so they lie where every region has them.
        points[NUM_POINTS:, :2] = (0.5, 0.5), (0.5, 0.5 - 0.5 / ROI_SCALE)
        marked[NUM_POINTS:] = True
    trust = np.where(marked, 1, TRUST).astype(np.float32)
    unknown = np.full(NUM_POINTS, np.nan, np.float32)
    if labels is None or not _agree(points, labels.points):
        # What is marked is in the picture; whether it is hidden, not all who mark tell.
        presence = np.where(marked[:NUM_POINTS], 1, np.nan).astype(np.float32)
        world = np.full((NUM_POINTS, 3), np.nan, np.float32)
        # Where a teacher sees another pose, its maps say how sure it is of that; who marked may be wrong, too.
        maps = None if labels is None else labels.maps
        return Example(person.image, picture, points, trust, unknown, presence, world, 1.0, maps)
    points = np.where(np.isfinite(points), points, labels.points)
    presence = np.where(marked[:NUM_POINTS], 1, labels.presence).astype(np.float32)
    return Example(person.image, picture, points, trust, labels.visibility, presence, labels.world, 1.0, labels.maps)


def _agree(marked: np.ndarray, taught: np.ndarray) -> bool:
    both = np.isfinite(marked[:NUM_POINTS, 0])
    if not both.any():
        return True
    apart = np.hypot(*(marked[:NUM_POINTS, :2] - taught[:NUM_POINTS, :2])[both].T)
    return bool(np.median(apart) < _FAR)


def _without_anybody(image: Image, boxes: Sequence[np.ndarray], rng: np.random.Generator) -> RegionOfInterest | None:
    """A square of a picture that touches nobody who is marked; None where none was found in a few tries."""
    height, width = image.shape[:2]
    for _ in range(_TRIES):
        side, angle = rng.uniform(*_EMPTY_SIDES) * min(height, width), float(rng.uniform(-np.pi, np.pi))
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        # How far the corners of a turned square go.
        reach = side / 2 * (abs(np.cos(angle)) + abs(np.sin(angle)))
        if all(
            x + reach < left or x - reach > right or y + reach < top or y - reach > bottom
            for left, top, right, bottom in boxes
        ):
            return RegionOfInterest((x, y), side, angle)
    return None
