"""Counts, shares, times and sizes as a person reads them, and names that do nothing to the terminal."""

from typing import Final

_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def count(number: int, what: str, several: str | None = None) -> str:
    """A number of things: "1 clip", "2,000 clips"."""
    return f"{number:,} {what if number == 1 else several or what + 's'}"


def share(part: int, whole: int) -> str:
    """A part in per cent; never 0 % where there is some, nor 100 % where there is not all."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def duration(seconds: float) -> str:
    """A time in the two units that matter: "40 s", "3 min 20 s", "12 h 5 min", "7 days 3 h"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440:,} days {minutes % 1440 // 60} h"


def data(size: float) -> str:
    """A number of bytes, in powers of 1000 as disks are sold: "123 bytes", "4.5 MB"."""
    for unit in _UNITS[:-1]:
        if round(size, 1) < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} {_UNITS[-1]}"


def printable(text: str) -> str:
    """A text whose control characters are written out: a file's name may hold what a terminal would obey."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
