"""ELAN files: some as ELAN writes them, made by hand; what we write is read by pympi, too."""

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from posegloss.datasets.manifest import read_manifest
from posegloss.pipeline.formats.eaf import GlossSpan, read_eaf
from posegloss.pipeline.formats.eaf_writing import write_eaf
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.span_rows import write_span_manifest, write_span_tier

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pympi.Elan import Eaf

ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="ada" DATE="2024-05-01T12:00:00+01:00" FORMAT="3.0" VERSION="3.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <LICENSE LICENSE_URL="https://example.org/licence">CC</LICENSE>
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/corpus/sound.wav" MIME_TYPE="audio/x-wav"/>
        <MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/corpus/my%20session.mp4" MIME_TYPE="video/mp4"
            RELATIVE_MEDIA_URL="../video/my%20session.mp4"{origin}/>
        <PROPERTY NAME="lastUsedAnnotationId">5</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/>
        <TIME_SLOT TIME_SLOT_ID="ts2"/>
        <TIME_SLOT TIME_SLOT_ID="ts3"/>
        <TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="2500"/>
        <TIME_SLOT TIME_SLOT_ID="ts5" TIME_VALUE="4000"/>
        <TIME_SLOT TIME_SLOT_ID="ts6" TIME_VALUE="4840"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="gloss" PARTICIPANT="Ada" TIER_ID="Gloss RH">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" CVE_REF="cveid_1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
                <ANNOTATION_VALUE>HOUSE</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE>TREE</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE/>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a4" TIME_SLOT_REF1="ts5" TIME_SLOT_REF2="ts6">
                <ANNOTATION_VALUE>BÄUME &amp; "CO", 2</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <!-- checked by bob -->
    <TIER LINGUISTIC_TYPE_REF="meaning" PARENT_REF="Gloss RH" TIER_ID="Meaning">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a5" ANNOTATION_REF="a4">
                <ANNOTATION_VALUE>wood</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a6" ANNOTATION_REF="a4" PREVIOUS_ANNOTATION="a5">
                <ANNOTATION_VALUE>company</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="gloss" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Subdivision" GRAPHIC_REFERENCES="false"
        LINGUISTIC_TYPE_ID="meaning" TIME_ALIGNABLE="false"/>
    <REF_LINK_SET LINK_SET_ID="rls1">
        <CROSS_REF_LINK REF1="a1" REF2="a2" REF_LINK_ID="rl1"/>
    </REF_LINK_SET>
