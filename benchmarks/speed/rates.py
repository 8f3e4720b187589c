"""Tools that take turns on the same clips: their frames a second, and by how much one is faster than another."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.speed.runner import Runner, RunnerError
from benchmarks.speed.serve import Answer

OURS: Final = "posegloss Full"
OURS_INT8: Final = "posegloss Full int8"
OURS_HANDS: Final = "posegloss Full, hands"
OURS_LITE: Final = "posegloss Lite"
OURS_LITE_INT8: Final = "posegloss Lite int8"
MP_SOLUTIONS: Final = "mp.solutions 0.10.21"
TASKS: Final = f"MediaPipe Tasks {version('mediapipe')}"
WITH_START: Final = " + start of workers"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """A tool, and how it is run.

    Attributes:
        name: for people to read.
        module: the ``run_*`` module.
        job: what that is asked for.
        arguments: of the job, beside the paths.
        python: the interpreter, where it is not this one.
        processes: so many at once, each with its share of the clips.
    """

    name: str
    module: str
    job: str = "run"
    arguments: dict[str, Any] = field(default_factory=dict)
    python: Path | None = None
    processes: int = 1


@dataclass
class Rates:
    """What a tool did, a value a round.

    Attributes:
        name: of the tool.
        per_s: frames a second.
        cpu_ms: processor time of a frame, over all cores; empty where it is not known.
        frames: that it read.
        people: frames with a person.
        peak_mb: the most memory that one of its processes held.
        ready_s: seconds from its start until everything was imported.
    """

    name: str
    per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    frames: int = 0
    people: int = 0
    peak_mb: float | None = None
    ready_s: float | None = None

    @property
    def median(self) -> float:
        """Frames a second of the middle round."""
        return median(self.per_s)

    @property
    def spread(self) -> float:
        """The noise: from the slowest round to the fastest, as a share of the middle one."""
        return (max(self.per_s) - min(self.per_s)) / self.median


@dataclass(frozen=True)
class Ratio:
    """How many times as fast: by the medians, and the least and most of all rounds."""

    of_medians: float
    least: float
    most: float

    @classmethod
    def of(cls, one: Sequence[float], other: Sequence[float]) -> "Ratio":
        """From the rates of two tools, round by round."""
        in_rounds = [a / b for a, b in zip(one, other, strict=True)]
        return cls(median(one) / median(other), min(in_rounds), max(in_rounds))


@dataclass(frozen=True)
class Contest:
    """All tools on the same clips.

    Attributes:
        title: what they did.
        kind: "video" or "corpus".
        clips: the name of the clips.
        rates: one a tool.
        notes: what a reader should know.
    """

    title: str
    kind: str
    clips: str
    rates: list[Rates]
    notes: list[str]

    def rates_of(self, name: str) -> Rates | None:
        """Of a tool by its name; None where it did not take part."""
        return next((rates for rates in self.rates if rates.name == name), None)

    def ratio(self, one: str, other: str) -> Ratio | None:
        """By how much one tool is faster than another; None where one of them did not take part."""
        a, b = self.rates_of(one), self.rates_of(other)
        return Ratio.of(a.per_s, b.per_s) if a and b else None


def hold(
    title: str,
    kind: str,
    clips: str,
    paths: Sequence[str],
    contenders: Sequence[Contender],
    *,
    rounds: int,
    warm_up: str,
    tell: Tell,
) -> Contest:
    """Run a contest: every tool in every round, each time another one first.

    A peer that fails is left out, with a note.

    Raises:
        RunnerError: ours failed.
    """
    notes: list[str] = []
    rates: dict[str, Rates] = {}
    with ExitStack() as stack:
        teams: dict[str, tuple[Contender, list[Runner]]] = {}
        for contender in contenders:
            tell(f"{title}: starting {contender.name}")
            try:
                team = [
                    stack.enter_context(Runner(contender.module, contender.python)) for _ in range(contender.processes)
                ]
                _sample(contender, team, [warm_up] * len(team))
            except RunnerError as error:
                _leave_out(contender, error, notes)
                continue
            teams[contender.name] = contender, team
            rates[contender.name] = Rates(contender.name, ready_s=team[0].ready_s)
        for number in range(rounds):
            names = list(teams)
            first = number % len(names)
            for name in names[first:] + names[:first]:
                tell(f"{title}: round {number + 1} of {rounds}, {name}")
                contender, team = teams[name]
                try:
                    answer = _sample(contender, team, paths)
                except RunnerError as error:
                    _leave_out(contender, error, notes)
                    del teams[name], rates[name]
                    rates.pop(name + WITH_START, None)
                    continue
                _add(rates, name, answer)
    order = [contender.name + suffix for contender in contenders for suffix in ("", WITH_START)]
    rows = [rates[name] for name in order if name in rates]
    notes += _differences(rows)
    return Contest(title, kind, clips, rows, notes)


def _sample(contender: Contender, team: Sequence[Runner], paths: Sequence[str]) -> Answer:
    begin = time.perf_counter()
    for i, runner in enumerate(team):
        runner.send(contender.job, paths=list(paths[i :: len(team)]), **contender.arguments)
    answers = [runner.receive() for runner in team]
    if not all(answer["frames"] for answer in answers):
        raise RunnerError("it read no frame")
    if len(answers) == 1:
        return answers[0]
    return {
        "frames": sum(answer["frames"] for answer in answers),
        "people": sum(answer["people"] for answer in answers),
        "seconds": time.perf_counter() - begin,
        "cpu_s": sum(answer["cpu_s"] for answer in answers),
        "peak_mb": max((answer["peak_mb"] for answer in answers if answer["peak_mb"]), default=None),
    }


def _add(rates: dict[str, Rates], name: str, answer: Answer) -> None:
    row = rates[name]
    row.per_s.append(answer["frames"] / answer["seconds"])
    row.frames, row.people, row.peak_mb = answer["frames"], answer["people"], answer["peak_mb"]
    if "cpu_s" in answer:
        row.cpu_ms.append(1000 * answer["cpu_s"] / answer["frames"])
    if "whole_s" in answer:
        whole = rates.setdefault(name + WITH_START, Rates(name + WITH_START))
        whole.per_s.append(answer["whole_frames"] / answer["whole_s"])
        whole.frames, whole.people = row.frames, row.people


def _leave_out(contender: Contender, error: RunnerError, notes: list[str]) -> None:
    if contender.name == OURS:
        raise error
    notes.append(f"{contender.name} is left out: {error}")


def _differences(rates: Sequence[Rates]) -> list[str]:
    counts = {row.name: row.frames for row in rates}
    if len(set(counts.values())) < 2:
        return []
    return ["the tools read unequal numbers of frames: " + ", ".join(f"{name} {n}" for name, n in counts.items())]
