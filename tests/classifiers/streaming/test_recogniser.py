"""The stream's recogniser with boundaries that are told to it, and with a small trained model."""

from itertools import pairwise

import numpy as np
import pytest

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.streaming.events import SignEnded, SignStarted
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser, StreamingSettings
from posegloss.pipeline.errors import InvalidSequenceError

from ..made_up import SIZE, make_sequence

SETTINGS = StreamingSettings(shortest_s=0.2, pause_s=0.1, margin_s=0.1)


class Told:
    """Somebody signs in these spans."""

    delay_s = 0.0

    def __init__(self, *spans):
        self._spans = spans

    def push(self, keypoints, timestamp_s, size):
        yield timestamp_s, float(any(start <= timestamp_s < end for start, end in self._spans))


@pytest.fixture(scope="module")
def loaded(trained):
    return GlossRecogniser.load(trained.path)


@pytest.fixture
def recogniser(loaded):
    return GlossRecogniser(loaded.classifier, loaded.training, loaded.calibration)


def stream_of(recogniser, *spans, **settings):
    return StreamingRecogniser(recogniser, StreamingSettings(**{**vars(SETTINGS), **settings}), lambda: Told(*spans))


def play(stream, sequence, offset_s=0.0):
    told = [
        event
        for keypoints, time_s in zip(sequence.keypoints, sequence.timestamps, strict=True)
        for event in stream.push(keypoints, time_s + offset_s, sequence.size)
    ]
    return told + stream.finish()


def ended(events):
    return [event for event in events if isinstance(event, SignEnded)]


def test_the_answer_is_that_of_the_clip(recogniser):
    for gloss in recogniser.glosses:
        clip = make_sequence(gloss, "new", take=5)
        (sign,) = ended(play(stream_of(recogniser, (0.0, 99.0)), clip))
        whole = recogniser.predict(clip)
        assert sign.prediction.gloss == whole.gloss
        np.testing.assert_allclose(
            [p for _, p in sign.prediction.ranking], [p for _, p in whole.ranking], rtol=0, atol=1e-4
        )


