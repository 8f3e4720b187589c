"""Which formats there are, and which one a file or folder is."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from posegloss.pipeline.files import each_file_below, files_below
from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.listed import ListedClip, place_clips
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.tar import is_tar, tar_files
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33

_LOOKED_AT: Final = 10_000
"""Files of a folder whose names are looked at to see what it is."""


@dataclass(frozen=True)
class Format:
    """A format that is read or written.

    Attributes:
        name: what ``--from`` and ``--to`` call it.
        reads: what is read, in words; empty if it is only written.
        writes: what is written, in words; empty if it is only read.
        suffixes: of the files that are it.
    """

    name: str
    reads: str
    writes: str
    suffixes: tuple[str, ...] = ()


FORMATS: Final = {
    one.name: one
    for one in (
        Format(
            "pose",
            ".pose (holistic, OpenPose, COCO-wholebody), a folder of them",
            ".pose, a folder of them",
            (".pose",),
        ),
        Format(
            "openpose",
            "OpenPose JSON: a folder of frames, a folder of such folders, a .tar[.xz|.gz|.bz2]",
            "",
            (".json",),
        ),
        Format("npy", "MediaPipe Holistic as .npy: gloss/take/frame.npy, or a clip a file, a .tar", "", (".npy",)),
        Format("npz", ".npz with `frames` (clip, frame, 132|258|1662), `gloss`, `signer`", ".npz, padded", (".npz",)),
        Format("store", "a store of posegloss", "a store of posegloss, resumable"),
        Format(
            "eaf",
            "ELAN .eaf: the annotations of --tier, for a manifest",
            "a tier of an .eaf, new or there: a manifest's rows as --tier",
            (".eaf",),
        ),
        Format("manifest", ".csv, .parquet: path, gloss, start, end, for an .eaf", "the same, of an .eaf"),
        Format("parquet", "", ".parquet: one row a clip, for Hugging Face datasets, pandas, polars", (".parquet",)),
        Format("tfrecord", "", ".tfrecord for tf.data", (".tfrecord", ".tfrecords")),
    )
}
_IN_FOLDERS: Final = {".pose": "pose", ".json": "openpose", ".npy": "npy"}
_FILES: Final = {suffix: one.name for one in FORMATS.values() if one.reads for suffix in one.suffixes}


def is_landmarks(path: Path) -> bool:
    """Whether a path is named as landmarks are, rather than as a video."""
    return path.is_dir() or is_tar(path) or path.suffix.lower() in _FILES


def kind_of(path: Path) -> str:
    """The name of the format that a path is in, from its name and, for a folder or a tar, the names in it.

    Raises:
        FormatError: it does not exist, or is none that is read.
    """
    if not path.exists():
        raise FormatError(f"{path} does not exist; check the path")
    if path.is_dir() and (path / "store.json").is_file():
        return "store"
    if not path.is_dir() and not is_tar(path):
        if path.suffix.lower() in _FILES:
            return _FILES[path.suffix.lower()]
        raise FormatError(f"{path} is named as none of the formats that are read: {', '.join(sorted(_FILES))}")
    inside = _kinds_in_tar(path) if is_tar(path) else _kinds_in_folder(path)
    if len(inside) == 1:
        return inside.pop()
    held = f"holds {' and '.join(sorted(inside))}; say which with --from" if inside else "holds no landmarks"
    raise FormatError(f"{path} {held} (files named {', '.join(_IN_FOLDERS)} are looked for)")


def list_clips(path: Path, options: ReadOptions | None = None, kind: str | None = None) -> list[ListedClip]:
    """The clips that a file or folder holds; their keypoints are read when they are asked for.

    Args:
        path: of the file or folder.
        options: what you know better than the file.
        kind: the name of its format; from the path's name unless given.

    Raises:
        FormatError: it is not what its name says, or holds no clip.
        StoreError: it is a store that cannot be read.
    """
    if not path.exists():
        raise FormatError(f"{path} does not exist; check the path")
    kind = kind or kind_of(path)
    lister = _LISTERS.get(kind)
    if lister is None:
        raise FormatError(f"{kind!r} has no sequences to read; {', '.join(_LISTERS)} have")
    return lister(path, options or ReadOptions())


def read_sequence(
    path: Path, options: ReadOptions | None = None, kind: str | None = None, clip_id: str | None = None
) -> KeypointSequence:
    """The sequence of a file or folder that holds one clip, or of one of its clips.

    Raises:
        FormatError: it is not what its name says, is damaged, holds several clips, or has no clip of that id.
    """
    clips = list_clips(path, options, kind)
    if clip_id is not None:
        return choose_clips(path, clips, [clip_id])[0].read()
    if len(clips) != 1:
        some = ", ".join(clip.clip_id for clip in clips[:3])
        raise FormatError(f"{path} holds {len(clips)} clips ({some}, ...); choose one (--clip ID)")
    return clips[0].read()


def choose_clips(path: Path, listed: Sequence[ListedClip], wanted: Collection[str]) -> list[ListedClip]:
    """The clips of these ids.

    Raises:
        FormatError: the path has no such clip.
    """
    from posegloss.pipeline.inspection.lookup import near_ids

    known = {clip.clip_id: clip for clip in listed}
    for clip_id in wanted:
        if clip_id not in known:
            near = " or ".join(map(repr, near_ids(clip_id, known)))
            raise FormatError(f"{path} has no clip {clip_id!r}{f'; did you mean {near}?' if near else ''}")
    return [known[clip_id] for clip_id in dict.fromkeys(wanted)]


def _kinds_in_folder(path: Path) -> set[str]:
    with told_as_format_error(path, "a folder"):
        suffixes = {file.suffix.lower() for file in islice(each_file_below(path), _LOOKED_AT)}
    return {_IN_FOLDERS[suffix] for suffix in suffixes & _IN_FOLDERS.keys()}


def _kinds_in_tar(path: Path) -> set[str]:
    files = tar_files(path, lambda where: where.suffix.lower() in _IN_FOLDERS)
    # Archives are long; what comes first is what they hold.
    return {_IN_FOLDERS[where.suffix.lower()] for where, _ in islice(files, 1)}


def _list_pose(path: Path, options: ReadOptions) -> list[ListedClip]:
    from posegloss.pipeline.formats.pose_reading import read_pose

    if not path.is_dir():
        return [ListedClip(path.resolve().name, partial(read_pose, path, options))]
    with told_as_format_error(path, "a folder"):
        files = [file for file in files_below(path) if file.suffix == ".pose" and file.name[0] != "."]
    named = {file.relative_to(path).with_suffix("").as_posix(): file for file in files}
    placed = place_clips(path, named)
    return [
        ListedClip(placed[name][0], partial(read_pose, file, options), placed[name][1]) for name, file in named.items()
    ]


def _list_openpose(path: Path, options: ReadOptions) -> list[ListedClip]:
    from posegloss.pipeline.formats.openpose import list_openpose

    return list_openpose(path, options)


def _list_npy(path: Path, options: ReadOptions) -> list[ListedClip]:
    from posegloss.pipeline.formats.holistic import list_npy

    return list_npy(path, options)


def _list_npz(path: Path, options: ReadOptions) -> list[ListedClip]:
    from posegloss.pipeline.formats.npz import list_npz

    return list_npz(path, options)


def _list_store(path: Path, options: ReadOptions) -> list[ListedClip]:
    from posegloss.pipeline.store import KeypointStore

    store = KeypointStore.open(path)
    if options.layout not in (BLAZEPOSE33, store.layout):
        raise FormatError(f"{path} has sequences of {store.layout}, not of {options.layout}")

    def reader(clip_id: str) -> Callable[[], KeypointSequence]:
        return lambda: store.get(clip_id).sequence

    return [
        ListedClip(clip_id, reader(clip_id), one.gloss, one.signer, one.split, one.synthetic)
        for clip_id, one in sorted(store.known().items())
    ]


_LISTERS: Final[dict[str, Callable[[Path, ReadOptions], list[ListedClip]]]] = {
    "pose": _list_pose,
    "openpose": _list_openpose,
    "npy": _list_npy,
    "npz": _list_npz,
    "store": _list_store,
}
