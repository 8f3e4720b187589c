"""ClipLog: a line of JSON for each clip, for programs that follow a run."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from posegloss.pipeline.errors import told_as_store_error

if TYPE_CHECKING:
    from posegloss.pipeline.running.outcome import ClipOutcome


class ClipLog:
    """Lines added to a file as the clips come. Each is whole when it is read.

    Args:
        place: the file; "-" is stdout.

    Raises:
        StoreError: the file cannot be written.
    """

    def __init__(self, place: str) -> None:
        self._place = Path(place)

    def __enter__(self) -> Self:
        with told_as_store_error(self._place):
            self._file = sys.stdout if str(self._place) == "-" else self._place.open("a", encoding="utf-8")
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not sys.stdout:
            # Closing writes again what could not be written.
            with told_as_store_error(self._place):
                self._file.close()

    def write(self, outcome: "ClipOutcome") -> None:
        """Tell what became of a clip."""
        seconds = outcome.seconds
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "clip_id": outcome.source.clip_id,
            "source": str(outcome.source.path),
            "status": outcome.status,
            "frames": outcome.frames,
            "frames_with_person": outcome.frames_with_person,
            "seconds": seconds and round(seconds, 3),
            "frames_per_second": outcome.frames / seconds if seconds else None,
            "warnings": list(outcome.warnings),
            "error": outcome.error,
            "reason": outcome.reason,
        }
        # ASCII: a name that is not UTF-8 can be written, too.
        with told_as_store_error(self._place):
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
