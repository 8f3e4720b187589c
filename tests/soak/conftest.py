"""A corpus of tiny clips, and the real command over it, in a session of its own, that flushes often."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.store import KeypointStore

from ..made_videos import avatar_images, write_clip
from ..pipeline.processes import Start, children_of_session, started_in_sessions, wait_until

FAST = "from posegloss.pipeline import corpus; corpus.FLUSH_S = 0.1; from posegloss.cli.app import main; main()"

MakeCorpus = Callable[[int, int], Path]


@pytest.fixture(scope="session")
def make_corpus(tmp_path_factory: pytest.TempPathFactory) -> MakeCorpus:
    """Writes so many clips of so many frames; returns their folder."""

    def make(clips: int, frames: int) -> Path:
        folder = tmp_path_factory.mktemp("corpus") / "videos"
        folder.mkdir()
        images = [image for signer in range(2) for image in avatar_images(60, signer=signer)]
        for number in range(clips):
            first = number * 7 % (len(images) - frames)
            write_clip(folder / f"{number:03}.mp4", images[first : first + frames])
        return folder

    return make


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `posegloss extract` with two workers; what is left of it is ended after the test."""
    with started_in_sessions([sys.executable, "-c", FAST, "extract"]) as started:
        yield lambda *arguments: started(*arguments, "--workers", "2")


def finish(process: "subprocess.Popen[str]") -> str:
    """Wait until a run has ended well; returns what it said on stderr."""
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return err


def wait_for_the_end(process: "subprocess.Popen[str]") -> None:
    """Wait until a run that was killed and all its workers are gone."""
    process.communicate(timeout=60)
    wait_until(lambda: not children_of_session(process.pid))


def assert_same_stores(store: Path, undisturbed: Path) -> None:
    """That two stores hold the same clips, each once, with nothing half-written beside them."""
    clips, others = (list(KeypointStore.open(path).clips()) for path in (store, undisturbed))
    assert sorted(clip.clip_id for clip in clips) == sorted(clip.clip_id for clip in others)
    by_id = {clip.clip_id: clip for clip in others}
    for clip in clips:
        other = by_id[clip.clip_id]
        np.testing.assert_array_equal(clip.sequence.timestamps, other.sequence.timestamps)
        # The last clip alone gets both processors, and its networks add up in another order.
        np.testing.assert_allclose(clip.sequence.keypoints, other.sequence.keypoints, atol=1e-4)
        assert clip.provenance is not None
        assert other.provenance is not None
        assert clip.provenance.origin == other.provenance.origin
    assert not list(store.rglob("*.part*"))
    assert (store / "failures.csv").read_text().splitlines() == ["clip_id,path,error,reason"]
