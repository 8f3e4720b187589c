"""One person's session: a tracker, a stream's recogniser, what they have shown, and what they want to teach."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from posegloss.classifiers.streaming.events import SignEnded, SignGuessed, StreamEvent
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
from posegloss.cli.console import say_error
from posegloss.cli.live.jpeg import decode
from posegloss.cli.live.limits import LARGEST_SIDE, MOST_TAKES
from posegloss.cli.live.protocol import write_archive, write_picture
from posegloss.cli.live.record import Record
from posegloss.cli.live.saving import archive
from posegloss.cli.live.studio import Model, Studio, described
from posegloss.cli.live.takes import Takes
from posegloss.cli.live.words import plain_guess, plain_layout, plain_points, plain_sign
from posegloss.pipeline.errors import PoseglossError
from posegloss.pipeline.pose import PoseBackend
from posegloss.pipeline.roi import Image

Message = dict[str, Any] | bytes
_QUALITY: Final = [cv2.IMWRITE_JPEG_QUALITY, 80]


class GoneError(Exception):
    """The client has gone, or does not read."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame that waits for its turn: the JPEG of a client, or a picture of the server's own.

    Attributes:
        number: by which its answer is known.
        time_s: when it was taken, in the session's seconds.
        arrived_s: when the server had it, by a monotonic clock.
        picture: it.
    """

    number: int
    time_s: float
    arrived_s: float
    picture: bytes | Image


class Session:
    """What happens to frames and commands. All of it runs on the session's worker thread.

    Args:
        studio: where trackers and models come from.
        tell: sends a message to the client; may be called on any thread. Raises GoneError.
        later: has something done on the worker thread; may be called on any thread.
    """

    def __init__(
        self, studio: Studio, tell: Callable[[Message], None], later: Callable[[Callable[[], None]], None]
    ) -> None:
        self._studio, self._tell, self._later = studio, tell, later
        self._tracker: PoseBackend | None = None
        self._busy = False
        self._chosen: float | None = None
        self.takes = Takes()

    def open(self, model: Model) -> None:
        """Get ready, and say so."""
        self._tracker = self._studio.open_tracker()
        self._record = Record(model.recogniser.classifier.preprocessing.layout)
        self._use(model)
        source = self._studio.source
        self._tell(
            {
                "type": "welcome",
                "source": source.name if source else "browser",
                "layout": plain_layout(self._record.layout),
                "threshold": self._stream.threshold,
                **described(model),
            }
        )

    def close(self) -> None:
        """Free what is held."""
        if self._tracker is not None:
            self._tracker.close()

    def work(self, shot: Shot, passed_over: int) -> None:
        """Answer a frame.

        Raises:
            Refusal: it is no picture.
        """
        assert self._tracker is not None
        image = decode(shot.picture) if isinstance(shot.picture, bytes) else _fitted(shot.picture)
        began_s = time.perf_counter()
        pose = self._tracker.update(image, shot.time_s)
        tracker_ms = (time.perf_counter() - began_s) * 1000
        size = (image.shape[1], image.shape[0])
        keypoints = pose.keypoints if pose else None
        self._record.add(keypoints, shot.time_s, size)
        with self._studio.answering:
            events = self._stream.push(keypoints, shot.time_s, size)
        told = self._told(events)
        if not isinstance(shot.picture, bytes):
            self._tell(write_picture(cv2.imencode(".jpg", image[..., ::-1], _QUALITY)[1].tobytes()))
        self._tell(
            {
                "type": "answer",
                "frame": shot.number,
                "time_s": round(shot.time_s, 3),
                "keypoints": plain_points(keypoints),
                "events": told,
                "tracker_ms": round(tracker_ms, 2),
                "server_ms": round((time.monotonic() - shot.arrived_s) * 1000, 2),
                "passed_over": passed_over,
            }
        )

    def end_sign(self) -> None:
        """There are no more frames for now, so a sign that goes on is over."""
        with self._studio.answering:
            events = self._stream.finish()
        if told := self._told(events):
            self._tell({"type": "events", "events": told})

    def choose_threshold(self, value: float) -> None:
        """From now on, answers of less confidence are not sure, whatever the model's own threshold is."""
        self._chosen = self._stream.threshold = value

    def clear(self) -> None:
        """Forget what was shown and said."""
        self._record.clear()

    def record_takes(self, gloss: str | None) -> None:
        """From now on each sign is a take of this gloss; of None, signs are recognised again."""
        self.takes.gloss = gloss
        self._tell_takes()

    def remove_take(self, number: int) -> None:
        """Forget a take."""
        self.takes.remove(number)
        self._tell_takes()

    def learn(self) -> None:
        """Teach the model the takes, and go on with the new one as soon as there is one."""
        self.takes.gloss = None
        self._tell_takes()
        if not len(self.takes):
            self._tell({"type": "failed", "what": "learn", "reason": "record a few takes first"})
            return
        takes, learnt, model = self.takes.by_gloss(), self.takes.numbers, self._model

        def teach() -> None:
            new = self._studio.teach(model, takes)
            self._later(lambda: self._go_on_with(new, learnt))

        self._aside("learn", teach)

    def save(self) -> None:
        """Send the session as an archive; it is kept, so what does not arrive can be saved again."""
        parts, signs = self._record.copy()
        model, layout = self._model, self._record.layout
        about = {"model": model.name, "synthetic": model.recogniser.synthetic, "threshold": self._stream.threshold}

        def send() -> None:
            content = archive(parts, signs, layout, about)
            self._tell({"type": "archive", "size": len(content)})
            for piece in write_archive(content):
                self._tell(piece)

        self._aside("save", send)

    def _use(self, model: Model) -> None:
        self._model = model
        self._stream = StreamingRecogniser(model.recogniser)
        if self._chosen is not None:
            self._stream.threshold = self._chosen

    def _go_on_with(self, model: Model, learnt: Sequence[int]) -> None:
        self._use(model)
        # Those that were recorded meanwhile wait for the next time.
        for number in learnt:
            self.takes.remove(number)
        self._tell_takes()
        self._tell({"type": "learned", "threshold": self._stream.threshold, **described(model)})

    def _tell_takes(self) -> None:
        self._tell({"type": "takes", "gloss": self.takes.gloss, "takes": self.takes.to_list()})

    def _told(self, events: Sequence[StreamEvent]) -> list[dict[str, Any]]:
        told = []
        for event in events:
            if isinstance(event, SignEnded):
                told.append(self._ended(event))
            elif isinstance(event, SignGuessed):
                told.append(plain_guess(event))
            else:
                told.append(event.to_dict())
        return told

    def _ended(self, event: SignEnded) -> dict[str, Any]:
        if self.takes.gloss is None:
            sign = plain_sign(event)
            self._record.signs.append(sign)
            return {"kind": "ended", **sign}
        sequence = self._record.span(event.start_s, event.end_s, self._stream.settings.margin_s)
        if sequence is None:
            return {"kind": "taken", "reason": "its beginning is forgotten"}
        if not self.takes.add(sequence):
            return {"kind": "taken", "reason": f"there are {MOST_TAKES}; remove some, or let the model learn them"}
        self._tell_takes()
        return {"kind": "taken", "reason": None}

    def _aside(self, what: str, work: Callable[[], None]) -> None:
        """Do what takes long on a thread of its own, one thing at a time; frames go on meanwhile."""
        if self._busy:
            self._tell({"type": "failed", "what": what, "reason": "wait until what you asked for before is done"})
            return

        def run() -> None:
            try:
                work()
            except GoneError:
                self._tell_failed(what, f"the page did not receive it in time; {what} again")
            except PoseglossError as error:
                self._tell_failed(what, str(error))
            # One who only asked for too much goes on signing.
            except Exception as error:  # noqa: BLE001
                say_error(f"a live session could not {what}: {type(error).__name__}: {error}")
                self._tell_failed(what, "the server made a mistake")
            finally:
                self._busy = False

        self._busy = True
        threading.Thread(target=run, name=f"live {what}", daemon=True).start()

    def _tell_failed(self, what: str, reason: str) -> None:
        """Who has gone need not know."""
        with suppress(GoneError):
            self._tell({"type": "failed", "what": what, "reason": reason})


def _fitted(image: Image) -> Image:
    """A picture of the server's own, no larger than those that pages send."""
    scale = LARGEST_SIDE / max(image.shape)
    return image if scale >= 1 else np.asarray(cv2.resize(image, None, fx=scale, fy=scale), np.uint8)
