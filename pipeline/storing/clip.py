"""Clip: a sequence with what is known of it, and the row of a store that holds it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from posegloss import __version__
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import KEYPOINT_NAMES, LAYOUTS
from posegloss.pipeline.storing.provenance import Origin, Provenance

SCHEMA: Final = pa.schema(
    [
        ("clip_id", pa.string()),
        ("gloss", pa.string()),
        ("signer", pa.string()),
        ("split", pa.string()),
        ("synthetic", pa.bool_()),
        ("source", pa.string()),
        ("frame_rate", pa.float64()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("frames", pa.int32()),
        ("frames_with_person", pa.int32()),
        ("warnings", pa.list_(pa.string())),
        ("layout", pa.string()),
        ("timestamps", pa.list_(pa.float64())),
        ("keypoints", pa.list_(pa.float32())),
        ("world", pa.list_(pa.float32())),
        ("source_size", pa.int64()),
        ("source_mtime_ns", pa.int64()),
        ("source_sha256", pa.string()),
        ("model", pa.string()),
        ("settings", pa.string()),
        ("version", pa.string()),
        ("extracted_at", pa.timestamp("us", tz="UTC")),
    ]
)
LABELS: Final = ("gloss", "signer", "split", "synthetic")
"""The columns that say what the manifest says of a clip."""
ORIGIN: Final = ("source", "source_size", "source_mtime_ns", "source_sha256")
"""The columns that say which file a clip was made of."""
ARRAYS: Final = ("timestamps", "keypoints", "world")


@dataclass(frozen=True)
class Clip:
    """One clip of a store: its sequence and what the manifest says of it.

    Attributes:
        clip_id: unique in its store.
        sequence: what the tracker saw.
        gloss: the label of what is signed, if known.
        signer: who signs, if known.
        split: the part of a published split that the clip belongs to, if any.
        synthetic: the clip shows no real person.
        provenance: of what file and by what it was extracted, if that was recorded.
    """

    clip_id: str
    sequence: KeypointSequence
    gloss: str | None = None
    signer: str | None = None
    split: str | None = None
    synthetic: bool = False
    provenance: Provenance | None = None

    @classmethod
    def extracted(
        cls, source: ClipSource, sequence: KeypointSequence, origin: Origin, settings: Mapping[str, Any]
    ) -> Self:
        """A clip that was extracted just now.

        Args:
            source: what the manifest says of it.
            sequence: what the tracker saw.
            origin: its file.
            settings: how it was extracted (``ExtractionSettings.to_dict``).
        """
        text = json.dumps(settings, sort_keys=True)
        provenance = Provenance(origin, settings["model"], text, __version__, datetime.now(UTC))
        labels = (source.gloss, source.signer, source.split, source.synthetic)
        return cls(source.clip_id, sequence, *labels, provenance)


@dataclass(frozen=True, slots=True)
class Known:
    """What a store knows of a clip apart from its sequence: its labels (as in Clip) and the file it was made of."""

    gloss: str | None
    signer: str | None
    split: str | None
    synthetic: bool
    origin: Origin


def to_table(clips: Sequence[Clip]) -> Any:
    """The rows of clips, as an Arrow table."""
    return pa.Table.from_pylist([_to_row(clip) for clip in clips], schema=SCHEMA)


def _to_row(clip: Clip) -> dict[str, Any]:
    sequence, provenance = clip.sequence, clip.provenance
    row = {
        "clip_id": clip.clip_id,
        "gloss": clip.gloss,
        "signer": clip.signer,
        "split": clip.split,
        "synthetic": clip.synthetic,
        "source": sequence.source,
        "frame_rate": sequence.frame_rate,
        "width": sequence.size[0],
        "height": sequence.size[1],
        "frames": len(sequence),
        "frames_with_person": int(sequence.present.sum()),
        "warnings": list(sequence.warnings),
        "layout": sequence.layout,
        "timestamps": sequence.timestamps,
        "keypoints": sequence.keypoints.ravel(),
        "world": None if sequence.world is None else sequence.world.ravel(),
    }
    if provenance is None:
        return row
    return row | {
        **columns_of(provenance.origin),
        "model": provenance.model,
        "settings": provenance.settings,
        "version": provenance.version,
        "extracted_at": provenance.extracted_at,
    }


def from_row(row: Mapping[str, Any]) -> Clip:
    """The clip of a row.

    Raises:
        StoreError: its sequence is of a layout that this version does not know.
    """
    frames, world = row["frames"], row["world"]
    layout = LAYOUTS.get(row["layout"])
    if layout is None:
        raise StoreError(f"{row['clip_id']} has the points {row['layout']!r}, which this posegloss does not know")
    sequence = KeypointSequence(
        keypoints=np.array(row["keypoints"], np.float32).reshape(frames, len(layout), 4),
        timestamps=np.array(row["timestamps"], np.float64),
        size=(row["width"], row["height"]),
        source=row["source"] or "",
        layout=layout.name,
        world=None if world is None else np.array(world, np.float32).reshape(frames, len(KEYPOINT_NAMES), 3),
        warnings=tuple(row["warnings"] or ()),
    )
    recorded = [row[name] for name in ("model", "settings", "version", "extracted_at")]
    provenance = None if row["version"] is None else Provenance(origin_of(row), *recorded)
    return Clip(row["clip_id"], sequence, row["gloss"], row["signer"], row["split"], row["synthetic"], provenance)


def origin_of(row: Mapping[str, Any]) -> Origin:
    """The file of a row; it needs only the columns of ORIGIN."""
    return Origin(row["source"] or "", row["source_size"], row["source_mtime_ns"], row["source_sha256"])


def columns_of(origin: Origin) -> dict[str, Any]:
    """The columns of ORIGIN for a file."""
    return dict(zip(ORIGIN, (origin.source, origin.size, origin.mtime_ns, origin.sha256), strict=True))
