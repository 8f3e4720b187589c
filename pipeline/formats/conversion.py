"""From one format to another: many clips or one, each that fails on its own."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Final

from posegloss import __version__
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.listed import ListedClip
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.registry import kind_of, list_clips
from posegloss.pipeline.inspection.lookup import near_ids
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.provenance import Origin, Provenance

OnClip = Callable[[int, int], None]
_SHARD: Final = 64
_MOST_NAME: Final = 200
_BY_SUFFIX: Final = {
    **{".pose": "pose", ".npz": "npz", ".parquet": "parquet", ".tfrecord": "tfrecord", ".tfrecords": "tfrecord"},
    **{"": "store", ".store": "store"},
}


@dataclass
class Converted:
    """What became of a conversion.

    Attributes:
        done: clips that were written.
        skipped: clips that were there already.
        problems: for each clip that could not be read or written, why.
        warnings: what a reader should know, with the number of clips that it is true of.
    """

    done: int = 0
    skipped: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)

    def warn(self, told: str) -> None:
        """Count a warning."""
        self.warnings[told] = self.warnings.get(told, 0) + 1


def convert(
    source: Path,
    out: Path,
    *,
    kind: str | None = None,
    to: str | None = None,
    options: ReadOptions | None = None,
    clips: Collection[str] = (),
    on_clip: OnClip | None = None,
) -> Converted:
    """Convert the clips of a file or folder.

    Args:
        source: what to read.
        out: what to write: a file, which is replaced; a store or a folder of .pose files, which is gone on with.
        kind: the format of the source, by its name unless given.
        to: the format to write, by the name of ``out`` unless given: a name without an ending is a store.
        options: what you know better than the source.
        clips: only the clips of these ids.
        on_clip: is told how many clips are through, and of how many.

    Raises:
        FormatError: the source is not what its name says, no clip of it could be read, or ``out`` cannot be written.
        StoreError: a store cannot be read or written.
    """
    kind = kind or kind_of(source)
    to = to or kind_of_output(out)
    if to not in _WRITERS:
        raise FormatError(f"clips cannot be written as {to!r}; choose one of {', '.join(_WRITERS)}")
    if kind == to == "store":
        raise FormatError(f"{source} is a store already; copy its folder")
    if out.exists() and source.exists() and out.samefile(source):
        raise FormatError(f"{out} is the source itself; choose another name")
    listed = _chosen(source, list_clips(source, options, kind), clips)
    result = Converted()
    total = len(listed)
    _WRITERS[to](_Job(source, out, kind, listed, result, lambda done: on_clip(done, total) if on_clip else None))
    if result.problems and not result.done and not result.skipped:
        clip_id, reason = next(iter(result.problems.items()))
        more = f" (so are {total - 1} others)" if total > 1 else ""
        raise FormatError(f"{reason if str(source) in reason else f'{clip_id}: {reason}'}{more}")
    return result


def kind_of_output(out: Path) -> str:
    """What is written under a name: a store if it has no ending or is one.

    Raises:
        FormatError: nothing is written under such a name.
    """
    if (out / "store.json").is_file():
        return "store"
    if (found := _BY_SUFFIX.get(out.suffix.lower())) is None:
        known = ", ".join(suffix for suffix in _BY_SUFFIX if suffix)
        raise FormatError(f"clips are not written as {out.suffix}; name it {known}, or without an ending for a store")
    return found


def _chosen(source: Path, listed: list[ListedClip], wanted: Collection[str]) -> list[ListedClip]:
    known = {clip.clip_id: clip for clip in listed}
    for clip_id in wanted:
        if clip_id not in known:
            near = " or ".join(map(repr, near_ids(clip_id, known)))
            raise FormatError(f"{source} has no clip {clip_id!r}{f'; did you mean {near}?' if near else ''}")
    chosen = [known[clip_id] for clip_id in dict.fromkeys(wanted)] if wanted else listed
    if not chosen:
        raise FormatError(f"{source} holds no clips")
    return chosen


@dataclass(frozen=True)
class _Job:
    source: Path
    out: Path
    kind: str
    listed: list[ListedClip]
    result: Converted
    on_clip: Callable[[int], None]

    def clips(self, there: Callable[[ListedClip], bool] = lambda clip: False) -> Iterator[Clip]:
        """The clips that can be read; of the others, and of those that are there already, the result tells."""
        for through, one in enumerate(self.listed, start=1):
            if there(one):
                self.result.skipped += 1
            else:
                try:
                    yield self._read(one)
                    self.result.done += one.clip_id not in self.result.problems
                except PoseglossError as error:
                    self.result.problems[one.clip_id] = str(error)
            self.on_clip(through)

    def _read(self, one: ListedClip) -> Clip:
        sequence = one.read()
        for told in sequence.warnings:
            self.result.warn(told)
        provenance = Provenance(Origin(sequence.source), self.kind, "{}", __version__, datetime.now(UTC))
        return Clip(one.clip_id, sequence, one.gloss, one.signer, one.split, one.synthetic, provenance)


def _to_store(job: _Job) -> None:
    known: set[str] = set()
    clips = job.clips(lambda one: one.clip_id in known)
    # What cannot be read at all leaves no empty store behind.
    first = [] if (job.out / "store.json").exists() else list(islice(clips, 1))
    if not first and not (job.out / "store.json").exists():
        return
    # The settings are those of an extraction; that the clips come from none stands with each clip.
    store = KeypointStore.create(job.out, {})
    with store.exclusive():
        known |= store.clip_ids()
        every = chain(first, clips)
        while some := list(islice(every, _SHARD)):
            store.append(some)


def _to_pose(job: _Job) -> None:
    from posegloss.pipeline.formats.pose_writing import write_pose

    single = job.out.suffix.lower() == ".pose" and not job.out.is_dir()
    if single and len(job.listed) > 1:
        raise FormatError(
            f"{job.source} holds {len(job.listed)} clips; choose one with --clip ID, or give a folder and --to pose"
        )
    if job.out.is_file() and not single:
        raise FormatError(f"{job.out} is a file, not a folder; choose another name")
    places = {one.clip_id: job.out if single else job.out / _file_name(one.clip_id) for one in job.listed}
    for clip in job.clips(lambda one: not single and places[one.clip_id].exists()):
        try:
            for told in write_pose(clip.sequence, places[clip.clip_id]):
                job.result.warn(told)
        except FormatError as error:
            job.result.problems[clip.clip_id] = str(error)


def _file_name(clip_id: str) -> Path:
    """A path below a folder for an id that may be anything."""
    parts = [part.replace("\0", "") for part in PurePosixPath(clip_id.replace("\\", "/")).parts]
    parts = [part[:_MOST_NAME] for part in parts if part not in ("/", "..", ".", "")] or ["clip"]
    return Path(*parts[:-1], f"{parts[-1].removesuffix('.pose')}.pose")


def _to_file(write: Callable[[Iterable[Clip], Path], None], job: _Job) -> None:
    clips = job.clips()
    # What cannot be read at all leaves no empty file behind.
    if first := next(clips, None):
        write(chain([first], clips), job.out)


def _to_npz(job: _Job) -> None:
    from posegloss.pipeline.formats.npz import write_npz

    _to_file(write_npz, job)


def _to_parquet(job: _Job) -> None:
    from posegloss.pipeline.formats.tables import write_table

    _to_file(write_table, job)


def _to_tfrecord(job: _Job) -> None:
    from posegloss.pipeline.formats.tfrecord import write_tfrecord

    _to_file(write_tfrecord, job)


_WRITERS: Final = {
    "store": _to_store,
    "pose": _to_pose,
    "npz": _to_npz,
    "parquet": _to_parquet,
    "tfrecord": _to_tfrecord,
}
