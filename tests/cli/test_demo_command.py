"""The whole main job in one command, with fewer glosses and epochs so that a test can wait for it."""

import shutil
import subprocess
import sys

import pytest

from posegloss.pipeline.store import KeypointStore

from .conftest import GLOSSES, SIGNERS
from .running import Ran

DEMO = f"""
from functools import partial
from posegloss.cli import app, demo
demo._GLOSSES, demo.train = {list(GLOSSES)}, partial(demo.train, epochs=3)
app.main()
"""


def run_demo(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", DEMO, "demo", "--signers", str(SIGNERS), "--takes", "1", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def begun(tiny, tmp_path_factory):
    """A demo that was killed in its first two steps: one clip of the corpus is missing, and of the store."""
    out = tmp_path_factory.mktemp("demo") / "demo"
    shutil.copytree(tiny.corpus, out / "avatar")
    (out / "avatar" / tiny.clip.relative_to(tiny.corpus)).unlink()
    store = KeypointStore.open(tiny.store)
    others = [clip for clip in store.clips() if not tiny.clip.match(clip.clip_id)]
    KeypointStore.create(out / "avatar.store", store.settings).append(others)
    return out


def test_the_demo_goes_on_to_its_end_and_again_does_nothing_twice(begun, tiny, make_video, avatar_video):
    ran = run_demo("--out", begun)
    assert ran.code == 0, ran.err
    assert "1 clips extracted" in ran.out
    assert "11 were there already, 0 failed" in ran.out
    assert "never seen in training" in ran.out
    assert "stranger.mp4: " in ran.out
    assert "All of it is synthetic" in ran.out
    assert "SYNTHETIC" in (begun / "avatar.model" / "report.html").read_text("utf-8")
    made = ("avatar.store", "stranger.mp4", "stranger-overlay.mp4")
    assert all((begun / name).exists() for name in made)
    for noise in ("Traceback", "oneDNN", "cuInit", "INFO: Created"):
        assert noise not in ran.err

    model = (begun / "avatar.model" / "model.json").stat().st_mtime_ns
    again = run_demo("--out", begun, "--video", avatar_video)
    assert again.code == 0, again.err
    assert "0 clips extracted (0 frames), 12 were there already" in again.out
    assert "is the result of this very training already" in again.said
    assert (begun / "avatar.model" / "model.json").stat().st_mtime_ns == model
    assert (begun / "avatar-overlay.mp4").stat().st_size > 0
    assert "avatar-overlay.mp4: 40 of 40 frames show a person" in again.out
