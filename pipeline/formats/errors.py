"""The one error that reading or writing other people's formats raises."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posegloss.pipeline.errors import PoseglossError


class FormatError(PoseglossError):
    """A file is not what its name says, is damaged, or cannot be written in the format that was asked for."""


@contextmanager
def told_as_format_error(path: str | Path, what: str) -> Iterator[None]:
    """Turn whatever a parser raises at bytes from a stranger into one error that names the file.

    Parsers raise nearly anything at damaged bytes (struct.error, KeyError, RecursionError, MemoryError), so nothing is
    named here. Only parsing belongs in the block.

    Args:
        path: the file.
        what: it should be ("a .pose file").

    Raises:
        FormatError: something was raised in the block.
    """
    try:
        yield
    except PoseglossError:
        raise
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise FormatError(f"{path} is not {what}, or it is damaged ({reason})") from error
