"""What the commands share that make weights to ship: a line of progress, and a file of half the size."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from posegloss.pipeline.files import whole_file
from posegloss.pipeline.sequence import FloatArray


def tell(what: str, last: bool) -> None:
    """Say on stderr how far it is, in the place of what was said before; the ``last`` stays."""
    sys.stderr.write(f"\r{what}  " + "\n" * last)
    sys.stderr.flush()


def write_weights(path: Path, weights: Mapping[str, FloatArray]) -> None:
    """Write arrays in half precision as one .npz file, whole or not at all."""
    halves: dict[str, Any] = {name: array.astype(np.float16) for name, array in weights.items()}
    with whole_file(path) as part:
        np.savez_compressed(part, **halves)
