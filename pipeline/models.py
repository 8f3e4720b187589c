"""The weight files of BlazePose and the hands: what they are, where each comes from, and that they are the right ones.

The files are Google's (Apache-2.0, see NOTICE) and are not part of posegloss. Each is looked for in the
user's cache, in a folder that the user names, in the wheel of mediapipe 0.10.21 (the last that carries them;
downloaded and unpacked, never installed), in the npm package @mediapipe/pose (which lacks the hands), and in
MediaPipe's own asset storage.
"""

import hashlib
import http.client
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from posegloss.pipeline.errors import WeightsError
from posegloss.pipeline.files import whole_file

FOLDER_VARIABLE: Final = "POSEGLOSS_WEIGHTS"
ASSET_STORAGE: Final = "https://storage.googleapis.com/mediapipe-assets"
_WHEEL: Final = "mediapipe==0.10.21"
_NPM_PACKAGE: Final = "@mediapipe/pose@0.5.1675469404"
_PATIENCE_S: Final = 180

Report = Callable[[str], None]
"""Is told in a few words what is being done."""


@dataclass(frozen=True)
class WeightFile:
    """One model file: its name in MediaPipe, its contents' hash and where it is to be had."""

    name: str
    file: str
    sha256: str
    in_wheel: str | None = None
    in_npm: str | None = None


