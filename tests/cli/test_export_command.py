"""A model as one file, and recognising with it."""

import json

import pytest


def test_exported_and_recognised_with(posegloss, tiny, tmp_path):
    out = tmp_path / "my.tflite"
    ran = posegloss("export", tiny.model, "--out", out, "--precision", "float16")
    assert (ran.code, ran.out.startswith(f"{out}: "), ran.out.endswith(" kB, float16\n")) == (0, True, True)
    whole, exported = (json.loads(posegloss("predict", model, tiny.clip, "--json").out) for model in (tiny.model, out))
    assert dict(exported["ranking"]) == pytest.approx(dict(whole["ranking"]), abs=1e-3)
    assert {**exported, "ranking": 0, "confidence": 0, "gloss": 0} == {
        **whole, "ranking": 0, "confidence": 0, "gloss": 0,
    }  # fmt: skip
    ran = posegloss("export", tiny.model, "--out", out)
    assert (ran.code, ran.said.startswith("error: "), "--overwrite" in ran.said) == (2, True, True)


def test_what_cannot_be_exported(posegloss, tiny, tmp_path):
    for arguments, told in (
        ([tiny.trees, "--out", tmp_path / "a.tflite"], "extra-trees"),
        ([tiny.model, "--out", tmp_path / "a.tflite", "--precision", "int4"], "float32, float16, int8"),
        ([tmp_path / "none", "--out", tmp_path / "a.tflite"], "is not a model folder"),
        ([tiny.model, "--out", tmp_path / "a"], ".tflite"),
    ):
        ran = posegloss("export", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert told in ran.said
    assert not (tmp_path / "a.tflite").exists()


def test_a_damaged_file_is_exit_code_2(posegloss, tiny, tmp_path):
    (tmp_path / "a.tflite").write_bytes(b"TFL3" * 9)
    ran = posegloss("predict", tmp_path / "a.tflite", tiny.clip)
    assert (ran.code, "no model that posegloss exported" in ran.said) == (2, True)
