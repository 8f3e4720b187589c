"""Names of YouTube's videos."""

import re
from typing import Final

_ID: Final = re.compile(r"(?:[?&]v=|youtu\.be/|/embed/|/v/)([\w-]{11})(?![\w-])")


def youtube_id(url: str) -> str | None:
    """The id in an address of a YouTube video, under which download tools save it; None for other addresses."""
    found = _ID.search(url) if "youtu" in url else None
    return found[1] if found else None
