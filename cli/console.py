"""What all commands share: where they write, how they show progress, and their exit codes."""

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TextIO

from rich.console import Console
from rich.markup import escape
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
    """Exit codes that scripts can trust.

    DONE: all of it. SOME_FAILED: it went to its end, but some clips failed. NOTHING: an error that is no single clip's
    kept it from starting or from going on (a full disk, missing weights, another run); when that is put right, the same
    command goes on. INTERRUPTED: by Ctrl-C; the same command goes on.
    """

    DONE = 0
    SOME_FAILED = 1
    NOTHING = 2
    INTERRUPTED = 130


def say_error(text: str) -> None:
    """One line on stderr that says why there is no result."""
    errors.print(f"[bold red]error:[/] {escape(text)}")


def say_note(text: str) -> None:
    """One line on stderr that a reader of the result should know."""
    errors.print(f"note: {escape(text)}")


def say_if_synthetic(synthetic: bool) -> None:
    """That a model knows no sign of a real language, if it was trained on no real people."""
    if synthetic:
        say_note("this model was trained on a synthetic avatar; it knows no sign of a real language")


@contextmanager
def warnings_as_notes(wanted: type[Warning]) -> Iterator[list[str]]:
    """Shows warnings of a category as notes when they come, each once; yields the list of what was told."""
    told: list[str] = []
    show_others = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, wanted):
            show_others(message, category, filename, lineno, file, line)
        elif str(message) not in told:
            told.append(str(message))
            say_note(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", wanted)
        warnings.showwarning = show
        yield told


@contextmanager
def status(what: str) -> Iterator[None]:
    """Shows what is being done while it is, to a person; nothing in a log."""
    if not errors.is_terminal:
        yield
        return
    with errors.status(escape(what)):
        yield


@contextmanager
def progress(*columns: TextColumn) -> Iterator[Progress]:
    """A progress bar on stderr: a description, how many of how many, the given columns, time gone and time left.

    A task that never learned how much there is to do leaves no bar behind.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *columns,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=errors,
    ) as bar:
        try:
            yield bar
        finally:
            for task in bar.tasks:
                bar.update(task.id, visible=task.visible and task.total is not None)


@contextmanager
def fetching() -> Iterator[models.Report]:
    """Shows which weights are being fetched from where; shows nothing while nothing is."""
    if not errors.is_terminal:
        yield lambda step: errors.print(f"fetching {step}", markup=False)
        return
    columns = SpinnerColumn(), TextColumn("fetching {task.description}"), TimeElapsedColumn()
    bar = Progress(*columns, console=errors, transient=True)
    task = bar.add_task("", total=None)

    def report(step: str) -> None:
        bar.update(task, description=step)
        bar.start()

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()


def fetch_weights(names: Iterable[str]) -> None:
    """Make sure that weight files lie on this machine, showing what is fetched.

    Args:
        names: of the files, as ``ExtractionSettings.weights`` has them.

    Raises:
        WeightsError: one cannot be had.
    """
    with fetching() as report:
        for name in names:
            models.fetch(name, report=report)
