"""Our rows beside those of the paper's table 1 (Bazarevsky et al. 2020), on Leeds Sports Pose Extended.

    python -m benchmarks.paper_table [--lspet FOLDER] [--network FILE ...] [--openpose PROGRAM] [--json FILE]

The folder holds joints.mat or joints.npz, the pictures as images/ or images.tar, and, where only some of them are to be
measured, their list as upright400.json. docs/paper.md tells what the table says, and what it cannot say.
"""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import Progress

from benchmarks.mp_solutions import ENVIRONMENT, MpSolutionsPose
from benchmarks.parity import SHARED
from posegloss.pipeline.files import write_whole
from posegloss.pipeline.measuring.annotations.reading import read_annotations, read_list
from posegloss.pipeline.measuring.openpose_binary import run_openpose
from posegloss.pipeline.measuring.pck import PAPERS_THRESHOLD
from posegloss.pipeline.measuring.people import Person
from posegloss.pipeline.measuring.pictures import Picture
from posegloss.pipeline.measuring.result import Result, Row
from posegloss.pipeline.measuring.run import measure
from posegloss.pipeline.measuring.systems import ALL_POINTS, BlazePose, Found, MediaPipe, System
from posegloss.pipeline.models import LANDMARK_MODELS

LIST, LIST_KEY = "upright400.json", "validation"
# Table 1 of the paper: system, PCK@0.2 on its AR set and on its Yoga set, frames a second and on what.
PAPER: Final = (
    ("OpenPose (body only)", "87.8", "83.4", "0.4 (20 core desktop CPU)"),
    ("BlazePose Full", "84.1", "84.5", "10 (Pixel 2, one core)"),
    ("BlazePose Lite", "79.6", "77.6", "31 (Pixel 2, one core)"),
)


class MpSolutions:
    """``mp.solutions.pose.Pose`` 0.10.21 Full, every picture on its own, in the environment of ``make parity``."""

    name = "mp.solutions Full"
    places: Sequence[int] = ALL_POINTS
    rate: float | None = None

    def __init__(self) -> None:
        self._pose = MpSolutionsPose(static_image_mode=True, model_complexity=1)

    def find(self, picture: Picture, people: Sequence[Person]) -> list[Found]:
        """The one person whom it sees; it does not tell how sure it is."""
        landmarks, _ = self._pose.process(picture.pixels)
        points: npt.NDArray[np.float64] = landmarks[:, :2].astype(np.float64) * picture.size
        return [] if np.isnan(points).all() else [Found(points, 1.0)]

    def close(self) -> None:
        """End its process."""
        self._pose.__exit__()


def first_there(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of some files or folders that is there."""
    return next((folder / name for name in names if (folder / name).exists()), None)


def measured(
    folder: Path, annotations: Path, images: Path, openpose: Path | None, networks: Sequence[Path] = ()
) -> Result:
    """All our rows; networks are those that `posegloss pose-train` made."""
    marked = read_annotations(annotations)
    if (folder / LIST).exists():
        marked = marked.of_images(read_list(folder / LIST, LIST_KEY))
    systems: list[System] = [BlazePose(name) for name in LANDMARK_MODELS]
    systems += [BlazePose(name, true_region=True) for name in LANDMARK_MODELS]
    accurate = BlazePose("full", accurate=True)
    systems += [accurate, MediaPipe("full")]
    pairs = [(accurate.name, "BlazePose Full"), (accurate.name, "BlazePose Heavy")]
    for path in networks:
        for true_region, other in ((False, "BlazePose Lite"), (True, "Lite, true region")):
            own = BlazePose(str(path), true_region=true_region)
            systems.append(own)
            pairs.append((own.name, other))
    if (ENVIRONMENT / "complete").exists():
        systems.append(MpSolutions())
        pairs.append((accurate.name, MpSolutions.name))
    if openpose:
        systems.append(run_openpose(openpose, images, marked.images))
    with ExitStack() as stack:
        for system in systems:
            stack.callback(system.close)
        bar = stack.enter_context(Progress(console=Console(stderr=True)))
        task = bar.add_task("measuring", total=len(marked.images))
        answers = measure(marked, images, systems, lambda done: bar.update(task, completed=done))
    return Result.of(marked, answers, [PAPERS_THRESHOLD], pairs)


def _without_hips(result: Result, row: Row) -> float:
    """PCK over the other points: MediaPipe's hips lie elsewhere than where people mark them."""
    return float(np.mean([share for name, share in zip(result.points, row.by_point, strict=True) if "hip" not in name]))


def report(result: Result) -> str:
    """The table as Markdown."""
    titles = ("system", "PCK@0.2 (95 %)", "without hips", "nobody found, %", "of found", "PCKh@0.5", "OKS-AP")
    titles += ("frames/s", "paper: AR", "paper: Yoga", "paper: frames/s")
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    paper = {name: rest for name, *rest in PAPER}
    for row in result.rows:
        theirs = paper.pop(row.system, ["", "", ""])
        rate = "" if np.isnan(row.rate) else f"{row.rate:.1f}"
        shares = (f"{100 * share:.1f}" for share in (1 - row.found, row.where_found, row.pckh.value, row.oks_ap))
        ours = (str(row.pck[0]), f"{100 * _without_hips(result, row):.1f}", *shares, rate)
        lines.append(f"| {' | '.join((row.system, *ours, *theirs))} |")
    lines += [f"| {' | '.join((name, *[''] * 7, *theirs))} |" for name, theirs in paper.items()]
    notes = (
        *map(str, result.differences),
        result.definition,
        *result.notes,
        "The paper's sets are Google's own and were never published.",
    )
    return "\n".join([*lines, "", *notes])


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lspet", type=Path, default=SHARED / "photos" / "lspet", help="the folder of the set")
    parser.add_argument("--network", type=Path, action="append", default=[], help="a landmark network of your own")
    parser.add_argument("--openpose", type=Path, help="OpenPose's executable")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()
    annotations = first_there(arguments.lspet, ("joints.mat", "joints.npz"))
    images = first_there(arguments.lspet, ("images.tar", "images"))
    if annotations is None or images is None:
        print(
            f"skipped: {arguments.lspet} has no joints.mat (or .npz) with images/ (or images.tar); Leeds Sports Pose "
            "Extended is not ours to ship. Name its folder: make paper-table LSPET=path"
        )
        return
    result = measured(arguments.lspet, annotations, images, arguments.openpose, arguments.network)
    print(report(result))
    if arguments.json:
        write_whole(arguments.json, result.to_json())


if __name__ == "__main__":
    main()