</ANNOTATION_DOCUMENT>
"""
PLAIN = ELAN.replace("{origin}", "")


@pytest.fixture
def session(tmp_path):
    """An .eaf in a folder, its video in another as linked."""
    (tmp_path / "eaf").mkdir()
    (tmp_path / "video").mkdir()
    (tmp_path / "video" / "my session.mp4").touch()
    path = tmp_path / "eaf" / "session.eaf"
    path.write_text(PLAIN, "utf-8")
    return path


def spans(tier):
    return [(span.gloss, span.start_s, span.end_s) for span in tier.spans]


def test_glosses_with_times_that_elan_left_open(session):
    tier = read_eaf(session).tier("Gloss RH")
    assert spans(tier) == [("HOUSE", 1, 1.5), ("TREE", 1.5, 2), ('BÄUME & "CO", 2', 4, 4.84)]
    assert (tier.participant, tier.empty) == ("Ada", 1)


def test_annotations_that_hang_on_one_subdivide_it(session):
    assert spans(read_eaf(session).tier("Meaning")) == [("wood", 4, 4.42), ("company", 4.42, 4.84)]


def test_a_video_that_begins_before_the_annotations(session):
    session.write_text(ELAN.replace("{origin}", ' TIME_ORIGIN="500"'), "utf-8")
    assert spans(read_eaf(session).tier("Gloss RH"))[0] == ("HOUSE", 1.5, 2.0)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_manifest_is_what_extract_reads(session, suffix):
    manifest = session.parent / f"manifest{suffix}"
    written = write_span_manifest(session, manifest, ["Gloss RH"])
    assert (written.rows, len(written.notes)) == (3, 1)
    found = read_manifest(manifest)
    assert not found.problems
    clips = [(clip.path.resolve(), clip.gloss, clip.signer, clip.start_s, clip.end_s) for clip in found.clips]
    video = (session.parent.parent / "video" / "my session.mp4").resolve()
    assert clips[0] == (video, "HOUSE", "Ada", 1.0, 1.5)
    assert clips[2] == (video, 'BÄUME & "CO", 2', "Ada", 4.0, 4.84)


def test_a_video_beside_the_eaf_is_found_and_named_relative_to_the_manifest(session):
    (session.parent.parent / "video" / "my session.mp4").rename(session.parent / "my session.mp4")
    manifest = session.parent.parent / "manifest.csv"
    write_span_manifest(session, manifest, ["Gloss RH"])
    assert "eaf/my session.mp4,HOUSE" in manifest.read_text("utf-8")
    assert len(read_manifest(manifest).clips) == 3


def test_a_video_that_is_nowhere_becomes_problem_rows_and_a_note(session):
    (session.parent.parent / "video" / "my session.mp4").unlink()
    manifest = session.parent / "manifest.csv"
    written = write_span_manifest(session, manifest, ["Gloss RH"])
    assert any(str(session.parent / "my session.mp4") in note for note in written.notes)
    assert [problem.reason for problem in read_manifest(manifest).problems] == ["no such file"] * 3


@pytest.mark.parametrize("tiers", [[], ["gloss"]])
def test_without_a_tier_those_that_there_are_are_listed(session, tiers):
    with pytest.raises(FormatError) as told:
        write_span_manifest(session, session.parent / "manifest.csv", tiers)
    assert "Gloss RH (3 annotations, Ada)" in str(told.value)
    assert "Meaning (2 annotations)" in str(told.value)
    assert not (session.parent / "manifest.csv").exists()


SPANS = [GlossSpan("HOUSE", 0.5, 1.25), GlossSpan("BÄUME & <CO>", 1.25, 2.0), GlossSpan("\x00 X", 3.0, 3.0)]
WRITTEN = [(500, 1250, "HOUSE"), (1250, 2000, "BÄUME & <CO>"), (3000, 3001, "  X")]


def pympi_spans(path, tier):
    return sorted(Eaf(str(path)).get_annotation_data_for_tier(tier))


def test_pympi_and_we_read_what_we_write(tmp_path):
    video = tmp_path / "video.mp4"
    write_eaf(tmp_path / "new.eaf", video, "predictions", SPANS, participant="bob")
    assert pympi_spans(tmp_path / "new.eaf", "predictions") == WRITTEN
    (linked,) = Eaf(str(tmp_path / "new.eaf")).media_descriptors
    assert (linked["MIME_TYPE"], linked["RELATIVE_MEDIA_URL"]) == ("video/mp4", "./video.mp4")
    back = read_eaf(tmp_path / "new.eaf")
    assert back.media == tmp_path / "video.mp4"
    assert back.tier("predictions").participant == "bob"
    assert spans(back.tier("predictions"))[0] == ("HOUSE", 0.5, 1.25)


def test_a_tier_is_added_and_all_else_stays(session):
    before = read_eaf(session)
    write_eaf(session, None, "predictions", SPANS)
    after = read_eaf(session)
    assert {name: spans(after.tiers[name]) for name in before.tiers} == {n: spans(t) for n, t in before.tiers.items()}
    assert pympi_spans(session, "predictions") == WRITTEN
    text = session.read_text("utf-8")
    for kept in ("CROSS_REF_LINK", "checked by bob", "CVE_REF", "LICENSE", "lastUsedAnnotationId", "my%20session.mp4"):
        assert kept in text
    ids = [mark for name in ("ANNOTATION_ID", "TIME_SLOT_ID") for mark in _values(text, name)]
    assert len(ids) == len(set(ids)) == 6 + 3 + 6 + 6


def _values(text, attribute):
    return [part.split('"')[0] for part in text.split(f'{attribute}="')[1:]]


def test_a_tier_of_that_name_is_only_replaced_when_asked(session):
    write_eaf(session, None, "predictions", SPANS)
    with pytest.raises(FormatError, match="already"):
        write_eaf(session, None, "predictions", SPANS[:1])
    write_eaf(session, None, "predictions", SPANS[:1], replace=True)
    assert pympi_spans(session, "predictions") == WRITTEN[:1]
    with pytest.raises(FormatError, match="hang on"):
        write_eaf(session, None, "Gloss RH", SPANS, replace=True)


BOMB = '<!DOCTYPE a [<!ENTITY x "ha">]><ANNOTATION_DOCUMENT>&x;</ANNOTATION_DOCUMENT>'


@pytest.mark.parametrize(
    "text",
    [
        *("", "<a/>", "<ANNOTATION_DOCUMENT>", "\0", BOMB, ELAN[:1500]),
        "<ANNOTATION_DOCUMENT><TIER/></ANNOTATION_DOCUMENT>",
        PLAIN.replace('TIME_VALUE="2500"', 'TIME_VALUE="soon"'),
        PLAIN.replace('TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts99"'),
    ],
)
def test_what_is_no_eaf_is_a_named_error(tmp_path: Path, text):
    (tmp_path / "a.eaf").write_text(text, "utf-8")
    with pytest.raises(FormatError, match=r"a\.eaf"):
        read_eaf(tmp_path / "a.eaf")


SECOND = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/corpus/side.mp4" MIME_TYPE="video/mp4"/>'
TWO_VIDEOS = PLAIN.replace("        <PROPERTY", f"        {SECOND}\n        <PROPERTY")


def test_of_two_videos_that_are_nowhere_the_first_is_expected(session):
    session.write_text(TWO_VIDEOS, "utf-8")
    (session.parent / "side.mp4").touch()
    (session.parent.parent / "video" / "my session.mp4").unlink()
    written = write_span_manifest(session, session.parent / "m.csv", ["Gloss RH"])
    assert any("my session.mp4, is not there" in note and "side.mp4" in note for note in written.notes)
    (session.parent / "side.mp4").unlink()
    assert read_eaf(session).media == session.parent / "my session.mp4"
    assert read_eaf(session).passed_over is None


def test_two_tiers_with_the_same_span_are_told_of(session):
    write_eaf(session, None, "Gloss LH", [GlossSpan("HOUSE", 1, 1.5)])
    written = write_span_manifest(session, session.parent / "m.CSV", ["Gloss RH", "Gloss LH"])
    assert written.rows == 4
    assert any(note.startswith("1 rows have the same times") for note in written.notes)
    assert len(read_manifest(session.parent / "m.CSV").clips) == 3


def test_an_ending_in_capitals_is_the_same_ending(session):
    write_span_manifest(session, session.parent / "m.PARQUET", ["Gloss RH"])
    assert len(read_manifest(session.parent / "m.PARQUET").clips) == 3


def test_a_manifest_comes_back_as_a_tier(session):
    session.write_text(ELAN.replace("{origin}", ' TIME_ORIGIN="500"'), "utf-8")
    before = spans(read_eaf(session).tier("Gloss RH"))
    write_span_manifest(session, session.parent / "m.csv", ["Gloss RH"])
    clips = read_manifest(session.parent / "m.csv").clips
    written = write_span_tier(clips, session, "again")
    assert (written.rows, written.notes) == (3, [])
    assert spans(read_eaf(session).tier("again")) == before
    assert read_eaf(session).tier("again").participant == "Ada"
    assert pympi_spans(session, "again")[0] == (1000, 1500, "HOUSE")
    assert "checked by bob" in session.read_text("utf-8")
    with pytest.raises(FormatError, match="already"):
        write_span_tier(clips, session, "again")
    with pytest.raises(FormatError, match="2 videos"):
        write_span_tier([*clips, replace(clips[0], path=session)], session, "more")
    with pytest.raises(FormatError, match="no row"):
        write_span_tier([replace(clips[0], gloss=None)], session, "more")
