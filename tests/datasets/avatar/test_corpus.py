from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

from posegloss.datasets.avatar import (
    AvatarSettingsError,
    CorpusSettingsError,
    Signer,
    UnknownGlossError,
    perform,
    render_corpus,
)

TINY: dict[str, Any] = {"size": (96, 64), "frame_rate": 10.0, "workers": 1, "glosses": ["CHIN-TAP", "BASE-RISE"]}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("corpus")
    render_corpus(out, signers=2, takes=1, sentences=1, truth=True, **TINY)
    return out


def test_the_manifest_lists_every_clip(corpus: Path) -> None:
    manifest = pd.read_csv(corpus / "manifest.csv")
    assert list(manifest.columns) == [
        *("path", "gloss", "signer", "take", "frames", "fps", "start", "end", "split", "synthetic")
    ]
    assert manifest.synthetic.all()
    assert sorted(zip(manifest.signer, manifest.gloss, strict=True)) == [
        (signer, gloss) for signer in ("avatar-000", "avatar-001") for gloss in ("BASE-RISE", "CHIN-TAP")
    ]
    assert manifest[["start", "end", "split"]].isna().all(axis=None)
    for row in manifest.itertuples():
        with av.open(str(corpus / str(row.path))) as container:
            assert sum(1 for _ in container.decode(video=0)) == row.frames
    assert "synthetic" in (corpus / "SYNTHETIC.txt").read_text().lower()


def test_sentences_have_a_row_for_each_sign(corpus: Path) -> None:
    signs = pd.read_csv(corpus / "sentences.csv")
    assert list(signs.columns) == ["path", "gloss", "signer", "start", "end", "synthetic"]
    assert signs.groupby("path").size().between(3, 5).all()
    assert (signs.start < signs.end).all()
    assert all((corpus / path).exists() for path in signs.path)


def test_the_truth_lies_beside_each_video(corpus: Path) -> None:
    with np.load(corpus / "videos" / "avatar-001" / "CHIN-TAP-take-0.npz") as truth:
        expected = perform(Signer.random(1), ["CHIN-TAP"], take=0, seed=0, size=(96, 64), frame_rate=10.0).truth
        np.testing.assert_array_equal(truth["keypoints"], expected.keypoints)
        np.testing.assert_array_equal(truth["timestamps"], expected.timestamps)


def test_a_second_run_renders_only_what_is_missing(tmp_path: Path) -> None:
    manifest = render_corpus(tmp_path, signers=1, takes=1, **TINY)
    first = manifest.read_text()
    kept, lost = sorted((tmp_path / "videos" / "avatar-000").glob("*.mp4"))
    before = kept.stat().st_mtime_ns
    lost.unlink()
    calls: list[tuple[int, int]] = []
    render_corpus(tmp_path, signers=1, takes=1, progress=lambda done, of: calls.append((done, of)), **TINY)
    assert kept.stat().st_mtime_ns == before
    assert lost.exists()
    assert manifest.read_text() == first
    assert calls == [(1, 2), (2, 2)]


def test_worker_processes_render_the_same_clips(corpus: Path, tmp_path: Path) -> None:
    arguments = TINY | {"workers": 2, "glosses": ["CHIN-TAP"]}
    manifest = pd.read_csv(render_corpus(tmp_path, signers=1, takes=2, **arguments))
    assert list(manifest["take"]) == [0, 1]
    alone = (corpus / "videos" / "avatar-000" / "CHIN-TAP-take-0.mp4").read_bytes()
    assert (tmp_path / str(manifest.path[0])).read_bytes() == alone


def test_other_settings_in_the_same_folder_are_refused(corpus: Path) -> None:
    with pytest.raises(CorpusSettingsError, match=r"seed 0 there, 1 here.*choose another folder"):
        render_corpus(corpus, signers=1, takes=1, seed=1, **TINY)


def test_what_cannot_be_rendered_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UnknownGlossError, match="HELLO"):
        render_corpus(tmp_path / "a", **(TINY | {"glosses": ["HELLO"]}))
    with pytest.raises(AvatarSettingsError, match="nothing to render"):
        render_corpus(tmp_path / "a", signers=0, **TINY)
    with pytest.raises(AvatarSettingsError, match="even"):
        render_corpus(tmp_path / "a", **(TINY | {"size": (95, 64)}))
    assert not (tmp_path / "a").exists()
