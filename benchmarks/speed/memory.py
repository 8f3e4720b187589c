"""The memory of processes, on Linux. Needs nothing but Python, since the reference's environment reads it, too."""

from pathlib import Path

HELD = "VmRSS"
PEAK = "VmHWM"


def memory_mb(field: str, pid: int | str = "self") -> float | None:
    """What a process holds now (``HELD``), or the most so far (``PEAK``), in MB; None if unknown.

    Not ``getrusage``: there a process inherits the peak of the one that started it.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:")), None)


def memory_of_largest_child(field: str) -> float | None:
    """The same of the child of this process that has most; None if unknown."""
    lists = Path("/proc/self/task").glob("*/children")
    held = (memory_mb(field, pid) for children in lists for pid in children.read_text().split())
    return max((mb for mb in held if mb), default=None)
