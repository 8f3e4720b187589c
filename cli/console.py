"""What all commands share: where they write, how they show progress, and their exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from posegloss.pipeline import models

output = Console(soft_wrap=True, highlight=False)
"""Results: what a script may read."""
errors = Console(stderr=True, soft_wrap=True, highlight=False)
"""Progress, warnings and errors: what a person reads."""


class Exit(IntEnum):
    """Exit codes that scripts can trust."""

    DONE = 0
    SOME_FAILED = 1
    NOTHING = 2
    INTERRUPTED = 130


def progress(*columns: TextColumn) -> Progress:
    """A progress bar on stderr: a description, how many of how many, the given columns, time gone and time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *columns,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=errors,
    )


@contextmanager
def fetching() -> Iterator[models.Report]:
    """Shows which weights are being fetched from where; shows nothing while nothing is."""
    with Progress(
        SpinnerColumn(), TextColumn("fetching {task.description}"), TimeElapsedColumn(), console=errors, transient=True
    ) as bar:
        task = bar.add_task("", total=None, visible=False)
        yield lambda step: bar.update(task, description=step, visible=True)


def fetch_weights(landmark_model: str) -> None:
    """Make sure that the detector and a landmark model lie in the cache, showing what is fetched.

    Args:
        landmark_model: its name; anything else (a path) needs no fetching.

    Raises:
        WeightsError: one cannot be had.
    """
    if landmark_model not in models.LANDMARK_MODELS:
        return
    with fetching() as report:
        for name in (models.DETECTOR, landmark_model):
            models.fetch(name, report=report)
