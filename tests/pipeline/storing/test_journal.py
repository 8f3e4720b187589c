import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.corpus import extract_corpus
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.journal import Journal, read_journal, remove_journal

KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.corpus import extract_corpus
from posegloss.pipeline.extract import ExtractionSettings
from posegloss.pipeline.running.worker import Extracted
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.store import KeypointStore
from posegloss.pipeline.storing.provenance import Origin

def three_and_then_killed(work, jobs, start, *, on_beat):
    for job in list(jobs)[:3]:
        sequence = KeypointSequence(np.ones((2, 33, 4), np.float32), np.arange(2) / 25, (64, 48))
        yield job, Extracted(Origin(str(job.source.path)), sequence, 0.1)
    os._exit(9)

settings = ExtractionSettings()
store = KeypointStore.create(sys.argv[1], settings.to_dict())
sources = [ClipSource(f"{i}.mp4", Path(f"{i}.mp4")) for i in range(5)]
extract_corpus(sources, store, settings, executor=three_and_then_killed)
"""


def clip(name: str, frames: int = 2, value: float = 1.0) -> Clip:
    keypoints = np.full((frames, 33, 4), value, np.float32)
    return Clip(name, KeypointSequence(keypoints, np.arange(frames) / 25, (64, 48)), gloss="WAVE")


def test_what_was_noted_is_read_whole_and_what_was_cut_off_is_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for name in ("a", "b"):
        journal.add(clip(name))
    whole = (tmp_path / ".journal").stat().st_size
    journal.add(clip("c"))
    journal.close()
    data = (tmp_path / ".journal").read_bytes()
    assert [one.clip_id for one in read_journal(tmp_path)] == ["a", "b", "c"]
    for length in (0, 3, whole // 2 + 20, whole, whole + 5, whole + 300, len(data) - 1):
        (tmp_path / ".journal").write_bytes(data[:length])
        expected = ["a", "b"] if length >= whole else ["a"] if length > whole // 2 else []
        read = read_journal(tmp_path)
        assert [one.clip_id for one in read] == expected
        assert all((one.sequence.keypoints == 1).all() and one.gloss == "WAVE" for one in read)


def test_an_empty_journal_leaves_nothing_behind(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(clip("a"))
    journal.clear()
    journal.close()
    assert list(tmp_path.iterdir()) == []
    assert read_journal(tmp_path) == []
    remove_journal(tmp_path)


def test_a_run_that_is_killed_loses_no_clip_that_was_finished(tmp_path: Path) -> None:
    result = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "store"], check=False)
    assert result.returncode == 9
    store = KeypointStore.open(tmp_path / "store")
    assert len(store) == 0, "no shard was due yet"
    extract_corpus([], store, ExtractionSettings())
    assert sorted(store.clip_ids()) == ["0.mp4", "1.mp4", "2.mp4"]
    assert not (tmp_path / "store" / ".journal").exists()


def test_a_clip_that_is_in_a_shard_already_is_not_there_twice(tmp_path: Path) -> None:
    store = KeypointStore.create(tmp_path / "store", {})
    store.append([clip("a"), clip("b")])
    journal = Journal(store.path)
    journal.add(clip("b", value=7))
    journal.add(clip("c"))
    journal.close()
    with store.exclusive():
        pass
    assert [one.clip_id for one in store.clips()] == ["a", "b", "c"]
    assert (store.get("b").sequence.keypoints == 7).all()


@pytest.mark.parametrize("garbage", [b"\xff" * 40, b"\x08" + b"\0" * 7 + b"PAR1PAR1"])
def test_a_damaged_journal_is_nobodys_clip(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / ".journal").write_bytes(garbage)
    assert read_journal(tmp_path) == []
