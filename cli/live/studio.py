"""What all sessions of a server share: the model, those that were taught, and how many may watch at once."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
from posegloss.cli.console import say_note
from posegloss.cli.live.limits import Close, Refusal
from posegloss.cli.live.sources import Source
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.sequence import KeypointSequence

_TAUGHT: Final = "-taught"
_MOST_TAUGHT: Final = 4
"""Models that are held in memory for pages that come back, beside those that sessions are using."""


@dataclass(frozen=True)
class Model:
    """A model that sessions may use: what the page calls it, its folder, and what answers."""

    name: str
    path: Path
    recogniser: GlossRecogniser


class Studio:
    """Opens trackers, teaches models and counts sessions.

    Args:
        path: of the model that a session begins with.
        recogniser: that model.
        precision: of the landmark network; that of the model's clips unless given.
        max_sessions: how many there may be at once.
        threads: of each session's tracker.
        source: a camera or video of the server's own; None where browsers send pictures.
    """

    def __init__(
        self,
        path: Path,
        recogniser: GlossRecogniser,
        *,
        precision: str | None = None,
        max_sessions: int = 4,
        threads: int = 1,
        source: Source | None = None,
    ) -> None:
        self.first = Model(path.stem, path, recogniser)
        # The first stream of a model may take seconds to begin; now, rather than when somebody signs.
        StreamingRecogniser(recogniser)
        self.source = source
        self.answering = threading.Lock()
        """Held while a sign is recognised: not every classifier answers several threads at once."""
        settings = recogniser.extraction
        self._settings = replace(settings, precision=precision) if precision else settings
        self._max_sessions, self._threads = max_sessions, threads
        self._folders: dict[str, Path] = {}
        self._held: dict[str, Model] = {}
        self._sessions = 0
        self._opening, self._teaching = threading.Lock(), threading.Lock()

    @property
    def weights(self) -> tuple[str, ...]:
        """The names of the weight files that trackers read."""
        return self._settings.weights

    @contextmanager
    def place(self) -> Iterator[None]:
        """A session's place; called on the server's own thread only.

        Raises:
            Refusal: all are taken.
        """
        if self._sessions >= self._max_sessions:
            raise Refusal(
                Close.TOO_MANY_SESSIONS,
                f"all {self._max_sessions} sessions of this server are in use; close another page",
            )
        self._sessions += 1
        try:
            yield
        finally:
            self._sessions -= 1

    def open_tracker(self) -> PoseBackend:
        """A tracker of a session's own.

        Raises:
            WeightsError: the weights cannot be had.
        """
        # One at a time: stderr, which is the whole process's, is held back while a network is loaded.
        with self._opening:
            return self._settings.open_backend(self._threads)

    def model(self, name: str | None) -> Model:
        """The model of a name that a page remembers, or the first; not at once, where it has to be loaded again."""
        path = self._folders.get(name or "")
        if path is None:
            return self.first
        with self._opening:
            model = self._held.get(path.stem) or self._loaded(path)
            return self.first if model is None else self._hold(model)

    def teach(self, model: Model, takes: Mapping[str, Sequence[KeypointSequence]]) -> Model:
        """A model that knows some more signs, saved beside the first one; one is taught at a time.

        Raises:
            PoseglossError: it cannot learn these takes, or the new model cannot be written.
        """
        from posegloss.classifiers.teaching import save_taught, teach

        with self._teaching:
            taught = teach(model.recogniser, takes)
            path = save_taught(taught, self._free_path())
            with self._opening:
                StreamingRecogniser(taught)
                self._folders[path.stem] = path
                return self._hold(Model(path.stem, path, taught))

    def _hold(self, model: Model) -> Model:
        """Hold it as the latest that was used, and forget those that were not used for the longest time."""
        self._held.pop(model.name, None)
        self._held[model.name] = model
        while len(self._held) > _MOST_TAUGHT:
            del self._held[next(iter(self._held))]
        return model

    def _loaded(self, path: Path) -> Model | None:
        try:
            recogniser = GlossRecogniser.load(path)
        except PoseglossError as error:
            say_note(f"a page goes on with {self.first.name}: {error}")
            return None
        StreamingRecogniser(recogniser)
        return Model(path.stem, path, recogniser)

    def _free_path(self) -> Path:
        path = self.first.path
        numbers = iter(range(2, 10_000))
        free = path.with_name(f"{path.stem}{_TAUGHT}.model")
        while free.exists():
            number = next(numbers, None)
            if number is None:
                raise PoseglossError(f"there are too many models named {path.stem}{_TAUGHT} in {path.parent}")
            free = path.with_name(f"{path.stem}{_TAUGHT}-{number}.model")
        return free


def described(model: Model) -> dict[str, Any]:
    """What a page is told of a model."""
    recogniser = model.recogniser
    return {
        "model": model.name,
        "path": str(model.path.absolute()),
        "glosses": list(recogniser.glosses),
        "synthetic": recogniser.synthetic,
    }
