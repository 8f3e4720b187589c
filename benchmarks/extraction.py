"""How fast videos become keypoint sequences, side by side with ``mp.solutions.pose`` and MediaPipe Tasks.

    python -m benchmarks.extraction                           the whole table: about half an hour on two cores
    python -m benchmarks.extraction --quick                   one round on few clips: some minutes
    python -m benchmarks.extraction --only frames             one part of it: rates, frames or worker
    python -m benchmarks.extraction --videos FOLDER           on videos of yours, too
    python -m benchmarks.extraction --json OUT --picture OUT.svg

Measured are frames a second, decoding included, each tool as its users run it and with all processors at hand, after a
warm-up (the peers on the Full network; ours also with hands, the layout holistic75); where a frame's time goes; a
worker's start and memory. The tools take turns in several rounds of one run, and what counts are ratios. The clips are
those of the avatar, rendered once into the folder for temporary files, and those of ../shared/data/wlasl where it is
there. The exit code is 0 whatever is measured, 2 if nothing could be.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.mp_solutions import ensure_environment
from benchmarks.speed import inputs, tables, targets
from benchmarks.speed.frame_time import FrameTime
from benchmarks.speed.inputs import Clips
from benchmarks.speed.machine import machine_line, processors
from benchmarks.speed.rates import (
    MP_SOLUTIONS,
    OURS,
    OURS_HANDS,
    OURS_INT8,
    OURS_LITE,
    OURS_LITE_INT8,
    TASKS,
    Contender,
    Contest,
    hold,
)
from benchmarks.speed.runner import Runner, RunnerError
from benchmarks.speed.worker_life import WorkerLife
from posegloss.pipeline import models
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.skeleton import BLAZEPOSE33, HOLISTIC75

PARTS = ("rates", "frames", "worker")
QUICK_CLIPS = 8
OURS_MODULE = "benchmarks.speed.run_ours"


@dataclass
class Results:
    """All that was measured."""

    machine: str
    contests: list[Contest] = field(default_factory=list)
    frame_times: dict[str, FrameTime] = field(default_factory=dict)
    worker: WorkerLife | None = None

    def targets(self) -> list[targets.Target]:
        """The aims, and what was reached."""
        found = list(targets.of_contests(self.contests))
        for name, times in self.frame_times.items():
            found += targets.of_frame_time(name, times)
        return found + (list(targets.of_worker(self.worker)) if self.worker else [])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"targets": [asdict(target) for target in self.targets()]}


def contenders(kind: str, peers: Sequence[Contender]) -> list[Contender]:
    """Who takes part in runs on one video or on a corpus."""
    if kind == "video":
        ours = [
            Contender(name, OURS_MODULE, arguments={"model": "full", "layout": layout})
            for name, layout in ((OURS, BLAZEPOSE33), (OURS_HANDS, HOLISTIC75))
        ]
    else:
        settings = {"workers": processors(), "warm_up": str(inputs.WARM_UP)}
        ours = [
            Contender(
                name, OURS_MODULE, "corpus", {"model": model, "precision": precision, "layout": layout, **settings}
            )
            for name, model, precision, layout in (
                (OURS, "full", "float", BLAZEPOSE33),
                (OURS_HANDS, "full", "float", HOLISTIC75),
                (OURS_INT8, "full", "int8", BLAZEPOSE33),
                (OURS_LITE, "lite", "float", BLAZEPOSE33),
                (OURS_LITE_INT8, "lite", "int8", BLAZEPOSE33),
            )
        ]
    at_once = [
        replace(peer, name=f"{peer.name}, {processors()} at once", processes=processors())
        for peer in peers
        if kind == "corpus"
    ]
    return [*ours, *peers, *at_once]


def measure(clip_sets: Sequence[Clips], arguments: argparse.Namespace, results: Results) -> None:
    """Measure and print, one part after the other.

    Raises:
        RunnerError: ours failed.
    """
    if "rates" in arguments.only:
        peers = _peers()
        for clips in clip_sets:
            one = f"one video: {inputs.describe(clips.one_video)}"
            many = f"corpus: {clips.name}, {len(clips.corpus)} clips"
            for kind, title, paths in (("video", one, [clips.one_video]), ("corpus", many, clips.corpus)):
                contest = hold(
                    title,
                    kind,
                    clips.name,
                    paths,
                    contenders(kind, peers),
                    rounds=arguments.rounds,
                    warm_up=str(inputs.WARM_UP),
                    tell=_tell,
                )
                results.contests.append(contest)
                tables.print_contest(contest)
    if "frames" in arguments.only:
        for clips in clip_sets:
            _tell(f"a frame's time by stage: {clips.name}")
            with Runner(OURS_MODULE) as runner:
                answer = runner.ask("frame_time", path=clips.one_video, model="full", passes=arguments.rounds)
            name = inputs.describe(clips.one_video)
            results.frame_times[name] = FrameTime(**answer)
            tables.print_frame_time(name, results.frame_times[name])
    if "worker" in arguments.only:
        _tell(f"a worker over {arguments.soak} frames")
        clips, workers = clip_sets[0], max(processors(), 2)
        frames = sum(inputs.claimed_frames(path) for path in clips.corpus)
        with Runner(OURS_MODULE) as runner:
            answer = runner.ask(
                "worker",
                paths=clips.corpus,
                last=clips.one_video,
                starts=max(arguments.rounds, 3),
                repeats=math.ceil(arguments.soak * workers / frames),
                workers=workers,
            )
        results.worker = WorkerLife(**answer)
        tables.print_worker(results.worker)


def _peers() -> list[Contender]:
    """The peers that can be had here."""
    peers = []
    try:
        python = ensure_environment()
        peers.append(Contender(MP_SOLUTIONS, "benchmarks.speed.run_mp_solutions", python=python))
    except (SystemExit, OSError, subprocess.CalledProcessError) as error:
        tables.output.print(f"{MP_SOLUTIONS} is left out, since its environment cannot be made: {error}", markup=False)
    try:
        arguments = {"task": str(inputs.task_file())}
        peers.append(Contender(TASKS, "benchmarks.speed.run_tasks", arguments=arguments))
    except (ImportError, PoseglossError) as error:
        tables.output.print(f"{TASKS} is left out: {error}", markup=False)
    return peers


def _draw(path: Path, results: Results) -> None:
    from benchmarks.speed.picture import draw

    if not results.frame_times:
        _tell("no picture: a frame's time by stage was not measured")
        return
    name, times = next(iter(results.frame_times.items()))
    contest = next((contest for contest in results.contests if contest.kind == "video"), None)
    peers = (
        {row.name: median(row.cpu_ms) for row in contest.rates if row.name in (MP_SOLUTIONS, TASKS)} if contest else {}
    )
    draw(path, f"Where a frame's time goes ({name})", times, peers)


def _clip_sets(arguments: argparse.Namespace) -> list[Clips]:
    most = arguments.clips
    _tell("the avatar's clips (rendered on first use)")
    sets = [inputs.synthetic(most)]
    if arguments.videos:
        sets.append(inputs.real("your videos", arguments.videos, most))
    elif inputs.WLASL.is_dir():
        sets.append(inputs.real("WLASL", [inputs.WLASL], most))
    return sets


def _tell(step: str) -> None:
    print(f"... {step}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round, few clips, a short soak")
    parser.add_argument("--rounds", type=int, help="how often every tool has its turn (3; 1 with --quick)")
    parser.add_argument("--clips", type=int, help="at most so many clips of each corpus (all; 8 with --quick)")
    parser.add_argument("--soak", type=int, help="frames for the worker's memory (20,000; 2,000 with --quick)")
    parser.add_argument("--videos", type=Path, nargs="+", help="videos of yours: files, folders or a manifest")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="these parts alone")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--picture", type=Path, help="draw where a frame's time goes: *.svg or *.png")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    arguments.soak = arguments.soak or (2_000 if arguments.quick else 20_000)
    arguments.clips = arguments.clips or (QUICK_CLIPS if arguments.quick else None)
    if min(arguments.rounds, arguments.soak, arguments.clips or 1) < 1:
        parser.error("--rounds, --clips and --soak are at least 1")
    if arguments.picture and arguments.picture.suffix not in (".svg", ".png"):
        parser.error("--picture is *.svg or *.png")
    return arguments


def main() -> int:
    """Measure; the exit code."""
    arguments = _arguments()
    results = Results(machine_line())
    tables.output.print(results.machine)
    code = 0
    try:
        # All that is missing is fetched before a clock runs.
        for name in (models.DETECTOR, "full", "lite", *models.HAND_MODELS):
            models.fetch(name, report=_tell)
        measure(_clip_sets(arguments), arguments, results)
    except (RunnerError, PoseglossError, inputs.NoClipsError) as error:
        print(f"could not measure: {error}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt:
        code = 130
    # Also when it was stopped: what was measured until then.
    tables.print_targets(results.targets())
    if arguments.json:
        arguments.json.write_text(json.dumps(results.to_dict(), indent=2) + "\n", "utf-8")
    if arguments.picture:
        _draw(arguments.picture, results)
    return code


if __name__ == "__main__":
    sys.exit(main())
