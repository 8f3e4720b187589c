"""From one format to another: many clips or one, each that fails on its own."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path, PurePosixPath
from typing import Final

from posegloss import __version__
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.listed import ListedClip
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.registry import choose_clips, kind_of, list_clips
from posegloss.pipeline.skeleton import BLAZEPOSE33
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.provenance import Origin, Provenance

OnClip = Callable[[int, int], None]
_SHARD: Final = 64
_MOST_NAME: Final = 200
"""Bytes; a file system takes 255."""
_OPTIONS: Final = ".posegloss"
"""In a folder of .pose files: the options that they were converted with, which the format has no place for."""
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
        FormatError: the source is not what its name says, no clip of it could be read, ``out`` cannot be written, or
            it has some of the clips already, converted with other options.
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
    options = options or ReadOptions()
    every = list_clips(source, options, kind)
    listed = _chosen(source, every, clips)
    result = Converted()
    total = len(listed)
    ids = [clip.clip_id for clip in every]

    def through(done: int) -> None:
        if on_clip:
            on_clip(done, total)

    _WRITERS[to](_Job(source, out, kind, _as_text(options), options.layout, ids, listed, result, through))
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
    chosen = choose_clips(source, listed, wanted) if wanted else listed
    if not chosen:
        raise FormatError(f"{source} holds no clips")
    return chosen


def _as_text(options: ReadOptions) -> str:
    """What was given, as JSON."""
    layout = None if options.layout == BLAZEPOSE33 else options.layout
    given = {"frame_rate": options.frame_rate, "size": options.size, "layout": layout}
    return json.dumps({name: value for name, value in given.items() if value is not None})


def _other_options(out: Path, there: str, now: str) -> FormatError:
    return FormatError(
        f"{out} has clips that were converted with other options ({there} there, {now} now); "
        "give the same, remove it, or choose another OUT"
    )


@dataclass(frozen=True)
class _Job:
    source: Path
    out: Path
    kind: str
    options: str
    layout: str
    ids: list[str]
    listed: list[ListedClip]
    result: Converted
    on_clip: Callable[[int], None]

    def clips(self, there: Callable[[ListedClip], bool] = lambda clip: False) -> Iterator[Clip]:
        """The clips that can be read; of the others, and of those that are there already, the result tells."""
        for through, one in enumerate(self.listed, start=1):
            try:
                if there(one):
                    self.result.skipped += 1
                else:
                    yield self._read(one)
                    self.result.done += one.clip_id not in self.result.problems
            except (PoseglossError, OSError) as error:
                self.result.problems[one.clip_id] = str(error)
            self.on_clip(through)

    def _read(self, one: ListedClip) -> Clip:
        sequence = one.read()
        for text in (one.clip_id, one.gloss, one.signer, one.split, sequence.source):
            _check_text(text or "")
        for told in sequence.warnings:
            self.result.warn(told)
        provenance = Provenance(Origin(sequence.source), self.kind, self.options, __version__, datetime.now(UTC))
        return Clip(one.clip_id, sequence, one.gloss, one.signer, one.split, one.synthetic, provenance)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FormatError(f"{text!r} is no text in UTF-8; rename it") from error


def _to_store(job: _Job) -> None:
    known: set[str] = set()
    clips = job.clips(lambda one: one.clip_id in known)
    # What cannot be read at all leaves no empty store behind.
    first = [] if (job.out / "store.json").exists() else list(islice(clips, 1))
    if not first and not (job.out / "store.json").exists():
        return
    # The settings are those of an extraction; that the clips come from none stands with each clip.
    store = KeypointStore.create(job.out, {} if job.layout == BLAZEPOSE33 else {"layout": job.layout})
    with store.exclusive():
        table = store.columns(["clip_id", "settings"])
        options = dict(zip(table["clip_id"].to_pylist(), table["settings"].to_pylist(), strict=True))
        for one in job.listed:
            if one.clip_id in options and (there := options[one.clip_id] or "{}") != job.options:
                raise _other_options(job.out, there, job.options)
        known |= options.keys()
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
    places = dict.fromkeys(job.ids, job.out) if single else _file_names(job.out, job.ids)
    if not single:
        _check_options(job, places)
    for clip in job.clips(lambda one: not single and places[one.clip_id].exists()):
        try:
            if not single:
                _note_options(job)
            for told in write_pose(clip.sequence, places[clip.clip_id]):
                job.result.warn(told)
        except FormatError as error:
            job.result.problems[clip.clip_id] = str(error)


def _check_options(job: _Job, places: Mapping[str, Path]) -> None:
    record = job.out / _OPTIONS
    try:
        there = record.read_text("utf-8") if record.is_file() else None
    except (OSError, ValueError) as error:
        raise FormatError(f"{record} cannot be read; remove {job.out}, or choose another OUT") from error
    begun = there is not None or any(_is_there(places[one.clip_id]) for one in job.listed)
    if begun and (there or "{}") != job.options:
        raise _other_options(job.out, there or "{}", job.options)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # told when the clip's turn comes


def _note_options(job: _Job) -> None:
    record = job.out / _OPTIONS
    if job.options == "{}" or record.exists():
        return
    try:
        job.out.mkdir(parents=True, exist_ok=True)
        with whole_file(record) as part:
            part.write_text(job.options, "utf-8")
    except OSError as error:
        raise FormatError(f"{job.out} cannot be written: {error.strerror or error}") from error


def _file_names(folder: Path, ids: Collection[str]) -> dict[str, Path]:
    """A path below a folder for each id, which may be anything; no two have the same."""
    names = {clip_id: _file_name(clip_id) for clip_id in ids}
    # Some file systems do not tell a from A.
    shared = Counter("/".join(parts).casefold() for parts in names.values())
    places = {}
    for clip_id, (*parents, name) in names.items():
        if shared["/".join((*parents, name)).casefold()] > 1:
            name = f"{name}-{hashlib.sha256(clip_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        places[clip_id] = folder.joinpath(*parents, f"{name}.pose")
    return places


def _file_name(clip_id: str) -> tuple[str, ...]:
    parts = [part.replace("\0", "") for part in PurePosixPath(clip_id.replace("\\", "/")).parts]
    cut = [part.encode("utf-8", "replace")[:_MOST_NAME].decode("utf-8", "ignore") for part in parts]
    *parents, name = [part for part in cut if part not in ("/", "..", ".", "")] or ["clip"]
    return *parents, name.removesuffix(".pose")


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
