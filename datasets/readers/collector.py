"""What every reader does with a row: look for its video, and note the clip, what is missing, or what is wrong."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from posegloss.datasets.readers.about import About, Content
from posegloss.datasets.readers.errors import NotThisDatasetError, RowError
from posegloss.datasets.readers.listing import Listing, inside
from posegloss.datasets.readers.reading import Box, DatasetClip, MetadataProblem, MissingClip, Reading
from posegloss.datasets.readers.tables import UnreadableError, label, read_rows
from posegloss.pipeline.clip_source import ClipSource, span_suffix

_SPLITS: Final = {"train": "train", "val": "val", "dev": "val", "validation": "val", "test": "test"}


class Collector:
    """Gathers a ``Reading``.

    Args:
        about: the set.
        root: its folder.

    Attributes:
        listing: the files below the folder.
        remarks: what a reader of a result should know; readers add to it.
    """

    def __init__(self, about: About, root: Path) -> None:
        self.listing = Listing(root)
        self.remarks: list[str] = []
        self._about, self._root = about, root
        self._prefix = f"{root.resolve().name}/".removeprefix("/")
        self._clips: dict[str, DatasetClip] = {}
        self._missing: list[MissingClip] = []
        self._problems: list[MetadataProblem] = []
        self._labels: dict[tuple[str, float | None, float | None], tuple[str | None, ...]] = {}
        self._repeated = 0

    def require(self, *paths: str) -> tuple[str, ...]:
        """Those of some files that are there.

        Raises:
            NotThisDatasetError: none is.
        """
        there = tuple(path for path in paths if self.listing.has_file(path))
        if not there:
            self.refuse(paths)
        return there

    def refuse(self, looked_for: Sequence[str]) -> NoReturn:
        """Say that the folder is not the set's.

        Raises:
            NotThisDatasetError: always.
        """
        raise NotThisDatasetError(
            f"{self._root} does not look like {self._about.title}: looked there for {', '.join(looked_for)}. "
            f"What belongs where: posegloss datasets show {self._about.name}"
        )

    def rows(self, file: str, delimiter: str = ",", **options: Any) -> Iterator[tuple[int, Mapping[str, str]]]:
        """The rows of a table with their line numbers; what cannot be read becomes a problem."""
        with self.file(file):
            yield from read_rows(self._root / file, delimiter, **options)

    @contextmanager
    def file(self, file: str) -> Iterator[Path]:
        """The path of a metadata file; if it turns out to be unreadable in the block, that becomes a problem."""
        try:
            yield self._root / file
        except UnreadableError as error:
            self.problem(file, 0, str(error))

    @contextmanager
    def row(self, file: str, row: int) -> Iterator[None]:
        """A block in which a ``RowError`` becomes a problem of the row."""
        try:
            yield
        except RowError as error:
            self.problem(file, row, str(error))

    def problem(self, file: str, row: int, reason: str) -> None:
        """Note what is wrong with a row."""
        self._problems.append(MetadataProblem(file, row, reason))

    def add(
        self,
        file: str,
        row: int,
        paths: Sequence[str | tuple[str, float | None, float | None]],
        *,
        gloss: str | None = None,
        signer: str | None = None,
        split: str | None = None,
        box: Box | None = None,
        meaning: str | None = None,
        gloss_sequence: str | None = None,
        sentence: str | None = None,
        url: str = "",
    ) -> None:
        """Note a clip, or that it is missing.

        Args:
            file: the metadata that names it.
            row: the row there.
            paths: where it may lie, the likeliest first; with start and end in seconds where only a span of the file
                is meant.
            gloss: and the rest as in ``DatasetClip`` and ``MissingClip``.
            signer: None where unknown.
            split: train, val, dev, validation or test, in small letters or others.
            box: where the signer is.
            meaning: the gloss in English.
            gloss_sequence: of a sentence.
            sentence: what is said.
            url: where the video came from.

        Raises:
            RowError: a path leads out of the set's folder, or a label, split or span is none.
        """
        gloss, signer, sequence, said = map(label, (gloss, signer, gloss_sequence, sentence))
        if not (gloss or sequence or said):
            raise RowError("nothing says what is signed")
        part = None if split is None else _SPLITS.get(split.strip().lower())
        if split is not None and part is None:
            raise RowError(f"the split {split!r} is none of train, val and test")
        if box is not None and not _is_box(box):
            self.problem(file, row, f"{box} is no box; the clip is read without it")
            box = None
        spans = [(one, None, None) if isinstance(one, str) else one for one in paths]
        places = [(inside(path), _microseconds(start), _microseconds(end)) for path, start, end in spans]
        for path, start, end in places:
            found = self._find(path)
            if found is None:
                continue
            if self._is_repeated((found, start, end), (gloss, signer, part, sequence, said)):
                return
            span = _span(start, end)
            source = ClipSource(
                f"{self._prefix}{found}{span}", self._root / found, gloss, signer, part, start_s=start, end_s=end
            )
            self._clips[source.clip_id] = DatasetClip(source, box, label(meaning), sequence, said)
            return
        if not self._is_repeated(places[0], (gloss, signer, part, sequence, said)):
            path, start, end = places[0]
            name = f"{path}{_span(start, end)}"
            self._missing.append(MissingClip(name, gloss or sequence, signer, part, url, file, row))

    def reading(self) -> Reading:
        """All that was gathered."""
        if self._repeated:
            self.remarks.append(f"rows that repeat an earlier one, and count once: {self._repeated:,}")
        if self.listing.unreadable:
            self.remarks.append(f"folders that cannot be read: {', '.join(self.listing.unreadable)}")
        return Reading(tuple(self._clips.values()), tuple(self._missing), tuple(self._problems), tuple(self.remarks))

    def _find(self, path: str) -> str | None:
        if self._about.content is Content.LANDMARKS:
            return path if self.listing.has_file(path) else None
        if self._about.content is Content.PICTURES and self.listing.has_folder(path):
            return path
        return self.listing.find_video(path)

    def _is_repeated(self, place: tuple[str, float | None, float | None], labels: tuple[str | None, ...]) -> bool:
        before = self._labels.setdefault(place, labels)
        if before is labels:
            return False
        if before != labels:
            differing = ", ".join(f"{a} and {b}" for a, b in zip(before, labels, strict=True) if a != b)
            raise RowError(f"an earlier row says otherwise of the same clip ({differing}); that one counts")
        self._repeated += 1
        return True


def _is_box(box: Box) -> bool:
    sides = (box.left, box.top, box.right, box.bottom)
    return all(map(math.isfinite, sides)) and box.left < box.right and box.top < box.bottom


def _microseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def _span(start: float | None, end: float | None) -> str:
    """``span_suffix`` of a span.

    Raises:
        RowError: it is none.
    """
    if (start, end) != (None, None) and not (0 <= (start or 0) < (math.inf if end is None else end)):
        raise RowError(f"the clip ends at {end} s, not after its start at {start} s, or starts before the video")
    return span_suffix(start, end)
