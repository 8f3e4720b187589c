"""What the measurements ran on, in a line."""

import os
import platform
from pathlib import Path


def processors() -> int:
    """How many processors there are."""
    return os.cpu_count() or 1


def machine_line() -> str:
    """Processor, cores, load average of the last minute, system and Python."""
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{_processor_name()}, {processors()} cores, load average before {load}; "
        f"{platform.system()}, Python {platform.python_version()}"
    )


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
