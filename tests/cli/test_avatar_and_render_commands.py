"""Videos that the commands write."""

import csv
import shutil

import av
import numpy as np
import pytest

from posegloss.pipeline.video import VideoSource

from ..pipeline.own_networks import of_two_dimensions
from .conftest import GLOSSES, SIGNERS


def test_avatar_renders_what_was_asked_and_says_that_it_is_synthetic(tiny):
    assert "synthetic" in tiny.ran["avatar"].out
    assert str(tiny.corpus / "manifest.csv") in tiny.ran["avatar"].out
    with (tiny.corpus / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(GLOSSES) * SIGNERS
    assert {row["gloss"] for row in rows} == set(GLOSSES)
    assert all((tiny.corpus / row["path"]).is_file() for row in rows)


def test_avatar_names_the_signs_that_there_are(posegloss, tmp_path):
    ran = posegloss("avatar", "--out", tmp_path / "corpus", "--gloss", "HELLO")
    assert (ran.code, ran.out) == (2, "")
    assert "error: the avatar has no sign 'HELLO'; it knows" in ran.said
    assert "CHIN-TAP" in ran.said
    assert not (tmp_path / "corpus").exists()


def test_avatar_into_a_file_is_an_error(posegloss, tmp_path):
    (tmp_path / "file").write_text("mine")
    ran = posegloss("avatar", "--out", tmp_path / "file", "--signers", "1", "--takes", "1", "--gloss", "CHIN-TAP")
    assert ran.code == 2
    assert "cannot be written" in ran.said
    assert (tmp_path / "file").read_text() == "mine"


def test_avatar_does_not_mix_corpora(posegloss, tiny):
    ran = posegloss("avatar", "--out", tiny.corpus, "--seed", "5", "--gloss", "CHIN-TAP")
    assert ran.code == 2
    assert "seed 0 there, 5 here" in ran.said


def pictures(path):
    with VideoSource(path) as source:
        return [frame.image for frame in source]


def test_render_writes_a_playable_video_with_every_frame(posegloss, tiny, tmp_path):
    original = pictures(tiny.clip)
    plain = posegloss("render", tiny.clip, "--out", tmp_path / "plain.mp4")
    captioned = posegloss("render", tiny.clip, "--out", tmp_path / "gloss.mp4", "--classifier", tiny.trees)
    for ran, name in ((plain, "plain.mp4"), (captioned, "gloss.mp4")):
        assert ran.code == 0, ran.err
        assert f"{name}: {len(original)} of {len(original)} frames show a person" in ran.out
        with av.open(str(tmp_path / name)) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    drawn, with_gloss = pictures(tmp_path / "plain.mp4"), pictures(tmp_path / "gloss.mp4")
    assert len(drawn) == len(with_gloss) == len(original)
    middle = len(original) // 2
    assert drawn[middle].shape == original[middle].shape
    assert np.abs(drawn[middle].astype(int) - original[middle]).max() > 100  # the skeleton
    corner = (slice(-12, None), slice(0, 12))  # of the caption's dark band, beside its text
    assert with_gloss[middle][corner].mean() < 0.6 * drawn[middle][corner].mean()


@pytest.mark.parametrize(
    ("out", "told"), [("overlay.xyz", "*.mp4"), ("file/overlay.mp4", "cannot be written"), ("clip.mp4", "video itself")]
)
def test_render_refuses_a_place_that_it_cannot_write(posegloss, tiny, tmp_path, out, told):
    (tmp_path / "file").touch()
    shutil.copy(tiny.clip, tmp_path / "clip.mp4")
    ran = posegloss("render", tmp_path / "clip.mp4", "--out", tmp_path / out)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.said
    assert (tmp_path / "clip.mp4").read_bytes() == tiny.clip.read_bytes()


def test_render_of_no_video_and_by_no_model(posegloss, tiny, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    ran = posegloss("render", tmp_path / "text.mp4", "--out", tmp_path / "out.mp4")
    assert (ran.code, "not a video" in ran.said) == (2, True)
    ran = posegloss("render", tiny.clip, "--out", tmp_path / "out.mp4", "--classifier", tiny.store)
    assert (ran.code, "is not a model folder" in ran.said) == (2, True)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("option", [("--model", "heavy"), ("--layout", "holistic75")])
def test_render_with_a_classifier_sees_what_that_was_trained_on(posegloss, tiny, tmp_path, option):
    ran = posegloss("render", tiny.clip, "--out", tmp_path / "out.mp4", "--classifier", tiny.trees, *option)
    assert (ran.code, option[0] in ran.said, "the classifier's own" in ran.said) == (2, True, True)


def test_render_by_a_network_of_ones_own(posegloss, tiny, tmp_path):
    own = tmp_path / "mine.tflite"
    own.write_bytes(of_two_dimensions())
    ran = posegloss("render", tiny.clip, "--out", tmp_path / "out.mp4", "--model", own)
    frames = len(pictures(tiny.clip))
    assert (ran.code, f"{frames} of {frames} frames show a person" in ran.out) == (0, True), ran.err
    own.write_bytes(own.read_bytes()[:-1])
    ran = posegloss("render", tiny.clip, "--out", tmp_path / "none.mp4", "--model", own)
    assert (ran.code, f"{own}: the model file is damaged" in ran.said) == (2, True)
    assert not (tmp_path / "none.mp4").exists()
