from pathlib import Path

import pytest

from posegloss.cli.clip_log import ClipLog
from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.errors import DiskFullError, VideoError
from posegloss.pipeline.running.outcome import ClipOutcome

from ..conftest import fill_disk


def test_a_full_disk_is_told_once_more_when_it_is_closed(small_disk: Path) -> None:
    outcome = ClipOutcome.of_error(ClipSource("a", Path("a.mp4")), VideoError("it is broken"))
    log = ClipLog(str(small_disk / "log"))

    def fill_and_write() -> None:
        fill_disk(small_disk)
        log.write(outcome)

    with pytest.raises(DiskFullError, match="full"), log:
        fill_and_write()
