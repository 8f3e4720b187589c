"""How the measurements look in the terminal."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from benchmarks.speed.frame_time import NETWORK, FrameTime
from benchmarks.speed.rates import MP_SOLUTIONS, TASKS, Contest, Ratio
from benchmarks.speed.targets import Target
from benchmarks.speed.worker_life import WorkerLife

_WIDTH: Final = 150
"""Of the widest table. A narrower terminal breaks the lines, a file does not; nothing is cut off."""
output = Console(soft_wrap=True, highlight=False, width=_WIDTH)


def print_contest(contest: Contest) -> None:
    """Print the rates of all tools on the same clips."""
    names = ("frames/s", "rounds", "to mp.solutions", "to Tasks", "ms/frame", "CPU ms", "MB", "import s", "person in")
    columns = [_right(name) for name in names]
    table = Table("tool", *columns, title=contest.title, title_justify="left", box=None)
    for row in contest.rates:
        table.add_row(
            row.name,
            f"{row.median:.1f}",
            f"{min(row.per_s):.1f} to {max(row.per_s):.1f}",
            *(_words(contest.ratio(row.name, peer)) if row.name != peer else "" for peer in (MP_SOLUTIONS, TASKS)),
            f"{1000 / row.median:.1f}",
            f"{median(row.cpu_ms):.1f}" if row.cpu_ms else "",
            f"{row.peak_mb:.0f}" if row.peak_mb else "",
            f"{row.ready_s:.1f}" if row.ready_s else "",
            f"{row.people} of {row.frames}",
        )
    _print(table)
    if (rounds := len(contest.rates[0].per_s)) > 1:
        noise = max(row.spread for row in contest.rates)
        output.print(
            f"  {rounds} rounds, in each every tool; ratios of the medians, in brackets the least and the most of a "
            f"round; noise: the rounds of a tool are up to {noise:.0%} apart"
        )
    else:
        output.print("  one round: nothing tells how noisy these figures are")
    for note in contest.notes:
        output.print(f"  note: {escape(note)}")


def print_frame_time(name: str, times: FrameTime) -> None:
    """Print where a frame's time goes."""
    table = Table(
        "stage",
        _right("ms"),
        _right("of the network"),
        title=f"Where a frame's time goes: {name}, processor time on one thread",
        title_justify="left",
        box=None,
    )
    network = times.stages[NETWORK]
    for stage, ms in times.stages.items():
        table.add_row(stage, f"{ms:.2f}", f"{ms / network:.1%}")
    table.add_row("all", f"{times.total_ms:.2f}", f"{times.total_ms / network:.1%}")
    _print(table)
    output.print(
        f"  around the network: {times.around_share:.1%} in all, {times.around_share_overlapped:.1%} without decode "
        "and colour\n"
        f"  extract_clip as a whole: {times.clip_cpu_ms:.2f} ms of CPU with one thread; with two for the decoder "
        f"{times.clip_thread_ms:.2f} ms on the network's thread, {times.clip_wall_ms:.2f} ms of wall time"
    )


def print_worker(life: WorkerLife) -> None:
    """Print a worker's start and memory."""
    starts = ", ".join(f"{seconds:.2f}" for seconds in life.start_s)
    output.print(f"\nA worker: ready {starts} s after the decision to spawn it")
    output.print(f"  imported of what it does not need: {', '.join(life.unwanted) or 'nothing'}")
    if not life.memory:
        output.print("  its memory is not known on this system (no /proc)")
        return
    (first_frames, first), (frames, last) = life.memory[0], life.memory[-1]
    output.print(
        f"  memory: {first:.0f} MB after {first_frames:.0f} frames, {last:.0f} MB after {frames:.0f}; "
        f"at most {life.peak_mb:.0f} MB, the long video included"
    )
    if (slope := life.mb_per_1000_frames) is not None:
        output.print(f"  slope over the second half: {slope:+.2f} MB per 1,000 frames")


def print_targets(targets: Sequence[Target]) -> None:
    """Print what was to be reached, and what was."""
    if not targets:
        return
    table = Table("aim", _right("wanted"), _right("reached"), "", title="Aims", title_justify="left", box=None)
    for target in targets:
        table.add_row(escape(target.what), target.aim, target.reached, "ok" if target.ok else "not reached")
    _print(table)


def _right(name: str) -> Column:
    return Column(name, justify="right", no_wrap=True)


def _words(ratio: Ratio | None) -> str:
    return "" if ratio is None else f"{ratio.of_medians:.2f}x ({ratio.least:.2f} to {ratio.most:.2f})"


def _print(table: Table) -> None:
    output.print()
    output.print(table)
