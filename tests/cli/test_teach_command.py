"""More glosses for a trained model, from videos of them."""

import json


def test_taught_from_videos_and_recognised_with(posegloss, tiny, tmp_path):
    videos, out = tiny.corpus / "videos", tmp_path / "mine.model"
    takes = [f"MINE={videos / f'avatar-00{signer}' / 'CHIN-TAP-take-0.mp4'}" for signer in (0, 1)]
    ran = posegloss("teach", tiny.model, *takes, "--out", out)
    assert (ran.code, ran.out) == (0, f"MINE: 2 takes\nmodel with 4 glosses: {out}\n")
    assert "not measured" in ran.said
    answer = json.loads(posegloss("predict", out, tiny.clip, "--json").out)
    assert {gloss for gloss, _ in answer["ranking"]} == {"MINE", "CHIN-TAP", "SIDE-ZIGZAG", "TWO-HANDS-RISE"}
    assert json.loads((out / "model.json").read_text())["training"]["taught"] == {"MINE": 2}
    again = posegloss("teach", tiny.model, *takes, "--out", out)
    assert (again.code, "exists" in again.said or "holds" in again.said) == (2, True)


def test_what_cannot_be_taught(posegloss, tiny, tmp_path):
    out = tmp_path / "mine.model"
    for model, take, told in (
        (tiny.model, "CAT", "GLOSS=FILE"),
        (tiny.model, "=cat.mp4", "GLOSS=FILE"),
        (tiny.model, f"CAT={tmp_path / 'none.mp4'}", "does not exist"),
        (tiny.model, f"CHIN-TAP={tiny.clip}", "trained from many clips"),
        (tiny.trees, f"CAT={tiny.clip}", "cannot be taught"),
        (tmp_path / "none", f"CAT={tiny.clip}", "is not a model folder"),
    ):
        ran = posegloss("teach", model, take, "--out", out)
        assert (ran.code, ran.out) == (2, ""), take
        assert told in ran.said, take
    assert not out.exists()
