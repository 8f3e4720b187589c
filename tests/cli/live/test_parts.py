"""What frames and commands may be, when a frame was taken, and which one is worked on."""

import json
import threading
import time

import cv2
import numpy as np
import pytest

from posegloss.cli.live.frame_clock import FrameClock
from posegloss.cli.live.jpeg import decode, size_of
from posegloss.cli.live.limits import Budget, Close, Refusal
from posegloss.cli.live.protocol import read_command, read_frame
from posegloss.cli.live.record import Record
from posegloss.cli.live.worker import Worker

from .serving import frame, jpeg


def claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    small = bytearray(jpeg())
    place = small.index(b"\xff\xc0") + 5
    small[place : place + 4] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(small)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_decoded_as_rgb(progressive):
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, :32] = (220, 30, 40)
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    written = cv2.imencode(".jpg", image[..., ::-1], options)[1].tobytes()
    assert size_of(written) == (64, 48)
    assert np.abs(decode(written)[24, 8].astype(int) - (220, 30, 40)).max() < 12


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"\xff\xd8",
        b"not a picture at all, but long enough to look like one",
        jpeg()[:-40],
        jpeg()[:30],
        jpeg()[2:],
        jpeg() + b"more",
        b"\xff\xd8" + b"\xff" * 200,
        b"\xff\xd8\xff\xe0\x00\x00" + jpeg(),
        jpeg().replace(b"\xff\xc0", b"\xff\xc9"),
        jpeg()[:-2] + b"\xff\xda" * 20 + b"\xff\xd9",
        cv2.imencode(".png", np.zeros((48, 64, 3), np.uint8))[1].tobytes(),
        jpeg(size=(20, 20)),
        jpeg(size=(1300, 40)),
    ],
)
def test_what_is_no_whole_jpeg_of_a_plausible_size_is_refused(picture):
    with pytest.raises(Refusal) as refused:
        decode(picture)
    assert refused.value.code == Close.MALFORMED


def test_a_bomb_is_refused_by_its_header_alone(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(Refusal, match="30000x30000"):
        decode(claiming(30000, 30000))


def test_a_jpeg_that_is_smaller_than_it_claims_is_no_harm():
    image = decode(claiming(640, 480))
    assert image.shape == (480, 640, 3)


def test_a_frame_has_a_number_a_time_and_a_picture():
    sent = read_frame(frame(7, 1234.5, b"picture"))
    assert (sent.number, sent.time_ms, sent.jpeg) == (7, 1234.5, b"picture")
    with pytest.raises(Refusal):
        read_frame(frame(7, 1234.5, b""))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{",
        '{"type": "dance"}',
        '{"type": ["save"]}',
        '{"type": "save", "path": "/etc/passwd"}',
        '{"type": "record"}',
        '{"type": "record", "gloss": ""}',
        '{"type": "record", "gloss": " HELLO"}',
        '{"type": "record", "gloss": {"HELLO": 1}}',
        json.dumps({"type": "record", "gloss": "A\nB"}),
        json.dumps({"type": "record", "gloss": "A" * 41}),
        '{"type": "threshold", "value": NaN}',
        '{"type": "threshold", "value": true}',
        '{"type": "threshold", "value": 1.5}',
        '{"type": "remove", "take": -1}',
        "[" * 2000,
        '{"type":' * 200,
        '{"type": "save"}' + " " * 3000,
    ],
)
def test_what_is_no_command_is_refused(text):
    with pytest.raises(Refusal):
        read_command(text)


def test_a_client_may_send_so_many_messages_a_second():
    budget = Budget(10, 0.0)
    for i in range(200):
        budget.spend(i / 10)
    # Then twice as many at once, and no more.
    for _ in range(20):
        budget.spend(30.0)
    with pytest.raises(Refusal, match="10 messages"):
        budget.spend(30.0)


def test_a_plausible_clock_is_believed_to_the_millisecond():
    clock = FrameClock()
    # The network delays frames by up to 80 ms; the client's clock knows better.
    read = [clock.read(5000 + 40 * i, 100 + 0.04 * i + delay) for i, delay in enumerate([0, 0.08, 0.03, 0.07])]
    assert read == pytest.approx([0, 0.04, 0.08, 0.12])


@pytest.mark.parametrize("told", [float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 5000.0, 4000.0, 9e9])
def test_a_clock_that_is_not_plausible_is_set_anew(told):
    clock = FrameClock()
    assert clock.read(5000, 100.0) == 0
    assert clock.read(told, 100.5) == pytest.approx(0.5)
    after = [clock.read(told + 40 * i, 100.5 + 0.04 * i) for i in range(1, 4)]
    assert after == pytest.approx([0.54, 0.58, 0.62], abs=0.01)


def test_times_always_increase_whatever_the_client_says():
    clock, generator = FrameClock(), np.random.default_rng(1)
    told = generator.normal(0, 1e6, 500)
    read = [clock.read(one, 10 + 0.001 * i) for i, one in enumerate(told)]
    assert (np.diff(read) > 0).all()


def test_the_newest_frame_takes_the_place_of_the_one_that_waits():
    done, going, free = [], threading.Event(), threading.Event()

    def work(item, passed_over):
        done.append((item, passed_over))
        going.set()
        free.wait(10)

    ended = threading.Event()
    worker = Worker(lambda: None, work, ended.set, lambda error: None)
    worker.offer(0)
    assert going.wait(10)
    for number in range(1, 8):
        worker.offer(number)
    free.set()
    deadline = time.monotonic() + 10
    while len(done) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.close()
    assert done == [(0, 0), (7, 6)]
    assert ended.is_set()


def test_jobs_go_before_frames_and_are_bounded():
    free, done = threading.Event(), []
    worker = Worker(lambda: free.wait(10), lambda item, _: done.append(item), lambda: None, lambda error: None)
    worker.offer("frame")
    for number in range(64):
        worker.submit(lambda number=number: done.append(number))
    with pytest.raises(Refusal):
        worker.submit(done.clear)
    free.set()
    deadline = time.monotonic() + 10
    while "frame" not in done and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.close()
    assert done == [*range(64), "frame"]


def test_a_record_is_bounded_and_begins_a_part_after_a_gap_or_with_another_size():
    record = Record("blazepose33", longest=10)
    body = np.ones((33, 4), np.float32)
    for i in range(8):
        record.add(body, i / 10, (64, 48))
    for i in range(6):
        record.add(None, 60 + i / 10, (64, 48))
    record.add(body, 61.0, (48, 64))
    parts, _ = record.copy()
    assert [(part.size, len(part.frames)) for part in parts] == [((64, 48), 3), ((64, 48), 6), ((48, 64), 1)]


def test_a_sign_is_of_the_part_that_it_began_in():
    record = Record("blazepose33", longest=20)
    for i in range(10):
        record.add(None, i / 10, (64, 48))
    for i in range(10, 15):
        record.add(None, i / 10, (48, 64))
    for i in range(10):
        record.add(None, 60 + i / 10, (48, 64))
    assert len(record.span(0.6, 0.9, 0.1)) == 5
    assert record.span(0.9, 0.9, 0.3).size == (64, 48)
    # Signs are timed by moments of their own, which are rounded.
    assert record.span(1.0 - 1e-12, 1.4, 0.3).size == (48, 64)
    assert len(record.span(1.2, 1.4, 0.3)) == 5
    assert len(record.span(60.5, 60.7, 0.25)) == 7
    assert record.span(0.2, 0.8, 0.3) is None, "of 25 frames the first five are forgotten"
