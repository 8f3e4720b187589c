"""Where training was when it was interrupted: one file, written whole after an epoch."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.base import History, TrainingError
from posegloss.pipeline.files import whole_file

Arrays = list[npt.NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a training after some epochs.

    Attributes:
        identity: what is trained on what; another training does not go on from this one.
        history: a row for each epoch that is done.
        state: every variable of model and optimizer, random seeds included.
        best: the weights of the best epoch so far.
    """

    identity: str
    history: History
    state: Arrays
    best: Arrays

    def save(self, path: Path) -> None:
        """Write the file beside its place and rename it, so that it is whole at any moment.

        Raises:
            TrainingError: it cannot be written.
        """
        about = json.dumps({"identity": self.identity, "history": self.history})
        # np.savez numbers the arrays of each list; nothing here is pickled.
        arrays: dict[str, Any] = _numbered("state", self.state) | _numbered("best", self.best)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as part, part.open("wb") as file:
                np.savez(file, about=np.array(about), **arrays)
        except OSError as error:
            raise TrainingError(
                f"{path} cannot be written: {error.strerror or error}; free some space and run the same command again"
            ) from error

    @classmethod
    def load(cls, path: Path, identity: str) -> "Checkpoint | None":
        """The checkpoint at a path, or None where there is none.

        Raises:
            TrainingError: it is of another training, or unreadable.
        """
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                state, best = _listed("state", file), _listed("best", file)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise TrainingError(f"{path} cannot be read ({error}); remove it to train from the start") from error
        if about["identity"] != identity:
            raise TrainingError(
                f"{path} is of a training with other clips, another seed or other settings; remove it to train from "
                "the start, or give another --out"
            )
        return cls(identity, about["history"], state, best)


def _numbered(name: str, arrays: Sequence[npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {f"{name}/{i:05}": array for i, array in enumerate(arrays)}


def _listed(name: str, file: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    return [file[key] for key in sorted(file) if key.startswith(f"{name}/")]
