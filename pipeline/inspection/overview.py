"""StoreOverview: what a store holds and what went wrong in it, without reading a keypoint.

A store may hold a million clips: only narrow columns are read, and Arrow does the counting.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import starmap
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.inspection.kinds import NUMBER, NUMBER_REPLACED, Kind, failure_kinds
from posegloss.pipeline.inspection.last_run import LastRun, read_last_run
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import SCHEMA

SEVERAL_PEOPLE: Final = "several people"
"""How the warning begins that a clip gets in which more than one person was seen."""
_MOST: Final = 8
"""So many of the most common values, and of the worst clips, are told."""

_COLUMNS: Final = (
    *("clip_id", "gloss", "signer", "synthetic", "frame_rate", "width", "height"),
    *("frames", "frames_with_person", "warnings", "version"),
)


@dataclass(frozen=True)
class EmptyFrames:
    """A clip that has frames without a person.

    Attributes:
        clip_id: of the clip.
        missing: frames without a person.
        frames: all frames.
    """

    clip_id: str
    missing: int
    frames: int


@dataclass(frozen=True)
class Common:
    """What is common among the clips.

    Attributes:
        values: the most common values, and how many clips have each.
        others: how many clips have other values.
    """

    values: Sequence[tuple[Any, int]]
    others: int


@dataclass(frozen=True)
class StoreOverview:
    """What an operator wants to know of a store.

    Attributes:
        store: its folder or URI.
        settings: that all of its clips were extracted with.
        clips: how many.
        glosses: different ones.
        signers: different ones.
        synthetic: clips that show no real person.
        frames: of all clips.
        frames_without_person: among them.
        clips_without_person: clips that show nobody in any frame.
        several_people: clips in which more than one person was seen.
        seconds: of video, from the frames and the frame rate of each clip.
        worst: the clips with the largest part of frames without a person.
        frame_rates: frames a second.
        sizes: width x height in pixels.
        versions: of posegloss, that extracted the clips; not known of all.
        warnings: by kind, the most frequent first.
        bytes: that the store takes on the disk.
        failures: of the last run, by kind, the most frequent first.
        run: the last one, if it left its state.
        problems: what could not be read of the store's side files.
    """

    store: str
    settings: Mapping[str, Any]
    clips: int
    glosses: int
    signers: int
    synthetic: int
    frames: int
    frames_without_person: int
    clips_without_person: int
    several_people: int
    seconds: float
    worst: Sequence[EmptyFrames]
    frame_rates: Common
    sizes: Common
    versions: Common
    warnings: Sequence[Kind]
    bytes: int
    failures: Sequence[Kind]
    run: LastRun | None
    problems: Sequence[str]

    @property
    def bytes_per_hour(self) -> float | None:
        """Bytes on the disk for an hour of video; None where there is no video."""
        return self.bytes / self.seconds * 3600 if self.seconds else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        plain = asdict(self) | {"bytes_per_hour": self.bytes_per_hour, "run": self.run and self.run.to_dict()}
        plain["warnings"] = [{name: kind[name] for name in kind if name != "error"} for kind in plain["warnings"]]
        return plain


def survey(store: KeypointStore, now: datetime | None = None) -> StoreOverview:
    """Look a store over.

    Args:
        store: it may be growing.
        now: the time, unless it is now.

    Raises:
        StoreError: a shard cannot be read. A damaged side file is told among the problems instead.
    """
    problems = []
    failures: tuple[Kind, ...] = ()
    run = None
    try:
        run = read_last_run(store.storage, now)
    except StoreError as error:
        problems.append(str(error))
    try:
        failures = failure_kinds(store.storage)
    except StoreError as error:
        problems.append(str(error))

    table = store.columns(_COLUMNS)
    frames = pc.fill_null(table["frames"], 0)
    missing = pc.subtract(frames, pc.fill_null(table["frames_with_person"], 0))
    warnings = _warnings(table)
    return StoreOverview(
        store=store.place,
        settings=store.settings,
        clips=len(table),
        glosses=pc.count_distinct(table["gloss"]).as_py(),
        signers=pc.count_distinct(table["signer"]).as_py(),
        synthetic=_sum(table["synthetic"]),
        frames=_sum(frames),
        frames_without_person=_sum(missing),
        clips_without_person=_sum(pc.and_(pc.equal(missing, frames), pc.greater(frames, 0))),
        several_people=_count_people(warnings),
        seconds=float(_sum(pc.divide(pc.cast(frames, pa.float64()), table["frame_rate"]))),
        worst=_worst(table["clip_id"], missing, frames),
        frame_rates=_common(pc.round(table["frame_rate"], 2)),
        sizes=_common(_sizes(table)),
        versions=_common(table["version"]),
        warnings=_warning_kinds(warnings, table["clip_id"]),
        bytes=store.storage.size(),
        failures=failures,
        run=run,
        problems=problems,
    )


def _sum(column: Any) -> Any:
    return pc.sum(column).as_py() or 0


def _common(column: Any) -> Common:
    counted = [(one["values"], one["counts"]) for one in column.value_counts().to_pylist()]
    known = sorted((pair for pair in counted if pair[0] is not None), key=lambda pair: (-pair[1], pair[0]))
    return Common(known[:_MOST], sum(clips for _, clips in known[_MOST:]))


def _sizes(table: Any) -> Any:
    return pc.binary_join_element_wise(*(pc.cast(table[name], pa.string()) for name in ("width", "height")), "x")


def _worst(clip_ids: Any, missing: Any, frames: Any) -> list[EmptyFrames]:
    share = pc.divide(pc.cast(missing, pa.float64()), pc.cast(frames, pa.float64()))
    table = pa.table({"clip_id": clip_ids, "missing": missing, "frames": frames, "share": share})
    table = table.filter(pc.greater(table["missing"], 0))
    order = [("share", "descending"), ("missing", "descending"), ("clip_id", "ascending")]
    worst = table.take(pc.select_k_unstable(table, k=_MOST, sort_keys=order)) if len(table) else table
    return list(starmap(EmptyFrames, zip(*(worst[name].to_pylist() for name in table.column_names[:3]), strict=True)))


def _warnings(table: Any) -> Any:
    """All warnings, each with the number of its clip's row."""
    lists = table["warnings"].combine_chunks()
    if isinstance(lists, pa.ChunkedArray):  # a table without rows
        lists = pa.array([], SCHEMA.field("warnings").type)
    return pa.table({"text": pc.list_flatten(lists), "clip": pc.list_parent_indices(lists)})


def _count_people(warnings: Any) -> int:
    told = warnings.filter(pc.starts_with(warnings["text"], SEVERAL_PEOPLE))
    return int(pc.count_distinct(told["clip"]).as_py())


def _warning_kinds(warnings: Any, clip_ids: Any) -> list[Kind]:
    kinds = pc.replace_substring_regex(warnings["text"], NUMBER, NUMBER_REPLACED)
    # "first" is the first only where one thread counts.
    grouped = pa.TableGroupBy(warnings.append_column("kind", kinds), "kind", use_threads=False).aggregate(
        [("clip", "count_distinct"), ("clip", "first"), ("text", "first")]
    )
    rows = sorted(grouped.to_pylist(), key=lambda row: (-row["clip_count_distinct"], row["kind"]))
    return [
        Kind(row["kind"], row["clip_count_distinct"], clip_ids[row["clip_first"]].as_py(), row["text_first"])
        for row in rows
    ]
