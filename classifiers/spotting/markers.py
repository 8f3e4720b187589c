"""Markers: which video the files of a name are of, and whether they are finished. One small JSON file a video."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from itertools import chain, count
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final, Self

from posegloss.classifiers.spotting.spotted import SpottedVideo
from posegloss.pipeline.files import write_whole

MARKER: Final = ".json"
TABLE: Final = ".csv"
SUBTITLES: Final = ".vtt"
ELAN: Final = ".eaf"
VIDEO: Final = ".mp4"
_ALWAYS: Final = (MARKER, TABLE, SUBTITLES, ELAN)


@dataclass(frozen=True)
class Making:
    """What results depend on; with another one they are made again.

    Attributes:
        posegloss: the version.
        model: the sha256 of what the model's folder or file says that it is.
        threshold: answers of less confidence are not sure; None is the model's own.
        unsure: signs that are not sure are shown, too.
        streaming: when a sign begins and ends.
        boundaries: the sha256 of the network that tells when somebody signs.
        size: of the video in bytes.
        mtime_ns: when it was last written.
    """

    posegloss: str
    model: str
    threshold: float | None
    unsure: bool
    streaming: Mapping[str, Any]
    boundaries: str
    size: int = 0
    mtime_ns: int = 0

    def of_file(self, video: Path) -> Self:
        """The same of a file as it is now; of what is no file that can be read twice, with a size of 0."""
        try:
            status = video.stat()
        except OSError:
            return self  # the video's reader says why
        return replace(self, size=status.st_size, mtime_ns=status.st_mtime_ns) if S_ISREG(status.st_mode) else self


@dataclass(frozen=True)
class Marker:
    """What the marker of a name says.

    Attributes:
        video: the absolute path of the video whose name it is.
        making: what its results were made of; None while they are not finished.
        rendered: there is a video among them.
        summary: what was found in it, for people and scripts.
    """

    video: str
    making: Mapping[str, Any] | None = None
    rendered: bool = False
    summary: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """A marker; None where there is none, or another's file."""
        try:
            about = json.loads(path.read_text("utf-8"))
            return cls(**about) if isinstance(about["video"], str) else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    @property
    def text(self) -> str:
        """As it is written. In ASCII: a video's name need not be UTF-8."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def holds(self, out: Path, name: str, making: Making, render: bool) -> bool:
        """Whether all that is wanted of its video is there already."""
        suffixes = (*_ALWAYS, *((VIDEO,) if render else ()))
        return (
            self.making == asdict(making)
            and self.rendered >= render
            and all((out / f"{name}{suffix}").exists() for suffix in suffixes)
        )


def summary_of(spotted: SpottedVideo, synthetic: bool) -> dict[str, Any]:
    """What a marker tells of a video's signs."""
    return {
        "signs": len(spotted.signs),
        "sure": sum(sign.prediction.sure for sign in spotted.signs),
        "seconds": round(spotted.seconds, 3),
        "frames": spotted.frames,
        "frames_with_person": spotted.frames_with_person,
        "warnings": list(spotted.warnings),
        "synthetic": synthetic,
    }


def read_markers(out: Path) -> dict[str, Marker]:
    """The markers of a folder by name."""
    # Another run may be writing some, or have left some half-written.
    whole = (path for path in sorted(out.glob(f"*{MARKER}")) if not fnmatch(path.stem, ".*.part"))
    return {path.stem: marker for path in whole if (marker := Marker.read(path))}


def renderings(out: Path) -> set[Path]:
    """The real paths of the videos that were drawn into a folder, or may have been: they are nobody's to annotate."""
    return {(out / f"{name}{VIDEO}").resolve() for name in read_markers(out)}


def claim_names(out: Path, videos: Sequence[Path], markers: Mapping[str, Marker]) -> list[str]:
    """Give each video a name of its own for its results, and write that down.

    A video keeps the name that it has; a new one gets that of its file, with a number where files of that name are
    there, whoever's they are, or will be.

    Args:
        out: the folder of the results.
        videos: absolute paths, each once.
        markers: of the folder.

    Raises:
        StoreError: the folder cannot be written.
    """
    named = {marker.video: name for name, marker in markers.items()}
    gone = {name.casefold() for name, marker in markers.items() if not Path(marker.video).exists()}
    # Some file systems take upper and lower case for the same.
    suffixes = (*_ALWAYS, VIDEO)
    taken = {file.stem.casefold() for file in out.iterdir() if file.suffix.lower() in suffixes}
    taken -= gone - {named[str(video)].casefold() for video in videos if str(video) in named}
    names = []
    for video in videos:
        name = named.get(str(video))
        if name is None:
            name = next(name for name in _candidates(video.stem) if name.casefold() not in taken)
            write_whole(out / f"{name}{MARKER}", Marker(str(video)).text)
        taken.add(name.casefold())
        names.append(name)
    return names


def _candidates(stem: str) -> Iterable[str]:
    return chain([stem], (f"{stem}-{number}" for number in count(2)))
