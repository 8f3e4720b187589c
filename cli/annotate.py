"""`posegloss annotate`: the signs in long videos, for ELAN, as subtitles and as a table."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, TaskID, TextColumn

from posegloss.cli.console import Exit, errors, fetch_weights, output, progress, say_if_synthetic, say_note
from posegloss.cli.words import count, duration, printable

if TYPE_CHECKING:
    from posegloss.classifiers.spotting.outcome import InFlight, VideoOutcome


def annotate(
    model: Annotated[Path, typer.Argument(help="A model that `posegloss train` or `posegloss export` made.")],
    videos: Annotated[list[Path], typer.Argument(help="Videos of any length, folders of them, or manifests.")],
    out: Annotated[Path, typer.Option(help="The folder to write into, or to go on in.")],
    render: Annotated[
        bool, typer.Option("--render", help="Write a copy of each video with skeleton and glosses drawn on it, too.")
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Signs of less confidence are not sure; the model's own unless given."),
    ] = None,
    unsure: Annotated[
        bool, typer.Option("--unsure", help="Show signs that are not sure in .eaf, .vtt and video, too.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each processor unless given.")] = None,
    time_limit: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="FACTOR",
            help="Stop a video that hangs: after 60 s and FACTOR times its length; where the length is unknown, after "
            "60 s without progress. 0: never.",
        ),
    ] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout at the end, for scripts.")] = False,
) -> None:
    """Spot signs in long videos: for each video NAME.eaf (ELAN), NAME.vtt (subtitles) and NAME.csv in the folder --out.

    Signs that are not sure, so none of the model's glosses as far as it can tell, stand in the CSV only. Run again, it
    goes on where it was; videos that changed since, or that another model annotated, are done again. What failed is
    listed with the reason in failures.csv. Exit code: 0 all done, 1 some failed, 2 it could not start or go on,
    130 interrupted.

    Example: posegloss annotate my.model interviews/ --out annotations
    """
    from posegloss.classifiers.spotting.annotating import annotate_videos
    from posegloss.classifiers.spotting.model import SpottingModel
    from posegloss.pipeline.running.outcome import FAILURES
    from posegloss.pipeline.running.time_limit import TimeLimit

    said = SpottingModel.of(model)
    found, missing = _find(videos, out)
    say_if_synthetic(said.synthetic)
    fetch_weights(said.extraction.weights)
    with progress(TextColumn("{task.fields[unit]}")) as bar:
        shown = _Shown(bar, len(found) + len(missing))
        outcomes = annotate_videos(
            said,
            found,
            out,
            threshold=threshold,
            unsure=unsure,
            render=render,
            workers=workers,
            limit=TimeLimit(time_limit) if time_limit else None,
            unusable=missing,
            on_video=shown.video,
            on_progress=shown.in_flight,
        )
    tally = {status: sum(one.status == status for one in outcomes) for status in ("done", "skipped", "failed")}
    if as_json:
        # In ASCII: a file's name need not be text that stdout can encode.
        print(json.dumps({"out": str(out), **tally, "videos": [one.to_dict() for one in outcomes]}))  # noqa: T201
    else:
        output.print(
            f"{count(tally['done'], 'video')} annotated, {tally['skipped']} were there already, "
            f"{tally['failed']} failed: {out}",
            markup=False,
        )
    if tally["failed"]:
        errors.print(f"why videos failed stands in {out / FAILURES}", markup=False)
        raise typer.Exit(Exit.SOME_FAILED)


def _find(inputs: Iterable[Path], out: Path) -> tuple[list[Path], list["VideoOutcome"]]:
    """The videos that are meant, each once, and what could not be found.

    Raises:
        ManifestError: there is none at all.
    """
    from posegloss.classifiers.spotting.markers import renderings
    from posegloss.classifiers.spotting.outcome import VideoOutcome
    from posegloss.datasets.manifest import ManifestError, find_clips

    videos: dict[Path, Path] = {}
    missing, refused, spans = [], [], False
    # One by one: folders of the same name are none of our business, and one that is not there stops no other.
    for path in inputs:
        try:
            found = find_clips(path)
        except ManifestError as error:
            refused.append(error)
            missing.append(VideoOutcome.of_error(path, None, error))
            continue
        for problem in found.problems:
            told = ManifestError(f"{path}: row {problem.row_number}: {problem.reason}")
            missing.append(VideoOutcome.of_error(Path(problem.path), None, told))
        for clip in found.clips:
            videos.setdefault(clip.path.resolve(), clip.path)
            spans |= clip.start_s is not None or clip.end_s is not None
    if spans:
        say_note("the videos of a manifest are annotated whole, whatever their start and end")
    own = renderings(out) & videos.keys()
    if own:
        say_note(f"{count(len(own), 'video')} in {out} left out, which --render wrote")
    wanted = [named for real, named in videos.items() if real not in own]
    if not wanted:
        raise refused[0] if refused else ManifestError(f"no videos in {', '.join(map(str, inputs))}")
    return wanted, missing


class _Shown:
    """What a run shows while it goes on."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar = bar
        self._all = bar.add_task("annotating", total=total, unit="videos")
        self._bars: dict[Path, TaskID] = {}

    def video(self, outcome: "VideoOutcome") -> None:
        """Tell what became of a video."""
        self._bar.advance(self._all)
        name = printable(str(outcome.video))
        if outcome.status == "failed":
            reason = printable(outcome.reason or "")
            errors.print(f"failed: {reason if name in reason else f'{name}: {reason}'}", markup=False)
        elif outcome.status == "done":
            about = outcome.summary
            signs = f"{count(about['signs'], 'sign')}, {about['sure']} of them sure"
            errors.print(f"{name}: {signs}, in {duration(about['seconds'])}", markup=False)
            for warning in about["warnings"]:
                errors.print(f"{name}: {warning}", markup=False)

    def in_flight(self, videos: Sequence["InFlight"]) -> None:
        """A bar for each video that is being worked on."""
        for gone in self._bars.keys() - {one.video for one in videos}:
            self._bar.remove_task(self._bars.pop(gone))
        for one in videos:
            if one.video not in self._bars:
                self._bars[one.video] = self._bar.add_task("", total=None, unit="s")
            what = f"{'drawing' if one.drawing else 'looking at'} {printable(one.video.name)}"
            self._bar.update(self._bars[one.video], description=escape(what), completed=one.done_s, total=one.length_s)
