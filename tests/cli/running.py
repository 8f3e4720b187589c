"""Running the command as a person does, and looking at what it says where."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from posegloss.cli.app import main

COMMAND = [sys.executable, "-c", "from posegloss.cli.app import main; main()"]


@dataclass(frozen=True)
class Ran:
    """How a command ended: its exit code, and what it wrote where."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What stands on stderr, in one line."""
        return " ".join(self.err.split())


def run(*arguments: str | Path) -> Ran:
    """Run the command in a process of its own."""
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    return Ran(done.returncode, done.stdout, done.stderr)


def call(capsys, *arguments: str | Path) -> Ran:
    """Run the command in this process, which is quicker; native libraries are not heard."""
    before, sys.argv = sys.argv, ["posegloss", *map(str, arguments)]
    capsys.readouterr()
    try:
        main()
    except SystemExit as end:
        return Ran(end.code or 0, *capsys.readouterr())
    finally:
        sys.argv = before
    raise AssertionError("the command did not end by an exit code")
