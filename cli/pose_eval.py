"""`posegloss pose-eval`: how well systems find poses in pictures in which people marked them."""

from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import typer
from rich.measure import Measurement
from rich.table import Column, Table

from posegloss.cli.console import Exit, fetching, output, progress, say_note

if TYPE_CHECKING:
    from posegloss.pipeline.measuring.people import Annotations
    from posegloss.pipeline.measuring.result import Result
    from posegloss.pipeline.measuring.systems import System


_WIDE: Final = 200
"""Letters of the longest row."""


class People(StrEnum):
    """Which of several people of a picture are measured."""

    ALL = "all"
    LARGEST = "largest"


class OpenPoseModel(StrEnum):
    """OpenPose's bodies that are read."""

    BODY_25 = "BODY_25"
    COCO = "COCO"


def pose_eval(
    annotations: Annotated[
        Path, typer.Argument(help="COCO keypoints (.json), MPII (.mat, .json), Leeds Sports Pose (.mat, .npz) or .csv.")
    ],
    images: Annotated[Path, typer.Option(help="The folder or tar of the pictures.")],
    list_: Annotated[
        Path | None, typer.Option("--list", metavar="FILE", help="Only these pictures: a name a line, or a JSON list.")
    ] = None,
    list_key: Annotated[str | None, typer.Option(help="Which of several lists of a JSON object.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="BlazePose in our tracker: lite, full, heavy or a .tflite; may be given several times."),
    ] = None,
    mediapipe: Annotated[
        list[str] | None, typer.Option(help="Google's own MediaPipe: lite, full, heavy or an official .task.")
    ] = None,
    openpose: Annotated[
        Path | None,
        typer.Option(metavar="PROGRAM", help="Your OpenPose (openpose.bin), which is run over the pictures."),
    ] = None,
    openpose_model: Annotated[OpenPoseModel, typer.Option(help="Its body.")] = OpenPoseModel.BODY_25,
    openpose_models: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Its folder of weights; ./models unless given.")
    ] = None,
    openpose_json: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A folder or tar of what OpenPose wrote for the same pictures.")
    ] = None,
    true_region: Annotated[
        bool,
        typer.Option(
            "--true-region",
            help="Each BlazePose once more with the region of interest of the annotated person: what is wrong then "
            "is not the detector's.",
        ),
    ] = False,
    accurate: Annotated[
        bool,
        typer.Option(
            "--accurate",
            help="Each BlazePose once more as `extract --static --accurate` runs it, with the difference.",
        ),
    ] = False,
    people: Annotated[People, typer.Option(help="Of pictures of several: all, or the largest alone.")] = People.ALL,
    threshold: Annotated[
        list[float] | None,
        typer.Option(min=0, help="Of PCK in sizes of the torso; may be given several times. 0.2 unless given."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write a line a figure here.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures here.")] = None,
    page: Annotated[
        Path | None, typer.Option(help="Write a page with curves and the worst pictures here (.html).")
    ] = None,
) -> None:
    """Measure BlazePose, MediaPipe and OpenPose on annotated pictures: PCK, PCKh, OKS-AP.

    Without --model, --mediapipe and OpenPose, BlazePose Lite, Full and Heavy are measured. Exit code: 0 all done, 1
    some pictures could not be read, 2 nothing could be measured.

    Example: posegloss pose-eval joints.mat --images images/ --true-region --page pose-eval.html
    """
    from posegloss.pipeline.files import write_whole
    from posegloss.pipeline.measuring.annotations.reading import read_annotations, read_list
    from posegloss.pipeline.measuring.page import write_page
    from posegloss.pipeline.measuring.pck import PAPERS_THRESHOLD
    from posegloss.pipeline.measuring.result import Result
    from posegloss.pipeline.measuring.run import measure

    annotated = read_annotations(annotations)
    if list_ is not None:
        annotated = annotated.of_images(read_list(list_, list_key))
    if people is People.LARGEST:
        annotated = annotated.largest()
    names = model or ([] if mediapipe or openpose or openpose_json else ["lite", "full", "heavy"])
    total = len(annotated.images)
    with ExitStack() as stack:
        systems, pairs = _systems(names, mediapipe or [], true_region, accurate)
        for system in systems:
            stack.callback(system.close)
        bar = stack.enter_context(progress())
        running = bar.add_task("OpenPose", total=total, visible=bool(openpose))
        systems += _openpose(
            annotated,
            images,
            openpose,
            openpose_model,
            openpose_models,
            openpose_json,
            lambda done: bar.update(running, completed=done),
        )
        task = bar.add_task("measuring", total=total)
        measured = measure(annotated, images, systems, lambda done: bar.update(task, completed=done))
    result = Result.of(annotated, measured, threshold or [PAPERS_THRESHOLD], pairs)
    print_result(result)
    if csv:
        write_whole(csv, result.to_csv())
    if json_file:
        write_whole(json_file, result.to_json())
    if page:
        write_page(result, images, page)
        output.print(f"page: {page}", markup=False)
    if measured.left_out:
        raise typer.Exit(Exit.SOME_FAILED)


def print_result(result: "Result") -> None:
    """Print a row a system, PCK of each point below, and what the figures mean."""
    titles = *(f"PCK@{threshold:g}" for threshold in result.thresholds), "missed", "of found", "PCKh", "OKS-AP", "/s"
    columns = (Column(title, justify="right", no_wrap=True) for title in titles)
    table = Table(Column("system", no_wrap=True), *columns, box=None, pad_edge=False)
    for row in result.rows:
        table.add_row(
            row.system,
            *(f"{_percent(one.value)} ({100 * one.low:.0f} to {100 * one.high:.0f})" for one in row.pck),
            _percent(1 - row.found),
            *map(_percent, (row.where_found, row.pckh.value, row.oks_ap)),
            "-" if np.isnan(row.rate) else f"{row.rate:.1f}",
        )
    # Cut off in a log, whose width nobody knows, the figures would be lost.
    table.width = Measurement.get(output, output.options.update(width=_WIDE), table).maximum
    output.print(table)
    output.print()
    systems = (Column(row.system, justify="right") for row in result.rows)
    points = Table(Column("point", no_wrap=True), *systems, box=None, pad_edge=False)
    for place, name in enumerate(result.points):
        points.add_row(name.replace("_", " "), *(_percent(float(row.by_point[place])) for row in result.rows))
    output.print(points)
    output.print(
        "missed: people for whom nobody was found, in per cent; of found: PCK of the others; PCKh: within half a head; "
        "/s: pictures a second"
    )
    rates = {row.system: row.rate for row in result.rows}
    for one in result.differences:
        mine, other = (f"{1000 / rates[name]:.0f}" for name in (one.system, one.other))
        output.print(f"{one}, {mine} ms a picture against {other}", markup=False, soft_wrap=True)
    output.print(result.definition, markup=False)
    for note in result.notes:
        say_note(note)


def _systems(
    names: list[str], mediapipe: list[str], true_region: bool, accurate: bool
) -> "tuple[list[System], list[tuple[str, str]]]":
    """The systems, and which of them is held against which."""
    from posegloss.pipeline.measuring.systems import BlazePose, MediaPipe, System

    systems: list[System] = []
    pairs: list[tuple[str, str]] = []
    with fetching() as report:
        for name in names:
            plain = BlazePose(name, report=report)
            systems.append(plain)
            if accurate:
                systems.append(BlazePose(name, accurate=True, report=report))
                pairs.append((systems[-1].name, plain.name))
            if true_region:
                systems.append(BlazePose(name, true_region=True, report=report))
        systems += [MediaPipe(name, report) for name in mediapipe]
    return systems, pairs


def _openpose(
    annotated: "Annotations",
    images: Path,
    program: Path | None,
    body: OpenPoseModel,
    weights: Path | None,
    written: Path | None,
    on_picture: Callable[[int], None],
) -> "list[System]":
    from posegloss.pipeline.measuring.openpose import OpenPose, read_answers
    from posegloss.pipeline.measuring.openpose_binary import run_openpose

    systems: list[System] = []
    if program:
        run = run_openpose(program, images, annotated.images, model=body.value, models=weights, on_picture=on_picture)
        systems.append(run)
    if written:
        systems.append(OpenPose(read_answers(written, annotated.images), "OpenPose (JSON)"))
    return systems


def _percent(value: float) -> str:
    return "-" if np.isnan(value) else f"{100 * value:.1f}"
