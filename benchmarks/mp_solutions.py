"""``mp.solutions.pose`` 0.10.21, the reference, in an environment of its own and driven from ours."""

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


class MpSolutionsPose:
    """``mp.solutions.pose.Pose`` in its own process.

    Its constructor's arguments are those of ``Pose`` (static_image_mode, smooth_landmarks, model_complexity).
    """

    def __init__(self, **arguments: Any) -> None:
        self._process = subprocess.Popen(
            [ensure_environment(), HERE / "mp_solutions_worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._in, self._out = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._in.write(json.dumps(arguments).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._in.close()
        self._process.wait()

    def process(self, image: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(33, 4) x, y, z, visibility and (33, 3) world landmarks; NaN where no pose was found."""
        height, width = image.shape[:2]
        self._in.write(struct.pack("<II", width, height) + np.ascontiguousarray(image).tobytes())
        self._in.flush()
        answer = np.frombuffer(self._out.read(33 * 7 * 4), "<f4")
        return answer[: 33 * 4].reshape(33, 4), answer[33 * 4 :].reshape(33, 3)

    def process_all(
        self, images: Iterable[npt.NDArray[np.uint8]]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """(T, 33, 4) landmarks and (T, 33, 3) world landmarks of one video, from its first frame on."""
        self._in.write(struct.pack("<II", 0, 0))
        answers = [self.process(image) for image in images]
        return np.stack([a[0] for a in answers]), np.stack([a[1] for a in answers])