def test_a_sign_in_a_stream_is_answered_as_if_it_were_cut_out(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new", seconds=3.0)
    start, sign = (
        event
        for event in play(stream_of(recogniser, (1.0, 2.0)), clip, offset_s=100.0 - 100.0)
        if isinstance(event, SignStarted | SignEnded)
    )
    assert start.start_s == sign.start_s == pytest.approx(1.0)
    assert sign.end_s == pytest.approx(2.0)
    times = clip.timestamps
    inside = np.flatnonzero((times >= 1.0 - 0.1 - 1e-6) & (times <= 2.0 + 0.1 + 1e-6))
    cut = recogniser.predict(clip[inside[0] : inside[-1] + 1])
    assert sign.prediction.ranking[0][1] == pytest.approx(cut.ranking[0][1], abs=1e-4)


def test_flicker_is_neither_a_sign_nor_the_end_of_one(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new", seconds=4.0)
    spans = [(0.5, 0.6), (1.0, 2.0), (2.06, 3.0)]
    (sign,) = ended(play(stream_of(recogniser, *spans), clip))
    assert (sign.start_s, sign.end_s) == (pytest.approx(1.0), pytest.approx(3.0))


def test_two_signs_in_order_of_time(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new", seconds=4.0)
    events = play(stream_of(recogniser, (0.5, 1.5), (2.0, 3.0)), clip)
    kinds = [event.kind for event in events if event.kind != "guessed"]
    assert kinds == ["started", "ended", "started", "ended"]


def test_a_sign_without_end_is_ended(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new", seconds=6.0)
    signs = ended(play(stream_of(recogniser, (0.0, 99.0), longest_s=2.0), clip))
    assert signs[0].end_s - signs[0].start_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("change", ["lost", "size"])
def test_a_break_ends_the_sign_and_begins_anew(recogniser, change):
    clip = make_sequence(recogniser.glosses[0], "new", seconds=1.0)
    stream = stream_of(recogniser, (0.0, 99.0))
    before = [event for k, t in zip(clip.keypoints, clip.timestamps, strict=True) for event in stream.push(k, t, SIZE)]
    assert not ended(before)
    later, size = (9.0, SIZE) if change == "lost" else (1.0, (320, 240))
    (sign,) = ended(stream.push(clip.keypoints[0], later, size))
    assert sign.end_s == pytest.approx(clip.timestamps[-1])
    assert [event.kind for event in play(stream, clip, later + 0.1) if event.kind != "guessed"] == ["started", "ended"]


def test_a_frame_from_the_past_is_passed_over(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new")
    stream, straight = (stream_of(recogniser, (0.0, 99.0)) for _ in range(2))
    expected, got = play(straight, clip), []
    for keypoints, time_s in zip(clip.keypoints, clip.timestamps, strict=True):
        got += stream.push(keypoints, time_s, SIZE)
        got += stream.push(clip.keypoints[0], time_s - 0.3, SIZE)
        got += stream.push(clip.keypoints[0], time_s, SIZE)
    assert [event.to_dict() for event in got + stream.finish()] == [event.to_dict() for event in expected]


def test_guesses_while_a_sign_lasts_are_the_classifiers_for_what_was_seen(recogniser):
    """At the end of a clip whose points are all seen, the last guess is the clip's answer, up to the reference."""
    clip = make_sequence(recogniser.glosses[0], "new", seconds=2.0, noise=0.0, missing=0.0)
    events = play(stream_of(recogniser, (0.0, 99.0)), clip)
    guesses = [event for event in events if event.kind == "guessed"]
    assert [event.kind for event in events] == ["started", *["guessed"] * len(guesses), "ended"]
    rate = recogniser.classifier.preprocessing.rate_hz
    assert len(guesses) == pytest.approx((2.0 - SETTINGS.shortest_s) * rate, abs=2)
    assert all(a.time_s < b.time_s for a, b in pairwise(guesses))
    whole = dict(recogniser.predict(clip, top=99).ranking)
    for gloss, probability in guesses[-1].ranking:
        assert probability == pytest.approx(whole[gloss], abs=1e-4)


def test_no_guesses_unless_wanted_or_where_the_family_looks_ahead(recogniser, trees):
    clip = make_sequence(recogniser.glosses[0], "new")
    silent = StreamingRecogniser(recogniser, SETTINGS, lambda: Told((0.0, 99.0)), guess=False)
    assert [event.kind for event in play(silent, clip)] == ["started", "ended"]
    others = stream_of(GlossRecogniser.load(trees.path), (0.0, 99.0))
    assert [event.kind for event in play(others, clip)] == ["started", "ended"]


def test_what_is_less_sure_than_the_threshold_is_none_of_the_glosses(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new")
    recogniser.reject_below = 0.3
    stream = stream_of(recogniser, (0.0, 99.0))
    assert stream.threshold == 0.3
    (sign,) = ended(play(stream, clip))
    for threshold, sure in ((sign.prediction.confidence - 0.01, True), (sign.prediction.confidence + 0.01, False)):
        stream.threshold = threshold
        (again,) = ended(play(stream, clip))
        assert (again.prediction.gloss, again.prediction.sure) == (sign.prediction.gloss, sure)


@pytest.mark.parametrize(("shape", "time_s"), [((75, 4), 0.0), ((33, 3), 0.0), ((33, 4), float("nan"))])
def test_what_is_no_frame_is_refused_and_harms_nothing(recogniser, shape, time_s):
    clip = make_sequence(recogniser.glosses[0], "new")
    stream = stream_of(recogniser, (0.0, 99.0))
    with pytest.raises(InvalidSequenceError):
        stream.push(np.zeros(shape, np.float32), time_s, SIZE)
    assert len(ended(play(stream, clip))) == 1


def test_nobody_is_no_gloss(recogniser):
    stream = stream_of(recogniser, (0.0, 1.0))
    events = [event for i in range(50) for event in stream.push(None, i / 25, SIZE)]
    (sign,) = ended(events)
    assert sign.prediction.gloss is None
    assert not sign.prediction.sure


def test_what_is_held_does_not_grow(recogniser):
    clip = make_sequence(recogniser.glosses[0], "new", seconds=2.0)
    stream = stream_of(recogniser, (0.5, 1.0))
    held = []
    for lap in range(20):
        for keypoints, time_s in zip(clip.keypoints, clip.timestamps, strict=True):
            stream.push(keypoints, time_s + 2.0 * lap, SIZE)
        held.append(len(stream._frames))
    assert max(held[1:]) == held[1] <= 25


def test_the_stream_has_no_end_of_its_own(recogniser):
    assert stream_of(recogniser).finish() == []
