"""Example: a person as the network is to see it, with what is known of the points; and files of examples."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.pipeline.crop import Cropper
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.network.description import NUM_ALIGNED, NUM_POINTS
from posegloss.pipeline.roi import Image, RegionOfInterest
from posegloss.pipeline.skeleton import MIRROR

FloatArray = npt.NDArray[np.float32]

SIDE: Final = 352
"""Pixels of an example's picture."""
CONTEXT: Final = 1.4
"""The picture's side in sides of the region of interest, so that turned and shifted regions still show picture."""
TRUST: Final = 0.5
"""In a point that the teacher placed, against 1 for one that a person marked: chosen, not measured."""
_QUALITY: Final = 95
_ROWS: Final = 256
_SHAPES: Final[dict[str, tuple[int, ...]]] = {
    "points": (NUM_ALIGNED, 3),
    "trust": (NUM_ALIGNED,),
    "visibility": (NUM_POINTS,),
    "presence": (NUM_POINTS,),
    "world": (NUM_POINTS, 3),
    "person": (),
}
MIRROR_ALIGNED: Final = np.concatenate([MIRROR, [NUM_POINTS, NUM_POINTS + 1]])
"""The number in the mirror of each of the 33 points and of the two that align a region."""
MAPS_SHAPE: Final = (64, 64, NUM_ALIGNED)
SEGMENTATION_SIDE: Final = SIDE // 4
"""Cells: the outline of a person needs fewer than a picture has pixels."""
_SCHEMA: Final = pa.schema(
    [
        ("picture", pa.binary()),
        ("origin", pa.string()),
        ("maps", pa.binary()),
        ("segmentation", pa.binary()),
        *((name, pa.list_(pa.float32(), int(np.prod(shape, dtype=int)))) for name, shape in _SHAPES.items()),
    ]
)


class ExamplesError(PoseglossError):
    """There is nothing to train on, or a file of examples cannot be read."""


@dataclass(frozen=True, eq=False)
class Example:
    """A region of interest of a picture.

    Attributes:
        origin: the picture or video it is from. Examples of one origin are never both trained on and validated with.
        picture: (352, 352, 3) uint8 RGB, the region with 20 % of its side around it.
        points: (35, 3) x, y, z as fractions of the region's side, z from the middle of the hips; the 33 points, the
            middle of the hips, and a point straight above on the circle around the person. NaN where unknown.
        trust: (35,) how much each of these counts in training, 1 for what a person marked.
        visibility: (33,) probability that a point is in the picture and not hidden; NaN where unknown.
        presence: (33,) probability that it is in the picture; NaN where unknown.
        world: (33, 3) metres from the middle of the hips, turned as the region is; NaN where unknown.
        person: 1 if the region shows a person, else 0.
        maps: (64, 64, 35) uint8 how probable a teacher finds each point in each cell of the region, in 255ths; None
            without a teacher, or where the points are exact.
        segmentation: (88, 88) uint8 how probable a teacher finds it that a cell of the picture shows the person, in
            255ths; None where no teacher was asked.
    """

    origin: str
    picture: Image
    points: FloatArray
    trust: FloatArray
    visibility: FloatArray
    presence: FloatArray
    world: FloatArray
    person: float
    maps: npt.NDArray[np.uint8] | None = None
    segmentation: npt.NDArray[np.uint8] | None = None


class ExampleCropper:
    """Cuts examples' pictures out of frames; one for each thread."""

    def __init__(self) -> None:
        self._crop = Cropper(SIDE, cv2.BORDER_REPLICATE)

    def __call__(self, image: Image, region: RegionOfInterest) -> Image:
        """A region of an (H, W, 3) uint8 RGB picture, with what lies around it."""
        return self._crop(image, region.scaled(CONTEXT)).copy()


def nobody(origin: str, picture: Image) -> Example:
    """An example that shows no person."""
    unknown = {name: np.full(shape, np.nan, np.float32) for name, shape in _SHAPES.items() if name != "person"}
    told = unknown | {"trust": np.zeros(NUM_ALIGNED, np.float32)}
    return Example(origin, picture, **told, person=0.0, maps=None, segmentation=None)


def write_examples(path: Path, examples: Iterable[Example], about: dict[str, str]) -> int:
    """Write a file of examples, which appears when it is whole.

    Args:
        path: of the Parquet file.
        examples: drawn as they are written.
        about: kept with the file; ``about_examples`` reads it.

    Returns:
        How many.
    """
    count = 0
    schema = _SCHEMA.with_metadata(about)
    with whole_file(path) as part, pq.ParquetWriter(part, schema) as writer:
        for rows in _in_groups(examples):
            columns: list[Any] = [
                pa.array([_encoded(example.picture) for example in rows], pa.binary()),
                pa.array([example.origin for example in rows]),
                _column(None if example.maps is None else _below_one_another(example.maps) for example in rows),
                _column(example.segmentation for example in rows),
            ]
            for name in _SHAPES:
                values = np.stack([np.ravel(getattr(example, name)) for example in rows]).astype(np.float32)
                columns.append(pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1]))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(rows)
    return count


