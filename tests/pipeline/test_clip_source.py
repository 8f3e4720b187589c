import dataclasses
import pickle
from pathlib import Path

import pytest

from posegloss.pipeline.clip_source import ClipSource


def test_it_travels_to_another_process() -> None:
    source = ClipSource("a.mp4#1-2", Path("videos/a.mp4"), gloss="WAVE", signer="ada", start_s=1.0, end_s=2.0)
    assert pickle.loads(pickle.dumps(source)) == source


def test_what_is_not_known_is_none() -> None:
    source = ClipSource("a.mp4", Path("a.mp4"))
    assert (source.gloss, source.signer, source.split, source.start_s, source.end_s) == (None,) * 5


def test_it_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ClipSource("a", Path("a")).clip_id = "b"  # type: ignore[misc]
