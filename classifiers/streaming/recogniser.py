"""StreamingRecogniser: one frame in, and out what is signed, as it happens.

Time comes from the timestamps alone, so it matters neither how many frames a second a camera gives nor whether some
of them were dropped.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.streaming.boundaries import Boundaries, LearnedBoundaries
from posegloss.classifiers.streaming.events import SignEnded, SignGuessed, SignStarted, StreamEvent
from posegloss.classifiers.streaming.incremental import SignStream
from posegloss.classifiers.streaming.reference import RunningReference
from posegloss.pipeline.errors import InvalidSequenceError
from posegloss.pipeline.sequence import FloatArray, KeypointSequence, nobody


@dataclass(frozen=True)
class StreamingSettings:
    """When a sign begins and ends.

    Attributes:
        on: a sign begins where its probability rises to this.
        off: a sign ends where its probability falls below this.
        shortest_s: what does not last so long is no sign.
        pause_s: a sign is over when its probability stays low for so long.
        longest_s: a sign is ended after so long, whatever goes on.
        margin_s: so much before and after a sign is shown to the classifier, which was trained on clips that have it.
        lost_s: without a frame for so long, the stream begins anew.
    """

    on: float = 0.4
    off: float = 0.35
    shortest_s: float = 0.2
    pause_s: float = 0.05
    longest_s: float = 10.0
    margin_s: float = 0.3
    lost_s: float = 1.0


class StreamingRecogniser:
    """Spots signs in a stream of keypoints and recognises them.

    What it holds is bounded, however long the stream. While a sign lasts, the classifier follows it input by input;
    when it is over, the whole of it is answered once more, as ``GlossRecogniser.predict`` answers a clip: with the
    signer's frame of reference as it was in this sign, and short gaps filled.

    Args:
        recogniser: of isolated signs.
        settings: when a sign begins and ends.
        boundaries: makes what tells when somebody signs; anew for each stream.
        guess: tell what a sign may be while it lasts. Families that look ahead cannot (``GlossClassifier.stream``), and
            those that can take some seconds here to get ready.

    Attributes:
        threshold: a sign that is recognised with less confidence is none of the glosses: its prediction is not sure. As
            the training chose it by signs that were made up (``evaluating/rejection.py``), unless set; None takes all.
    """

    def __init__(
        self,
        recogniser: GlossRecogniser,
        settings: StreamingSettings | None = None,
        boundaries: Callable[[], Boundaries] = LearnedBoundaries,
        guess: bool = True,
    ) -> None:
        self.recogniser = recogniser
        self.settings = settings or StreamingSettings()
        self.threshold = recogniser.threshold if recogniser.reject_below is None else recogniser.reject_below
        self._make_boundaries = boundaries
        preprocessing = recogniser.classifier.preprocessing
        level = preprocessing.normalization.level_shoulders
        self._guesses = guess and not level and recogniser.classifier.stream() is not None
        self._nobody = nobody(preprocessing.layout)
        self.reset()

    def reset(self) -> None:
        """Forget the stream: the next frame is the first of another."""
        self._boundaries = self._make_boundaries()
        self._reference = RunningReference(self.recogniser.classifier.preprocessing.normalization.min_visibility)
        self._follower: SignStream | None = None
        self._frames: deque[tuple[float, FloatArray]] = deque()
        self._size: tuple[int, int] | None = None
        self._start_s: float | None = None
        self._turned_s: float | None = None
        self._told: FloatArray | None = None

    def push(self, keypoints: FloatArray | None, timestamp_s: float, size: tuple[int, int]) -> list[StreamEvent]:
        """The next frame.

        Args:
            keypoints: (K, 4) as in ``KeypointSequence``; None where nobody is seen.
            timestamp_s: when it was taken, in seconds. A frame that is not later than the one before is passed over.
            size: width and height of the picture in pixels. With another size, the stream begins anew.

        Returns:
            What is known since this frame, in order.

        Raises:
            InvalidSequenceError: the keypoints are not those of the model's layout, or the time is none.
        """
        if keypoints is not None and np.shape(keypoints) != self._nobody.shape:
            raise InvalidSequenceError(f"keypoints have shape {np.shape(keypoints)}, not {self._nobody.shape}")
        if not np.isfinite(timestamp_s):
            raise InvalidSequenceError(f"{timestamp_s} is no time in seconds")
        events: list[StreamEvent] = []
        if self._frames:
            since = timestamp_s - self._frames[-1][0]
            if since <= 0:
                return events
            if since > self.settings.lost_s or size != self._size:
                events += self.finish()
        self._size = size
        self._frames.append((timestamp_s, self._nobody if keypoints is None else keypoints))
        if keypoints is not None:
            self._reference.push(keypoints[:, :2] * np.array(size, np.float32), keypoints[:, 3], timestamp_s)
        if self._follower is not None:
            self._follower.push(keypoints, timestamp_s, size)
        for time_s, probability in self._boundaries.push(keypoints, timestamp_s, size):
            events += self._decide(time_s, probability)
        events += self._guess(timestamp_s)
        self._forget_old(timestamp_s)
        return events

    def finish(self) -> list[StreamEvent]:
        """The stream is over: end the sign that goes on, and forget the rest."""
        events: list[StreamEvent] = []
        if self._start_s is not None:
            events = [self._end(self._frames[-1][0] if self._turned_s is None else self._turned_s)]
        self.reset()
        return events

    def _decide(self, time_s: float, probability: float) -> Iterator[StreamEvent]:
        """Two thresholds and two least durations, so that a moment's doubt makes no boundary."""
        settings = self.settings
        signing = self._start_s is not None
        turns = probability < settings.off if signing else probability >= settings.on
        self._turned_s = (time_s if self._turned_s is None else self._turned_s) if turns else None
        if self._start_s is None:
            if self._turned_s is not None and time_s - self._turned_s >= settings.shortest_s - 1e-6:
                self._start_s, self._turned_s = self._turned_s, None
                self._follower = self._follow(self._start_s)
                yield SignStarted(self._start_s)
        elif self._turned_s is not None and time_s - self._turned_s >= settings.pause_s - 1e-6:
            yield self._end(self._turned_s)
        elif time_s - self._start_s >= settings.longest_s:
            yield self._end(time_s)

    def _follow(self, start_s: float) -> SignStream | None:
        """The classifier on the sign's frames up to now."""
        known = self._reference.now
        if not self._guesses or known is None:
            return None
        follower = SignStream(self.recogniser.classifier, *known)
        for time_s, keypoints in self._frames:
            if time_s >= start_s - self.settings.margin_s:
                follower.push(keypoints, time_s, self._size or (1, 1))
        return follower

    def _guess(self, now_s: float) -> Iterator[StreamEvent]:
        if self._follower is None or self._start_s is None:
            return
        probabilities = self._follower.probabilities
        # Between two of the classifier's inputs there is nothing new to tell.
        if probabilities is not None and probabilities is not self._told:
            self._told = probabilities
            yield SignGuessed(self._start_s, now_s, self.recogniser.ranking(probabilities))

    def _end(self, end_s: float) -> SignEnded:
        start_s, margin_s = self._start_s or 0.0, self.settings.margin_s
        self._start_s = self._turned_s = self._follower = None
        shown = [frame for frame in self._frames if start_s - margin_s <= frame[0] <= end_s + margin_s]
        sequence = KeypointSequence(
            np.stack([keypoints for _, keypoints in shown]),
            np.array([time_s - shown[0][0] for time_s, _ in shown]),
            self._size or (1, 1),
            layout=self.recogniser.classifier.preprocessing.layout,
        )
        prediction = self.recogniser.predict(sequence)
        sure = prediction.gloss is not None and prediction.confidence >= (self.threshold or 0.0)
        return SignEnded(start_s, end_s, replace(prediction, sure=sure))

    def _forget_old(self, now_s: float) -> None:
        kept = self.settings.margin_s + self.settings.shortest_s + self._boundaries.delay_s + self.settings.pause_s
        oldest_s = (now_s - kept if self._start_s is None else self._start_s - self.settings.margin_s) - 1e-6
        while self._frames[0][0] < oldest_s:
            self._frames.popleft()