def about_examples(path: Path) -> dict[str, str] | None:
    """What a file of examples was written with; None where there is no whole file."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    return {key.decode(): value.decode() for key, value in metadata.items() if not key.startswith(b"ARROW")}


@dataclass(frozen=True, eq=False)
class Examples:
    """Many examples, their pictures as JPEG.

    Attributes:
        pictures: (N,) bytes.
        origins: (N,) names.
        values: name to (N, ...) float32, as ``Example`` has them.
        encoded_maps: (N,) bytes, or None where there are no maps.
        segmentations: (N,) bytes, or None where there is none.
    """

    pictures: npt.NDArray[np.object_]
    origins: npt.NDArray[np.object_]
    values: dict[str, FloatArray]
    encoded_maps: npt.NDArray[np.object_]
    segmentations: npt.NDArray[np.object_]

    @classmethod
    def read(cls, paths: Iterable[Path]) -> "Examples":
        """The examples of all files.

        Raises:
            ExamplesError: a file cannot be read, or there are none.
        """
        tables = []
        for path in paths:
            try:
                # Another table has other columns; folders named "a=b" are no columns.
                tables.append(pq.read_table(path, columns=_SCHEMA.names, partitioning=None).cast(_SCHEMA))
            except (OSError, ValueError, pa.ArrowException) as error:
                reason = str(error).partition("\n")[0]
                raise ExamplesError(f"{path} is no file of examples ({reason}); delete it and run again") from error
        table = pa.concat_tables(tables) if tables else _SCHEMA.empty_table()
        if not table.num_rows:
            raise ExamplesError("there are no people to train on: name annotations, videos, pictures or the avatar")
        values = {}
        for name, shape in _SHAPES.items():
            flat = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            values[name] = flat.reshape(-1, *shape)
        columns = ("picture", "origin", "maps", "segmentation")
        pictures, origins, maps, segmentations = (np.array(table[name].to_pylist(), object) for name in columns)
        return cls(pictures, origins, values, maps, segmentations)

    def __len__(self) -> int:
        return len(self.pictures)

    def part(self, chosen: Callable[[str], bool]) -> "Examples":
        """Those of some origins."""
        known = {origin: chosen(origin) for origin in set(self.origins)}
        rows = np.flatnonzero([known[origin] for origin in self.origins])
        values = {name: value[rows] for name, value in self.values.items()}
        return Examples(
            self.pictures[rows], self.origins[rows], values, self.encoded_maps[rows], self.segmentations[rows]
        )

    @property
    def untold(self) -> frozenset[str]:
        """What no example tells, of "depth", "world" and "visibility"."""
        told = {
            "depth": self.values["points"][..., 2],
            "world": self.values["world"],
            # Augmentation adds that a point is hidden, never that it is not.
            "visibility": self.values["visibility"],
        }
        return frozenset(name for name, values in told.items() if not np.isfinite(values).any())

    def picture(self, row: int) -> Image:
        """(352, 352, 3) uint8 RGB."""
        return decoded(self.pictures[row])

    def maps(self, row: int) -> npt.NDArray[np.uint8]:
        """(64, 64, 35) uint8 as ``Example`` has it; zeros where there are none."""
        content = self.encoded_maps[row]
        if content is None:
            return np.zeros(MAPS_SHAPE, np.uint8)
        side, _, count = MAPS_SHAPE
        return _gray(content).reshape(count, side, side).transpose(1, 2, 0)

    def segmentation(self, row: int) -> npt.NDArray[np.uint8] | None:
        """(88, 88) uint8 as ``Example`` has it."""
        content = self.segmentations[row]
        return None if content is None else _gray(content)


def decoded(content: bytes) -> Image:
    """A picture of ``Examples``."""
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def _encoded(picture: Image) -> bytes:
    _, content = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return content.tobytes()


def _below_one_another(maps: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return maps.transpose(2, 0, 1).reshape(-1, maps.shape[1])


def _column(pictures: Iterable[npt.NDArray[np.uint8] | None]) -> Any:
    """Pictures of one channel as PNG."""
    encoded = [None if picture is None else cv2.imencode(".png", picture)[1].tobytes() for picture in pictures]
    return pa.array(encoded, pa.binary())


def _gray(content: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def _in_groups(examples: Iterable[Example]) -> Iterator[list[Example]]:
    group: list[Example] = []
    for example in examples:
        group.append(example)
        if len(group) == _ROWS:
            yield group
            group = []
    if group:
        yield group
