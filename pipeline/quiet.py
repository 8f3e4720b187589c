"""Native libraries that greet on stderr, and offer no way to turn that off."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_greeting() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, and show it only if the block fails.

    LiteRT prints a line whenever a network is loaded; TensorFlow 2.21 logs while its libraries load, before it looks at
    the log level (https://github.com/tensorflow/tensorflow/issues/100442).
    """
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(stderr, held_back.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
