from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from posegloss.pipeline.store import KeypointStore

from ..classifiers.made_up import make_clips
from .running import Ran, call, run

GLOSSES = ("CHIN-TAP", "SIDE-ZIGZAG", "TWO-HANDS-RISE")
SIGNERS = 4


@dataclass(frozen=True)
class Tiny:
    """An avatar corpus of 3 glosses by 4 signers, what was made of it, and how each command ended."""

    corpus: Path
    store: Path
    model: Path
    trees: Path
    ran: dict[str, Ran]

    @property
    def clip(self) -> Path:
        """One of the corpus."""
        return self.corpus / "videos" / "avatar-002" / "CHIN-TAP-take-0.mp4"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    folder = tmp_path_factory.mktemp("tiny")
    corpus, store, model, trees = (folder / name for name in ("avatar", "avatar.store", "avatar.model", "trees.model"))
    wanted = [argument for gloss in GLOSSES for argument in ("--gloss", gloss)]
    steps: dict[str, list[str | Path]] = {
        "avatar": ["avatar", "--out", corpus, "--signers", str(SIGNERS), "--takes", "1", *wanted],
        "extract": ["extract", corpus, "--out", store, "--workers", "2"],
        "train": ["train", store, "--out", model, "--epochs", "2"],
        "train-trees": ["train", store, "--out", trees, "--model", "extra-trees"],
    }
    ran = {}
    for name, arguments in steps.items():
        ran[name] = run(*arguments)
        assert ran[name].code == 0, (name, ran[name])
    return Tiny(corpus, store, model, trees, ran)


@pytest.fixture
def posegloss(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the command in this process."""
    return lambda *arguments: call(capsys, *arguments)


@pytest.fixture
def made_up_store(tmp_path: Path) -> Callable[..., Path]:
    """Writes clips that were made up, not extracted, into a store."""

    def make(glosses: tuple[str, ...], signers: tuple[str, ...], takes: int = 2, **labels: str | None) -> Path:
        clips = [replace(clip, **labels) for clip in make_clips(glosses, signers, takes)]
        KeypointStore.create(tmp_path / "store", {}).append(clips)
        return tmp_path / "store"

    return make
