"""Spotting in a video of numbered pictures, by a tracker that sees what it is told to."""

from pathlib import Path

import numpy as np
import pytest

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.spotting.spotted import spot_signs
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
from posegloss.pipeline.errors import NoSignerError
from posegloss.pipeline.pose import Pose
from posegloss.pipeline.sequence import KeypointSequence

from ...conftest import MakeVideo
from ..made_up import make_sequence


class Told:
    """A tracker that sees a sequence, from its first frame on after every reset."""

    def __init__(self, sequence: KeypointSequence | None, people: int | None = None) -> None:
        self._sequence, self._people = sequence, people
        self._frame = 0

    def update(self, image: object, timestamp_s: float) -> Pose | None:
        self._frame += 1
        if self._sequence is None:
            return None
        return Pose(self._sequence.keypoints[self._frame - 1], np.zeros((33, 3), np.float32), 1.0, self._people)

    def reset(self) -> None:
        self._frame = 0

    def close(self) -> None: ...


@pytest.fixture
def recogniser(trees) -> StreamingRecogniser:
    return StreamingRecogniser(GlossRecogniser.load(trees.path))


@pytest.fixture
def video(make_video: MakeVideo) -> Path:
    return make_video(frames=50, size=(64, 48), rate=25)


def test_a_video_after_another_is_the_first_of_its_own(recogniser: StreamingRecogniser, video: Path) -> None:
    tracker, times = Told(make_sequence("wave", seconds=2)), []
    first = spot_signs(video, recogniser, tracker, on_frame=lambda time_s, pose: times.append(time_s))
    # A video that broke off leaves a sign that goes on.
    recogniser.push(make_sequence("wave").keypoints[0], 99.0, (64, 48))
    again = spot_signs(video, recogniser, tracker, threads=2)
    assert first == again
    assert (first.frames, first.frames_with_person, first.warnings) == (50, 50, ())
    assert first.seconds == times[-1] == pytest.approx(49 / 25)
    assert all(0 <= sign.start_s < sign.end_s <= first.seconds for sign in first.signs)


def test_several_people_are_told_of(recogniser: StreamingRecogniser, video: Path) -> None:
    told = spot_signs(video, recogniser, Told(make_sequence(seconds=2), people=3)).warnings
    assert told == ("several people: 3 at 0.00 s; the most prominent one is followed",)


def test_nobody_is_an_error_that_names_the_video(recogniser: StreamingRecogniser, video: Path) -> None:
    with pytest.raises(NoSignerError, match=r"clip\.mp4: no person was found in any of its 50 frames"):
        spot_signs(video, recogniser, Told(None))
