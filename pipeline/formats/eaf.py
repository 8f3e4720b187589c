"""Reading ELAN's .eaf: glosses with time spans from a tier.

Format: https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf. Read as XML rather than by pympi, which
knows no times that ELAN leaves open (a time slot without a value lies evenly between its neighbours) and drops what it
does not know when it writes.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.formats.numbered import read_small

_MAX_BYTES: Final = 64 << 20
_ALIGNED: Final = "ALIGNABLE_ANNOTATION"
_MOST_LEVELS: Final = 32
"""Of tiers that hang on each other."""


@dataclass(frozen=True)
class GlossSpan:
    """A gloss and when it is signed, in seconds of the video."""

    gloss: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Tier:
    """A tier of an .eaf file.

    Attributes:
        name: its TIER_ID.
        participant: who signs, if the tier says.
        spans: its annotations that are not empty, in time order.
        empty: how many annotations have no text or no length.
    """

    name: str
    participant: str | None
    spans: Sequence[GlossSpan]
    empty: int


@dataclass(frozen=True)
class Eaf:
    """What an .eaf file says.

    Attributes:
        path: of the file.
        media: the first linked video that is there, where it lies now; if none is, the first one, beside the .eaf.
        passed_over: the first linked video, if it is not there and media is another.
        offset_ms: what to add to the times in the file to have the video's.
        tiers: by name.
    """

    path: Path
    media: Path | None
    passed_over: Path | None
    offset_ms: float
    tiers: Mapping[str, Tier]

    def tier(self, name: str) -> Tier:
        """A tier by its name.

        Raises:
            FormatError: there is none of that name; tells which there are.
        """
        if name not in self.tiers:
            raise FormatError(f"{self.path} has no tier {name!r}; it has:\n{self.list_tiers()}")
        return self.tiers[name]

    def list_tiers(self) -> str:
        """A line for each tier: its name, how many annotations it has and whose they are."""
        return "\n".join(
            f"  {tier.name} ({len(tier.spans)} annotations{f', {tier.participant}' if tier.participant else ''})"
            for tier in self.tiers.values()
        )


def read_eaf(path: Path) -> Eaf:
    """The tiers of an .eaf file.

    Raises:
        FormatError: it is none, or is damaged.
    """
    root = parse_eaf(path)
    with told_as_format_error(path, "an .eaf file"):
        media, passed_over, offset_ms = linked_video(root, path)
        spans = _annotations(root)
        tiers = {}
        for tier in root.iterfind("TIER"):
            name = tier.attrib["TIER_ID"]
            marks = [mark.attrib["ANNOTATION_ID"] for mark in _marks(tier)]
            own = [spans[mark] for mark in marks if mark in spans]
            good = sorted(
                (
                    GlossSpan(text, max(start + offset_ms, 0) / 1000, (end + offset_ms) / 1000)
                    for text, start, end in own
                    if text and max(start + offset_ms, 0) < end + offset_ms
                ),
                key=lambda span: (span.start_s, span.end_s),
            )
            tiers[name] = Tier(name, tier.get("PARTICIPANT") or None, good, len(marks) - len(good))
    return Eaf(path, media, passed_over, offset_ms, tiers)


def parse_eaf(path: Path) -> ElementTree.Element:
    """The XML of an .eaf file, comments included.

    Raises:
        FormatError: it is no XML of ELAN's.
    """
    data = read_small(path, _MAX_BYTES)
    with told_as_format_error(path, "an .eaf file"):
        parser = ElementTree.XMLParser(target=_Builder(insert_comments=True, insert_pis=True))
        parser.feed(data)
        root: ElementTree.Element = parser.close()
        if root.tag != "ANNOTATION_DOCUMENT":
            raise ValueError(f"its root is {root.tag[:40]}")
    return root


class _Builder(ElementTree.TreeBuilder):
    """Refuses a document type: ELAN writes none, and entities are for attacks."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("it declares a document type")


