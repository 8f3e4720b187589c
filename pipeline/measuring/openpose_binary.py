"""The user's own OpenPose, run over the pictures.

Its options: https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/demo_overview.md. Its licence
allows non-commercial research only, so posegloss neither ships nor fetches it.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath
from typing import Final

from posegloss.pipeline.errors import OpenPoseError
from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.openpose import OpenPose, json_name, read_answers
from posegloss.pipeline.measuring.pictures import read_files

POSE_MODELS: Final = ("BODY_25", "COCO")
_LOOK_EVERY_S: Final = 0.2
_LINES_TOLD: Final = 5


def run_openpose(
    binary: Path,
    images: Path,
    pictures: Collection[str],
    *,
    model: str = "BODY_25",
    models: Path | None = None,
    on_picture: Callable[[int], None] = lambda done: None,
) -> OpenPose:
    """Run OpenPose over pictures.

    Args:
        binary: its executable (``openpose.bin``).
        images: the folder or tar of the pictures.
        pictures: their names.
        model: "BODY_25", or "COCO" for COCO-18.
        models: OpenPose's folder of weights; it looks into ``models`` of the present folder unless given.
        on_picture: is told how many pictures are done.

    Returns:
        Its answers. The rate counts its start, too, which it does not tell apart.

    Raises:
        OpenPoseError: it cannot be run, ends with an error, or leaves a picture out.
        FormatError: the pictures cannot be read, two of them have one name, or its JSON is none.
    """
    found = shutil.which(binary)
    if found is None:
        raise OpenPoseError(f"{binary} is no program that can be run; name OpenPose's executable, openpose.bin")
    with tempfile.TemporaryDirectory() as scratch:
        given, written = Path(scratch) / "pictures", Path(scratch) / "json"
        given.mkdir()
        written.mkdir()
        names = _lay_out(images, pictures, given)
        command = [str(Path(found).absolute()), "--image_dir", str(given), "--write_json", str(written)]
        command += ["--model_pose", model, "--display", "0", "--render_pose", "0"]
        command += ["--model_folder", f"{models.absolute()}{os.sep}"] if models else []
        start = time.perf_counter()
        _run(command, Path(scratch) / "said", lambda: on_picture(sum(1 for _ in written.iterdir())))
        elapsed = time.perf_counter() - start
        lacking = [name for name in names if not (written / json_name(name)).is_file()]
        if lacking:
            raise OpenPoseError(
                f"{binary} ended without an error and wrote no JSON for {len(lacking)} of {len(names)} pictures, "
                f"{lacking[0]} among them"
            )
        return OpenPose(read_answers(written, names), f"OpenPose {model}", len(names) / elapsed)


def _lay_out(images: Path, pictures: Collection[str], folder: Path) -> list[str]:
    """Put the pictures into one folder, for OpenPose reads all that lies there and knows no lists."""
    names = []
    for name, content in read_files(images, pictures):
        place = folder / PurePosixPath(name).name
        if place.exists():
            raise FormatError(f"{images} has two pictures named {place.name}; OpenPose's files could not be told apart")
        place.write_bytes(content)
        names.append(name)
    return names


def _run(command: list[str], said: Path, look: Callable[[], None]) -> None:
    with said.open("wb") as log:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        except OSError as error:
            raise OpenPoseError(f"{command[0]} cannot be run: {error.strerror or error}") from error
        try:
            while process.poll() is None:
                look()
                time.sleep(_LOOK_EVERY_S)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    look()
    if process.returncode:
        last = said.read_text("utf-8", "replace").splitlines()[-_LINES_TOLD:]
        raise OpenPoseError(
            f"{command[0]} ended with {process.returncode}"
            + (": " + " / ".join(line.strip() for line in last) if last else "")
        )
