"""A session as an archive to keep: keypoints as .pose, glosses as .eaf, and all that was said as JSON."""

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import posegloss
from posegloss.cli.live.record import Part
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.pose_writing import write_pose


class NothingToSaveError(PoseglossError):
    """The session has shown no frame yet."""


def archive(parts: Sequence[Part], signs: Sequence[Mapping[str, Any]], layout: str, about: Mapping[str, Any]) -> bytes:
    """The bytes of a .zip: for each part a .pose and an .eaf of the same name, and session.json.

    Args:
        parts: of the session's record.
        signs: as the session told them, with their times in the session's seconds.
        layout: of the keypoints.
        about: what else session.json says.

    Raises:
        NothingToSaveError: there is no part.
        FormatError: a file cannot be written.
    """
    if not parts:
        raise NothingToSaveError("nothing was recorded yet, so there is nothing to save")
    described = []
    with tempfile.TemporaryDirectory(prefix="posegloss-live-") as scratch:
        folder = Path(scratch)
        for number, part in enumerate(parts, 1):
            name = f"part-{number}"
            sequence = part.sequence(layout)
            if sequence is None:
                continue
            start_s, end_s = part.frames[0][0], part.frames[-1][0]
            write_pose(sequence, folder / f"{name}.pose")
            # By its end: the margin of a part's first sign may have been forgotten.
            _write_glosses(
                [one for one in signs if start_s <= one["end_s"] <= end_s + 1], start_s, folder / f"{name}.eaf"
            )
            described.append(
                {"name": name, "start_s": start_s, "frames": len(sequence), "size": part.size, "layout": layout}
            )
        told = {"posegloss": posegloss.__version__, **about, "parts": described, "signs": list(signs)}
        (folder / "session.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(folder.iterdir()):
                file.write(path, path.name)
    return content.getvalue()


def _write_glosses(signs: Sequence[Mapping[str, Any]], start_s: float, path: Path) -> None:
    for tier, sure in (("gloss", True), ("not sure", False)):
        spans = [
            GlossSpan(one["gloss"], one["start_s"] - start_s, one["end_s"] - start_s)
            for one in signs
            if one["gloss"] and one["sure"] is sure
        ]
        write_eaf(path, None, tier, spans)
