"""`posegloss pose-train`: a landmark network of one's own for the tracker."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import TextColumn

from posegloss.cli.console import fetching, output, progress, say_note

if TYPE_CHECKING:
    from posegloss.pipeline.network.preparing import LazyTeacher, Part


class Network(StrEnum):
    """The networks that are described."""

    LITE = "lite"
    FULL = "full"


class TeacherModel(StrEnum):
    """Who labels what nobody marked."""

    LITE = "lite"
    FULL = "full"
    HEAVY = "heavy"
    NONE = "none"


def pose_train(
    out: Annotated[Path, typer.Argument(help="The folder to write: examples, checkpoints, the network, a report.")],
    network: Annotated[Network, typer.Option(help="lite, 1.3 million parameters, or full, 3.4.")] = Network.LITE,
    annotations: Annotated[
        Path | None,
        typer.Option(help="COCO keypoints (.json), MPII (.mat, .json), Leeds Sports Pose (.mat, .npz) or .csv."),
    ] = None,
    images: Annotated[Path | None, typer.Option(help="The folder or tar of the annotations' pictures.")] = None,
    leave_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Pictures that are not learned from: a name a line, or a JSON list."),
    ] = None,
    leave_out_key: Annotated[str | None, typer.Option(help="Which of several lists of a JSON object.")] = None,
    footage: Annotated[
        list[Path] | None,
        typer.Option(
            help="Videos and pictures, or folders of them, that the teacher labels; several times if need be."
        ),
    ] = None,
    every: Annotated[float, typer.Option(min=0, help="Seconds between two frames of a video.")] = 0.25,
    avatar: Annotated[int, typer.Option(min=0, help="Synthetic signers to learn from, with all points exact.")] = 0,
    teacher: Annotated[
        TeacherModel, typer.Option(help="Labels footage, and the points that annotations lack.")
    ] = TeacherModel.HEAVY,
    small_epochs: Annotated[
        int | None, typer.Option(min=0, help="Epochs of heatmaps on pictures of 128 pixels.")
    ] = None,
    heatmap_epochs: Annotated[
        int | None, typer.Option(min=0, help="Epochs of heatmaps on pictures of 256 pixels.")
    ] = None,
    regression_epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of the regression.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures at once.")] = None,
    validation: Annotated[
        float, typer.Option(min=0, max=0.9, help="Part of the pictures and videos that is only measured on.")
    ] = 0.05,
    seed: Annotated[int, typer.Option(help="Decides all that is random.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Forget another training in the folder.")] = False,
) -> None:
    """Train a landmark network of your own for the tracker. Killed and run again, it goes on where it was.

    Two stages, as in the BlazePose paper: heatmaps and offsets, then coordinates on top of what these have learned.
    `tensorboard --logdir OUT/stages` shows the curves while it runs, OUT/report.html when it is done.

    Example: posegloss pose-train my.network --annotations joints.mat --images images/ --footage clips/ --avatar 32
    """
    from posegloss.datasets.avatar.poses import avatar_parts
    from posegloss.pipeline.errors import SettingsError
    from posegloss.pipeline.measuring.annotations.reading import read_annotations, read_list
    from posegloss.pipeline.network.description import NetworkDescription
    from posegloss.pipeline.network.extractor import REPORT, train_extractor
    from posegloss.pipeline.network.preparing import annotated_parts, footage_parts
    from posegloss.pipeline.network.report import Numbers
    from posegloss.pipeline.network.size import NetworkSize
    from posegloss.pipeline.network.training import EpochReport, Plan

    if (annotations is None) != (images is None):
        raise SettingsError("--annotations and --images go together: the points, and the pictures that they are of")
    if leave_out and annotations is None:
        raise SettingsError("--leave-out names pictures of --annotations, which are missing")
    description = NetworkDescription.named(network.value)
    plan = Plan.of_epochs(small_epochs, heatmap_epochs, regression_epochs, batch=batch, seed=seed)
    labelling = _teacher(teacher)
    parts: list[Part] = []
    if annotations and images:
        marked = read_annotations(annotations)
        if leave_out:
            left = frozenset(read_list(leave_out, leave_out_key, "--leave-out-key"))
            if unknown := left.difference(marked.images):
                say_note(
                    f"{len(unknown)} of {len(left)} pictures to leave out are not annotated, such as {min(unknown)}"
                )
            marked = marked.of_images([name for name in marked.images if name not in left])
        parts += annotated_parts(marked, images, labelling, seed=seed, warn=say_note)
    parts += footage_parts(footage or [], labelling, every_s=every, warn=say_note)
    parts += avatar_parts(avatar, seed=seed, depth=teacher is TeacherModel.NONE)
    output.print(f"{description.name}: {NetworkSize.of(description)}")
    with progress(TextColumn("{task.fields[values]}")) as bar:
        preparing = bar.add_task("preparing", total=sum(part.steps for part in parts), values="")
        learning = bar.add_task("training", total=None, values="", visible=False)

        def begin(numbers: Numbers) -> None:
            bar.update(learning, visible=True)
            output.print(
                f"{numbers.people} examples of people, {numbers.empty} without anybody, "
                f"{numbers.validated} to validate with"
            )

        def show(report: EpochReport) -> None:
            values = f"loss {report.loss:.2f}" + (f", PCK@0.2 {report.pck:.1%}" if report.pck == report.pck else "")
            bar.update(learning, completed=report.done, total=report.total, values=values)

        result = train_extractor(
            out,
            parts,
            description,
            plan,
            validation=validation,
            overwrite=overwrite,
            on_step=lambda done: bar.update(preparing, completed=done),
            on_start=begin,
            on_epoch=show,
        )
    if result.numbers.validated:
        output.print(f"PCK@0.2 on {result.numbers.validated} examples not learned from: {result.pck:.1%}")
    output.print(f"network: {result.network}\nreport: {out / REPORT}", markup=False)
    output.print(f"next: posegloss extract videos/ --out my.store --model {result.network}", markup=False)


def _teacher(model: TeacherModel) -> "LazyTeacher":
    from posegloss.pipeline.network.preparing import LazyTeacher
    from posegloss.pipeline.network.teacher import Teacher

    @cache
    def load() -> Teacher | None:
        if model is TeacherModel.NONE:
            return None
        with fetching() as report:
            return Teacher(model.value, report)

    return LazyTeacher(None if model is TeacherModel.NONE else model.value, load)
