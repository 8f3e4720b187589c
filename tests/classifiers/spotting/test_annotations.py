import csv
import warnings
from pathlib import Path

import pytest

from posegloss.classifiers.predict import GlossPrediction
from posegloss.classifiers.spotting.annotations import (
    captions,
    eaf_to_go_on_with,
    shown,
    write_elan,
    write_subtitles,
    write_table,
)
from posegloss.classifiers.spotting.spotted import SpottedVideo
from posegloss.classifiers.streaming.events import SignEnded
from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.errors import FormatError

from ...pipeline.formats.test_webvtt import read_vtt

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pympi.Elan import Eaf


def sign(start_s: float, end_s: float, gloss: str | None, confidence: float = 0.9, sure: bool = True) -> SignEnded:
    ranking = ((gloss, confidence), ("OTHER, 2", 0.1)) if gloss else ()
    return SignEnded(start_s, end_s, GlossPrediction(gloss, confidence, ranking, {}, sure=sure))


SIGNS = (
    sign(0.4, 1.2, "HOUSE"),
    sign(2.0, 2.5, "<TREE> & WOOD", 0.3, sure=False),
    sign(3.0, 3.5, None, 0.0, sure=False),
)


def tier(path: Path, name: str) -> list[tuple[int, int, str]]:
    return sorted(Eaf(str(path)).get_annotation_data_for_tier(name))


def test_what_is_not_sure_is_shown_on_demand_and_what_has_no_gloss_never() -> None:
    assert shown(SIGNS, unsure=False) == [SIGNS[0]]
    assert shown(SIGNS, unsure=True) == list(SIGNS[:2])


def test_pympi_opens_both_tiers(tmp_path: Path) -> None:
    write_elan(tmp_path / "a.eaf", None, tmp_path / "a.mp4", SIGNS[:2])
    assert tier(tmp_path / "a.eaf", "gloss") == [(400, 1200, "HOUSE"), (2000, 2500, "<TREE> & WOOD")]
    assert tier(tmp_path / "a.eaf", "confidence") == [(400, 1200, "0.90"), (2000, 2500, "0.30 (not sure)")]
    (linked,) = Eaf(str(tmp_path / "a.eaf")).media_descriptors
    assert linked["MEDIA_URL"] == (tmp_path / "a.mp4").as_uri()


def test_subtitles_and_captions_tell_what_is_not_sure(tmp_path: Path) -> None:
    write_subtitles(tmp_path / "a.vtt", SIGNS[:2])
    assert read_vtt(tmp_path / "a.vtt") == [("HOUSE", 0.4, 1.2), ("<TREE> & WOOD (not sure)", 2.0, 2.5)]
    assert [(one.text.split()[0], one.start_s, one.end_s) for one in captions(SIGNS[:2])] == [
        ("HOUSE", 0.4, 1.2),
        ("not", 2.0, 2.5),
    ]


def test_the_table_has_every_sign(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", SpottedVideo(Path("/v/a.mp4"), SIGNS, 4.0, 100, 100, ()))
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["sure"] for row in rows] == ["true", "false", "false"]
    assert [row["gloss"] for row in rows] == ["HOUSE", "<TREE> & WOOD", ""]
    first = rows[0]
    assert (first["video"], first["start_s"], first["end_s"]) == ("/v/a.mp4", "0.400", "1.200")
    assert (first["confidence"], first["gloss_2"], first["confidence_2"], first["gloss_3"]) == (
        *("0.9000", "OTHER, 2", "0.1000"),
        "",
    )


def test_tiers_of_others_outlive_another_run(tmp_path: Path) -> None:
    out = tmp_path / "a.eaf"
    assert eaf_to_go_on_with(out) is None
    write_elan(out, None, tmp_path / "a.mp4", SIGNS)
    assert eaf_to_go_on_with(out) is None, "nothing is lost with it"
    write_eaf(out, None, "checked", [GlossSpan("HUT", 0.4, 1.2)])
    assert eaf_to_go_on_with(out) == out
    write_elan(tmp_path / "new.eaf", out, tmp_path / "a.mp4", SIGNS[:1])
    assert tier(tmp_path / "new.eaf", "gloss") == [(400, 1200, "HOUSE")]
    assert tier(tmp_path / "new.eaf", "checked") == [(400, 1200, "HUT")]
    out.write_text("something else")
    with pytest.raises(FormatError, match=r"a\.eaf"):
        eaf_to_go_on_with(out)
