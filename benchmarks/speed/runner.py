"""One tool in a process of its own, which stays and does jobs: so tools take turns, and none pays for its start."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from benchmarks.speed.serve import Answer

ROOT = Path(__file__).parents[2]
_TOLD_LINES = 12


class RunnerError(Exception):
    """The tool could not start, or ended; the message has the end of what it wrote on stderr."""


class Runner:
    """A process that runs one of the ``run_*`` modules.

    Args:
        module: its name.
        python: the interpreter; this one's unless given.

    Attributes:
        ready_s: seconds from the start of the process until everything was imported.

    Raises:
        RunnerError: it did not get so far.
    """

    def __init__(self, module: str, python: Path | None = None) -> None:
        begin = time.perf_counter()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [python or sys.executable, "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self.receive()
        self.ready_s = time.perf_counter() - begin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()
        self._stderr.close()

    def ask(self, job: str, **arguments: Any) -> Answer:
        """Have a job done.

        Raises:
            RunnerError: the process ended instead of answering.
        """
        self.send(job, **arguments)
        return self.receive()

    def send(self, job: str, **arguments: Any) -> None:
        """Give it a job; fetch the answer by ``receive``."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"job": job, **arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and `receive` tells why

    def receive(self) -> Answer:
        """The answer to the job that was sent.

        Raises:
            RunnerError: the process ended instead of answering.
        """
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._stderr.seek(0)
            told = self._stderr.read().decode(errors="replace").splitlines()[-_TOLD_LINES:]
            raise RunnerError("\n".join([f"it ended with code {code}", *told]))
        answer: Answer = json.loads(line)
        return answer
