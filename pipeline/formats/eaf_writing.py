"""Writing spans of glosses as a tier of an ELAN .eaf file, a new one or one that is there.

Everything else that stands in a file stays as it is: links, vocabularies, comments, what this code does not know.
"""

import copy
import itertools
import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.eaf import GlossSpan, linked_video, parse_eaf
from posegloss.pipeline.formats.errors import FormatError, told_as_format_error

_TYPE: Final = "posegloss"
_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
# The elements that come after the tiers, by the schema.
_AFTER_TIERS: Final = (
    *("LINGUISTIC_TYPE", "LOCALE", "LANGUAGE", "CONSTRAINT", "CONTROLLED_VOCABULARY", "LEXICON_REF"),
    *("REF_LINK_SET", "EXTERNAL_REF"),
)


def write_eaf(
    path: Path,
    media: Path | None,
    tier: str,
    spans: Sequence[GlossSpan],
    *,
    participant: str | None = None,
    replace: bool = False,
) -> None:
    """Write spans as a tier; a file that is there keeps all it has.

    Args:
        path: of the .eaf file, which appears whole.
        media: the video, linked from a new file; an existing file keeps its own links.
        tier: the tier's name.
        spans: by time, in seconds of the video; a span shorter than a millisecond becomes one.
        participant: who signs.
        replace: put the spans in the place of those of a tier of that name.

    Raises:
        FormatError: the file that is there is no .eaf, or has such a tier, which others refer to or which replace does
            not allow to change; or the file cannot be written.
    """
    root = parse_eaf(path) if path.exists() else _new(path, media)
    with told_as_format_error(path, "an .eaf file"):
        offset_ms = linked_video(root, path)[2]
    there = next((one for one in root.iterfind("TIER") if one.get("TIER_ID") == tier), None)
    if there is not None:
        if not replace:
            raise FormatError(f"{path} has a tier {tier!r} already; choose another name, or replace it")
        if any(one.get("PARENT_REF") == tier for one in root.iterfind("TIER")):
            raise FormatError(f"{path}: other tiers hang on the tier {tier!r}; choose another name")
        root.remove(there)
    if not any(kind.get("LINGUISTIC_TYPE_ID") == _TYPE for kind in root.iterfind("LINGUISTIC_TYPE")):
        kind = Element("LINGUISTIC_TYPE", GRAPHIC_REFERENCES="false", LINGUISTIC_TYPE_ID=_TYPE, TIME_ALIGNABLE="true")
        root.insert(_place_before(root, _AFTER_TIERS), kind)
    order = root.find("TIME_ORDER")
    if order is None:
        order = Element("TIME_ORDER")
        root.insert(_place_before(root, ("TIER", *_AFTER_TIERS)), order)
    written = Element("TIER", LINGUISTIC_TYPE_REF=_TYPE, TIER_ID=tier)
    if participant:
        written.set("PARTICIPANT", participant)
    _fill(root, order, written, spans, offset_ms)
    root.insert(_place_before(root, _AFTER_TIERS), written)
    _save(root, path)


def _fill(root: Element, order: Element, tier: Element, spans: Sequence[GlossSpan], offset_ms: float) -> None:
    slots = _unused("ts", {slot.get("TIME_SLOT_ID", "") for slot in order})
    marks = _unused("a", {one.get("ANNOTATION_ID", "") for one in root.iter() if isinstance(one.tag, str)})
    for span in sorted(spans, key=lambda span: span.start_s):
        start = max(round(span.start_s * 1000 - offset_ms), 0)
        end = max(round(span.end_s * 1000 - offset_ms), start + 1)
        refs = {}
        for number, value in ((1, start), (2, end)):
            refs[f"TIME_SLOT_REF{number}"] = name = next(slots)
            SubElement(order, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(value))
        refs["ANNOTATION_ID"] = next(marks)
        mark = SubElement(SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", refs)
        SubElement(mark, "ANNOTATION_VALUE").text = _printable(span.gloss)
    # ELAN expects the slots in the order of time; those without a value stay behind the one they follow.
    place, keyed = -1.0, []
    for slot in order:
        place = float(slot.get("TIME_VALUE", place))
        keyed.append((place, slot))
    order[:] = [slot for _, slot in sorted(keyed, key=lambda one: one[0])]


def _unused(prefix: str, used: set[str]) -> "itertools.filterfalse[str]":
    return itertools.filterfalse(used.__contains__, (f"{prefix}{number}" for number in itertools.count(len(used) + 1)))


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(one if one.isprintable() else " " for one in text)


def _place_before(root: Element, tags: Sequence[str]) -> int:
    return next((place for place, child in enumerate(root) if child.tag in tags), len(root))


def _new(path: Path, media: Path | None) -> Element:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"AUTHOR": "posegloss", "DATE": now, "FORMAT": "3.0", "VERSION": "3.0", _XSI: _SCHEMA}
    root = Element("ANNOTATION_DOCUMENT", about)
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if media is not None:
        target = media.resolve()
        folder = path.parent.resolve()
        links = {"MEDIA_URL": target.as_uri(), "MIME_TYPE": mimetypes.guess_type(target.name)[0] or "video/*"}
        if target.is_relative_to(folder):
            links["RELATIVE_MEDIA_URL"] = f"./{target.relative_to(folder).as_posix()}"
        SubElement(header, "MEDIA_DESCRIPTOR", links)
    SubElement(root, "TIME_ORDER")
    return root


def _save(root: Element, path: Path) -> None:
    pretty = copy.deepcopy(root)
    ElementTree.indent(pretty, "    ")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            ElementTree.ElementTree(pretty).write(part, encoding="UTF-8", xml_declaration=True)
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror or error}") from error
