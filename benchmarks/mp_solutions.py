"""``mp.solutions`` 0.10.21 (pose and holistic), the reference, in an environment of its own and driven from ours."""

import json
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Self, cast

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parent / ".venv-reference"
# What the reference's Python advances its clock by at every frame, whatever the video's rate (solution_base.py).
CLOCK_S = 0.033333

Floats = npt.NDArray[np.float32]


def ensure_environment() -> Path:
    """The Python of the reference's environment, which is made on first use."""
    python = ENVIRONMENT / "bin" / "python"
    done = ENVIRONMENT / "complete"
    if not done.exists():
        if sys.version_info >= (3, 13):
            sys.exit("mediapipe 0.10.21 has no release for this Python; run with 3.11 or 3.12")
        print(f"making {ENVIRONMENT.name} with mediapipe 0.10.21 (numpy<2) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        requirements = HERE / "reference-requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
        done.touch()
    return python


class _MpSolution:
    """A solution in its own process."""

    def __init__(self, solution: str, numbers: int, arguments: dict[str, Any]) -> None:
        self._numbers = numbers
        self._process = subprocess.Popen(
            [ensure_environment(), HERE / "mp_solutions_worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._in, self._out = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._in.write(json.dumps([solution, arguments]).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._in.close()
        self._process.wait()

    def _restart(self) -> None:
        self._in.write(struct.pack("<II", 0, 0))

    def _answer(self, image: npt.NDArray[np.uint8]) -> Floats:
        height, width = image.shape[:2]
        self._in.write(struct.pack("<II", width, height) + np.ascontiguousarray(image).tobytes())
        self._in.flush()
        return np.frombuffer(self._out.read(self._numbers * 4), "<f4")


class MpSolutionsPose(_MpSolution):
    """``mp.solutions.pose.Pose`` in its own process.

    Its constructor's arguments are those of ``Pose`` (static_image_mode, smooth_landmarks, model_complexity).
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__("pose", 33 * 7, arguments)

    def process(self, image: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """(33, 4) x, y, z, visibility and (33, 3) world landmarks; NaN where no pose was found."""
        answer = self._answer(image)
        return answer[: 33 * 4].reshape(33, 4), answer[33 * 4 :].reshape(33, 3)

    def process_all(self, images: Iterable[npt.NDArray[np.uint8]]) -> tuple[Floats, Floats]:
        """(T, 33, 4) landmarks and (T, 33, 3) world landmarks of one video, from its first frame on."""
        self._restart()
        answers = [self.process(image) for image in images]
        return np.stack([a[0] for a in answers]), np.stack([a[1] for a in answers])


class MpSolutionsHolistic(_MpSolution):
    """``mp.solutions.holistic.Holistic`` in its own process, with its constructor's arguments."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__("holistic", 33 * 4 + 2 * 21 * 3, arguments)

    def process_all(self, images: Iterable[npt.NDArray[np.uint8]]) -> tuple[Floats, Floats]:
        """(T, 33, 4) of the body and (T, 2, 21, 3) of the left and the right hand of one video."""
        self._restart()
        answers = np.stack([self._answer(image) for image in images])
        return answers[:, : 33 * 4].reshape(-1, 33, 4), answers[:, 33 * 4 :].reshape(-1, 2, 21, 3)