DETECTOR: Final = "detector"
HAND: Final = "hand"
HAND_RECROP: Final = "hand_recrop"
WEIGHTS: Final[dict[str, WeightFile]] = {
    weights.name: weights
    for weights in (
        WeightFile(
            DETECTOR,
            "pose_detection.tflite",
            "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
            in_wheel="mediapipe/modules/pose_detection/pose_detection.tflite",
        ),
        WeightFile(
            "lite",
            "pose_landmark_lite.tflite",
            "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
            in_npm="package/pose_landmark_lite.tflite",
        ),
        WeightFile(
            "full",
            "pose_landmark_full.tflite",
            "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
            in_wheel="mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
            in_npm="package/pose_landmark_full.tflite",
        ),
        WeightFile(
            "heavy",
            "pose_landmark_heavy.tflite",
            "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
            in_npm="package/pose_landmark_heavy.tflite",
        ),
        WeightFile(
            HAND,
            "hand_landmark_full.tflite",
            "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
            in_wheel="mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        ),
        WeightFile(
            HAND_RECROP,
            "hand_recrop.tflite",
            "67d996ce96f9d36fe17d2693022c6da93168026ab2f028f9e2365398d8ac7d5d",
            in_wheel="mediapipe/modules/holistic_landmark/hand_recrop.tflite",
        ),
    )
}
LANDMARK_MODELS: Final = ("lite", "full", "heavy")
HAND_MODELS: Final = (HAND, HAND_RECROP)


def cache_folder() -> Path:
    """The folder of the user's cache that keeps the weights."""
    return Path(platformdirs.user_cache_path("posegloss")) / "weights"


def weights_of(name: str) -> WeightFile:
    """The entry of a model by its name.

    Raises:
        WeightsError: there is no model of that name; the message lists those there are.
    """
    try:
        return WEIGHTS[name]
    except KeyError:
        raise WeightsError(f"there is no model {name!r}; choose one of {', '.join(WEIGHTS)}") from None


def cached(name: str) -> Path | None:
    """Where the model lies in the cache, whole and unaltered; None if it does not."""
    weights = weights_of(name)
    path = cache_folder() / weights.file
    return path if _is_right(weights, path) else None


def load(name: str, report: Report | None = None) -> bytes:
    """The contents of a model file, fetched into the cache on first use.

    Raises:
        WeightsError: it cannot be had; the message says what was tried and the ways out.
    """
    return fetch(name, report=report).read_bytes()


def fetch(name: str, folder: str | os.PathLike[str] | None = None, report: Report | None = None) -> Path:
    """Make sure that a model file lies on this machine, in the cache if that can be written, and say where.

    Args:
        name: a key of ``WEIGHTS``.
        folder: a folder that holds the file under MediaPipe's name; what the cache lacks is looked for there
            first. Without it the environment's ``POSEGLOSS_WEIGHTS`` names the folder, if set.
        report: is told what is being tried.

    Returns:
        The path of a file whose sha256 was checked: in the cache, or in the folder where the cache cannot be written.

    Raises:
        WeightsError: no source has the file, or the cache cannot be written; the message says what each source
            answered, and the ways out.
    """
    weights = weights_of(name)
    tell = report or (lambda step: None)
    folder = folder or os.environ.get(FOLDER_VARIABLE)
    # Whatever the source, only the same bytes will do.
    if path := cached(name):
        return path
    answers = []
    for source, get in _sources(weights, Path(folder) if folder else None):
        tell(f"{weights.file} from {source}")
        try:
            content = get()
        except (
            OSError,
            KeyError,
            ValueError,
            http.client.HTTPException,
            subprocess.SubprocessError,
            zipfile.BadZipFile,
            tarfile.TarError,
        ) as error:
            answers.append(f"  {source}: {_in_a_line(error)}")
            continue
        if _sha256(content) == weights.sha256:
            try:
                return _keep(weights, content)
            except WeightsError:
                if folder and _is_right(weights, given := Path(folder) / weights.file):
                    return given
                raise
        answers.append(f"  {source}: has another file of that name (its sha256 is not the expected one)")
    raise WeightsError(
        f"{weights.file} could not be obtained.\n"
        + "\n".join(answers)
        + "\nWays out: with a network, run `posegloss models fetch` again; without one, copy the folder "
        f"{cache_folder()} from a machine that has it, or put {weights.file} into any folder and run "
        f"`posegloss models fetch --from FOLDER` (or set {FOLDER_VARIABLE}=FOLDER)"
    )


def _sources(weights: WeightFile, folder: Path | None) -> list[tuple[str, Callable[[], bytes]]]:
    sources: list[tuple[str, Callable[[], bytes]]] = []
    if folder:
        sources.append((f"the folder {folder}", (folder / weights.file).read_bytes))
    if member := weights.in_wheel:
        sources.append((f"the wheel of {_WHEEL}", lambda: _from_wheel(member)))
    if member_npm := weights.in_npm:
        sources.append((f"the npm package {_NPM_PACKAGE}", lambda: _from_npm(member_npm)))
    sources.append(("MediaPipe's asset storage", lambda: _from_url(f"{ASSET_STORAGE}/{weights.file}")))
    return sources


def _from_wheel(member: str) -> bytes:
    # The wheel of one fixed platform: the model files are the same in all of them, and this Python or this
    # processor may have none.
    platform = [
        "--python-version",
        "3.11",
        "--implementation",
        "cp",
        "--abi",
        "cp311",
        "--platform",
        "manylinux_2_28_x86_64",
    ]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *platform]
    with tempfile.TemporaryDirectory() as scratch:
        _run([*download, "--dest", scratch, _WHEEL])
        with zipfile.ZipFile(next(Path(scratch).glob("*.whl"))) as wheel:
            return wheel.read(member)


def _from_npm(member: str) -> bytes:
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        _run([npm, "pack", "--silent", "--pack-destination", scratch, _NPM_PACKAGE])
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as package:
            file = package.extractfile(member)
            if file is None:
                raise KeyError(member)
            return file.read()


def _from_url(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"no answer in {_PATIENCE_S} s") from error
    except subprocess.CalledProcessError as error:
        raise OSError((error.stderr or error.stdout).strip() or f"{command[0]} failed") from error


def _keep(weights: WeightFile, content: bytes) -> Path:
    path = cache_folder() / weights.file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be written: {error.strerror}; set XDG_CACHE_HOME to a folder that can"
        ) from error
    return path


def _is_right(weights: WeightFile, path: Path) -> bool:
    try:
        return _sha256(path.read_bytes()) == weights.sha256
    except OSError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _in_a_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1])[:200]
