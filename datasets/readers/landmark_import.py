"""Landmarks that a dataset holds in place of videos, into a KeypointStore."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from posegloss import __version__
from posegloss.datasets.readers.asl_signs import FRAME_RATE, FRAME_SIZE, AslSigns, read_landmarks
from posegloss.datasets.readers.errors import DatasetError
from posegloss.datasets.readers.reading import MetadataProblem, Reading
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import SettingsError
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.provenance import Origin, Provenance

SETTINGS: Final = {
    BLAZEPOSE33: ExtractionSettings(model="full", backend="mediapipe"),
    HOLISTIC75: ExtractionSettings(model="full", layout=HOLISTIC75),
}
"""By the layout, what comes nearest to Holistic's landmarks: MediaPipe's own pose tracker, and with hands ours."""
_MODEL: Final = "MediaPipe Holistic 0.9.0.1"
"""As the data page of the competition says."""
_FLUSH_CLIPS: Final = 256


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        done: clips that were put into the store.
        skipped: clips that were there already.
        reading: what the set's metadata says, with what is missing.
        failures: files that could not be read.
    """

    done: int
    skipped: int
    reading: Reading
    failures: tuple[MetadataProblem, ...]


def import_into_store(
    root: Path,
    out: Path,
    *,
    layout: str = BLAZEPOSE33,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Put the landmarks of asl-signs into a store. Stopped and run again, it goes on where it was.

    Args:
        root: the set's folder.
        out: the store, which is made if there is none.
        layout: the points: "blazepose33", or "holistic75" with the hands.
        progress: is told how many clips are done of how many.

    Raises:
        NotThisDatasetError: the folder does not look like the set.
        SettingsError: there is no such layout.
        StoreError: the store cannot be written, or has clips that were extracted in another way.
    """
    if layout not in SETTINGS:
        raise SettingsError(f"there is no layout {layout!r}; choose one of {', '.join(SETTINGS)}")
    reading = AslSigns().read(root)
    store = KeypointStore.create(out, SETTINGS[layout].to_dict())
    with store.exclusive():
        there = store.clip_ids()
        wanted = [clip.source for clip in reading.clips if clip.source.clip_id not in there]
        skipped = len(reading.clips) - len(wanted)
        failures: list[MetadataProblem] = []
        batch: list[Clip] = []
        try:
            for number, clip in enumerate(_clips(wanted, root, layout, failures), start=1):
                batch += [clip] if clip else []
                if len(batch) == _FLUSH_CLIPS:
                    full, batch = batch, []
                    store.append(full)
                if progress:
                    progress(skipped + number, len(reading.clips))
        finally:
            # An interrupt keeps what was read.
            store.append(batch)
    return Imported(len(wanted) - len(failures), skipped, reading, tuple(failures))


def _clips(
    sources: list[ClipSource], root: Path, layout: str, failures: list[MetadataProblem]
) -> Iterator[Clip | None]:
    """A clip for each source, None where the file cannot be read."""
    settings = json.dumps({"imported": AslSigns.about.name, "frame_rate": FRAME_RATE, "frame_size": FRAME_SIZE})
    for source in sources:
        clip = None
        try:
            sequence = read_landmarks(source.path, layout)
        except DatasetError as error:
            failures.append(MetadataProblem(source.path.relative_to(root).as_posix(), 0, str(error)))
        else:
            made = Provenance(Origin(str(source.path)), _MODEL, settings, __version__, datetime.now(UTC))
            clip = Clip(source.clip_id, sequence, source.gloss, source.signer, provenance=made)
        yield clip