def _marks(tier: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for annotation in tier.iterfind("ANNOTATION"):
        yield from (mark for mark in annotation if mark.tag in (_ALIGNED, "REF_ANNOTATION"))


def _times(tier: ElementTree.Element, order: Mapping[str, tuple[int, float]]) -> dict[str, float]:
    """Milliseconds of each time slot of a tier; those without a value lie evenly between their neighbours in it.

    Args:
        tier: with its annotations.
        order: for each slot of the file its place in time, and its milliseconds or NaN.
    """
    used = {mark.attrib[f"TIME_SLOT_REF{n}"] for mark in _marks(tier) if mark.tag == _ALIGNED for n in (1, 2)}
    slots = sorted(used, key=lambda slot: order[slot][0])
    values = [order[slot][1] for slot in slots]
    known = [place for place, value in enumerate(values) if math.isfinite(value)]
    for before, after in itertools.pairwise(known):
        step = (values[after] - values[before]) / (after - before)
        for place in range(before + 1, after):
            values[place] = values[before] + step * (place - before)
    return dict(zip(slots, values, strict=True))


def _order(root: ElementTree.Element) -> dict[str, tuple[int, float]]:
    slots = [slot for order in root.iterfind("TIME_ORDER") for slot in order.iterfind("TIME_SLOT")]
    return {slot.attrib["TIME_SLOT_ID"]: (n, float(slot.get("TIME_VALUE", "nan"))) for n, slot in enumerate(slots)}


def _annotations(root: ElementTree.Element) -> dict[str, tuple[str, float, float]]:
    """Text, start and end in milliseconds of each annotation that has times, its own or its parent's."""
    spans: dict[str, tuple[str, float, float]] = {}
    waiting: dict[tuple[str, str], list[tuple[str, str]]] = {}
    order = _order(root)
    for tier in root.iterfind("TIER"):
        times = _times(tier, order)
        for mark in _marks(tier):
            own, text = mark.attrib["ANNOTATION_ID"], (mark.findtext("ANNOTATION_VALUE") or "").strip()
            if mark.tag == _ALIGNED:
                start, end = (times[mark.attrib[f"TIME_SLOT_REF{n}"]] for n in (1, 2))
                if math.isfinite(start + end):
                    spans[own] = text, start, end
            else:
                key = tier.attrib["TIER_ID"], mark.attrib["ANNOTATION_REF"]
                waiting.setdefault(key, []).append((own, text))
    for _ in range(_MOST_LEVELS):
        ready = [key for key in waiting if key[1] in spans]
        for key in ready:
            # Several that hang on one annotation of another tier subdivide it.
            children, (_, start, end) = waiting.pop(key), spans[key[1]]
            part = (end - start) / len(children)
            for place, (own, text) in enumerate(children):
                spans[own] = text, start + place * part, start + (place + 1) * part
        if not ready:
            break
    return spans


def linked_video(root: ElementTree.Element, path: Path) -> tuple[Path | None, Path | None, float]:
    """``media``, ``passed_over`` and ``offset_ms`` of an Eaf."""
    linked = [media for header in root.iterfind("HEADER") for media in header.iterfind("MEDIA_DESCRIPTOR")]
    videos = [media for media in linked if "audio" not in media.get("MIME_TYPE", "")] or linked
    guesses = [(places, float(media.get("TIME_ORIGIN") or 0)) for media in videos if (places := _places(media, path))]
    if not guesses:
        return None, None, 0.0
    first = guesses[0][0][-1]
    for number, (places, offset_ms) in enumerate(guesses):
        if there := next((place for place in places if place.is_file()), None):
            return there, first if number else None, offset_ms
    return first, None, guesses[0][1]


def _places(media: ElementTree.Element, path: Path) -> list[Path]:
    """Where a linked file may lie, the best guess first: as linked from the .eaf, from the root, beside the .eaf."""
    places = []
    relative, absolute = (_file_of(media.get(name, "")) for name in ("RELATIVE_MEDIA_URL", "MEDIA_URL"))
    if relative:
        places.append(path.parent / relative)
    if absolute:
        places.append(Path(absolute))
    names = [re.split(r"[/\\]", name)[-1] for name in (relative, absolute) if name]
    return places + [path.parent / name for name in names[:1] if name]


def _file_of(url: str) -> str:
    """The path in a URL: file:///home/a.mp4, file:/C:/a.mp4, ./a.mp4 or a bare path."""
    url = url.replace("\0", "")
    if not url.lower().startswith("file:"):
        return unquote(url)
    found = unquote(urlsplit(url).path)
    return found[1:] if re.match(r"/[A-Za-z]:", found) else found
