"""Glosses of ELAN tiers as the rows of a manifest that `posegloss extract` reads, and such rows as a tier."""

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.files import whole_file
from posegloss.pipeline.formats.eaf import Eaf, GlossSpan, Tier, read_eaf
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.errors import FormatError

_COLUMNS: Final = pa.schema(
    [
        ("path", pa.string()),
        ("gloss", pa.string()),
        ("signer", pa.string()),
        ("start", pa.float64()),
        ("end", pa.float64()),
    ]
)


@dataclass(frozen=True)
class WrittenRows:
    """What became of an .eaf file's annotations, or of the rows that became such.

    Attributes:
        rows: how many were written.
        notes: what the reader should know: annotations without text, a video that is not where it is linked.
    """

    rows: int
    notes: Sequence[str]


def write_span_manifest(path: Path, out: Path, tiers: Sequence[str]) -> WrittenRows:
    """Write the annotations of tiers as a manifest: path, gloss, signer (the tier's participant), start, end.

    A video that is not found is named where it is expected, beside the .eaf: put it there, or correct the manifest.

    Args:
        path: of the .eaf file.
        out: the manifest, .csv or .parquet, which appears whole.
        tiers: by name.

    Raises:
        FormatError: the .eaf cannot be read, links no video, has no such tier or no annotation in it; tells which tiers
            there are. Or the manifest cannot be written.
    """
    eaf = read_eaf(path)
    if not tiers:
        raise FormatError(f"say which tier of {path} has the glosses (--tier NAME); it has:\n{eaf.list_tiers()}")
    chosen = [eaf.tier(name) for name in dict.fromkeys(tiers)]
    if eaf.media is None:
        raise FormatError(f"{path} links no video; link it in ELAN (Edit, Linked Files)")
    rows = [
        (_from(out, eaf.media), span.gloss, tier.participant or "", round(span.start_s, 3), round(span.end_s, 3))
        for tier in chosen
        for span in tier.spans
    ]
    if not rows:
        raise FormatError(f"{path} has no annotation with text in {', '.join(tiers)}; it has:\n{eaf.list_tiers()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as part:
            _write(rows, part)
    except OSError as error:
        raise FormatError(f"{out} cannot be written: {error.strerror or error}") from error
    notes = _notes(eaf, chosen)
    if twice := len(rows) - len({(start, end) for *_, start, end in rows}):
        notes.append(f"{twice} rows have the same times as another; of such rows only the first is extracted")
    return WrittenRows(len(rows), notes)


def write_span_tier(clips: Sequence[ClipSource], out: Path, tier: str) -> WrittenRows:
    """Write the rows of a manifest as a tier; an .eaf that is there keeps all it has.

    Args:
        clips: the rows; those without a gloss or an end are left out.
        out: the .eaf file, which appears whole.
        tier: a name that the file does not have yet.

    Raises:
        FormatError: the rows are of several videos, none has a gloss and an end, or the file cannot be written.
    """
    spans = [
        GlossSpan(clip.gloss, clip.start_s or 0.0, clip.end_s)
        for clip in clips
        if clip.gloss and clip.end_s is not None
    ]
    if not spans:
        raise FormatError(f"no row has a gloss and an end; {out} is not written")
    videos = sorted({clip.path.resolve() for clip in clips})
    if len(videos) > 1:
        raise FormatError(f"{out} would be of {len(videos)} videos ({videos[0]}, {videos[1]}, ...); give rows of one")
    signers = {clip.signer for clip in clips}
    notes = [f"{lacking} rows without a gloss or an end left out"] if (lacking := len(clips) - len(spans)) else []
    if out.exists() and (there := read_eaf(out).media) and there.name != videos[0].name:
        notes.append(f"{out} links {there.name}, the rows are of {videos[0].name}")
    write_eaf(out, videos[0], tier, spans, participant=signers.pop() if len(signers) == 1 else None)
    return WrittenRows(len(spans), notes)


def _from(manifest: Path, video: Path) -> str:
    """A path that the manifest's reader finds: relative where the video lies at or below the manifest's folder."""
    folder, target = manifest.parent.resolve(), Path(os.path.abspath(video))  # noqa: PTH100 - a link stays a link
    return target.relative_to(folder).as_posix() if target.is_relative_to(folder) else str(target)


def _notes(eaf: Eaf, tiers: Sequence[Tier]) -> list[str]:
    notes = [
        f"tier {tier.name!r}: {tier.empty} annotations without text or length left out" for tier in tiers if tier.empty
    ]
    if eaf.passed_over:
        notes.append(f"the first video linked, {eaf.passed_over.name}, is not there: {eaf.media} is taken")
    if eaf.media and not eaf.media.is_file():
        notes.append(f"the video is not where {eaf.path} links it; put it at {eaf.media}, or correct the paths")
    return notes


def _write(rows: Sequence[tuple[str, str, str, float, float]], path: Path) -> None:
    if path.suffix.lower() == ".parquet":
        columns = dict(zip(_COLUMNS.names, zip(*rows, strict=True), strict=True))
        pq.write_table(pa.table({name: list(values) for name, values in columns.items()}, schema=_COLUMNS), path)
        return
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS.names)
        writer.writerows(rows)
