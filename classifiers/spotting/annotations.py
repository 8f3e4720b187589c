"""What is written of a video's signs: an ELAN file, subtitles, a table, and captions to draw on the video."""

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from posegloss.classifiers.spotting.spotted import SpottedVideo
from posegloss.classifiers.streaming.events import SignEnded
from posegloss.pipeline.errors import told_as_store_error
from posegloss.pipeline.formats.eaf import GlossSpan, read_eaf
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.webvtt import write_vtt
from posegloss.pipeline.render import Caption

GLOSS_TIER: Final = "gloss"
CONFIDENCE_TIER: Final = "confidence"
_NOT_SURE: Final = " (not sure)"
_RUNNERS_UP: Final = 4
COLUMNS: Final = (
    *("video", "start_s", "end_s", "gloss", "confidence", "sure"),
    *(f"{name}_{place}" for place in range(2, _RUNNERS_UP + 2) for name in ("gloss", "confidence")),
)


def shown(signs: Sequence[SignEnded], unsure: bool) -> list[SignEnded]:
    """The signs that stand in the ELAN file, the subtitles and on the video: those with a gloss that is believed.

    Args:
        signs: of a video.
        unsure: glosses that are not sure are believed, too.
    """
    return [sign for sign in signs if sign.prediction.gloss and (sign.prediction.sure or unsure)]


def eaf_to_go_on_with(path: Path) -> Path | None:
    """The ELAN file at a path, if there is more in it than our own tiers.

    Raises:
        FormatError: what is there is no ELAN file.
    """
    return path if path.exists() and read_eaf(path).tiers.keys() - {GLOSS_TIER, CONFIDENCE_TIER} else None


def write_elan(path: Path, before: Path | None, video: Path, signs: Sequence[SignEnded]) -> None:
    """Write a tier with the glosses and one with their confidences.

    Args:
        path: of the .eaf file, where nothing is.
        before: an .eaf file; all that stands in it is taken over but tiers of these names.
        video: is linked.
        signs: those to write.

    Raises:
        FormatError: the file before is no ELAN file, or the file cannot be written.
        StoreError: the file before cannot be copied.
    """
    if before:
        with told_as_store_error(path):
            shutil.copyfile(before, path)
    glosses = [GlossSpan(str(sign.prediction.gloss), sign.start_s, sign.end_s) for sign in signs]
    confidences = [
        GlossSpan(f"{sign.prediction.confidence:.2f}{_doubt(sign)}", sign.start_s, sign.end_s) for sign in signs
    ]
    write_eaf(path, video, GLOSS_TIER, glosses, replace=True)
    write_eaf(path, video, CONFIDENCE_TIER, confidences, replace=True)


def write_subtitles(path: Path, signs: Sequence[SignEnded], note: str = "") -> None:
    """Write subtitles, a cue for each sign.

    Raises:
        FormatError: the file cannot be written.
    """
    write_vtt(
        path, [GlossSpan(f"{sign.prediction.gloss}{_doubt(sign)}", sign.start_s, sign.end_s) for sign in signs], note
    )


def write_table(path: Path, spotted: SpottedVideo) -> None:
    """Write a CSV file with a row for each sign, those that are not sure among them.

    Raises:
        StoreError: it cannot be written.
    """
    with told_as_store_error(path), path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for sign in spotted.signs:
            answer = sign.prediction
            ranked = [cell for gloss, share in answer.ranking[1 : _RUNNERS_UP + 1] for cell in (gloss, f"{share:.4f}")]
            times = f"{sign.start_s:.3f}", f"{sign.end_s:.3f}"
            sure = "true" if answer.sure else "false"
            cells = [spotted.path, *times, answer.gloss or "", f"{answer.confidence:.4f}", sure, *ranked]
            rows.writerow(cells + [""] * (len(COLUMNS) - len(cells)))


def captions(signs: Sequence[SignEnded]) -> list[Caption]:
    """What is drawn on the video while each sign is made."""
    return [Caption(sign.prediction.caption, sign.start_s, sign.end_s) for sign in signs]


def _doubt(sign: SignEnded) -> str:
    return "" if sign.prediction.sure else _NOT_SURE
