"""A session from its first frame to the saved archive, with the real tracker and a real model."""

import io
import json
import sys
import time
import types
import zipfile

import pytest

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.cli.live import takes as takes_module
from posegloss.cli.live.sources import VideoFile
from posegloss.cli.live.studio import Studio
from posegloss.datasets.avatar import Signer, perform
from posegloss.pipeline.formats import read_sequence
from posegloss.pipeline.formats.eaf import read_eaf

from ...made_videos import write_clip
from .conftest import GLOSSES
from .serving import fake_studio, frame, hear, hear_archive, jpeg, say, serving

RATE = 20


@pytest.fixture(scope="module")
def pictures():
    """A stranger's SHOULDER-TAP, from rest to rest."""
    performance = perform(Signer.random(101), ["SHOULDER-TAP"], take=0, seed=5, frame_rate=RATE, size=(480, 360))
    return [jpeg(image) for image in performance.frames()]


@pytest.fixture
def real_server(recogniser, live_model):
    with serving(Studio(live_model, recogniser)) as server:
        yield server


def sign(socket, pictures, start_ms: float = 0.0) -> list[dict]:
    """Send the frames, each when the last was answered and not much before its time; the events."""
    events, began_s = [], time.monotonic()
    for number, picture in enumerate(pictures, 1):
        time.sleep(max(began_s + number / RATE - 0.4 - time.monotonic(), 0))
        socket.send(frame(number, start_ms + 1000 * number / RATE, picture))
        answer = hear(socket, "answer")
        assert answer["frame"] == number
        events += answer["events"]
    return events


def test_a_sign_is_recognised_and_the_session_can_be_saved(real_server, pictures, tmp_path):
    with real_server.session() as socket:
        events = sign(socket, pictures)
        ended = [event for event in events if event["kind"] == "ended"]
        assert [event["gloss"] for event in ended] == ["SHOULDER-TAP"]
        assert ended[0]["sure"]
        assert events[0]["kind"] == "started"
        assert ended[0]["ranking"][0] == ["SHOULDER-TAP", ended[0]["confidence"]]
        say(socket, type="save")
        archive = hear_archive(socket)
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert sorted(file.namelist()) == ["part-1.eaf", "part-1.pose", "session.json"]
        file.extractall(tmp_path)
    sequence = read_sequence(tmp_path / "part-1.pose")
    assert (len(sequence), sequence.size) == (len(pictures), (480, 360))
    assert sequence.present.all()
    told = json.loads((tmp_path / "session.json").read_text("utf-8"))
    assert told["synthetic"] is True
    assert [one["gloss"] for one in told["signs"]] == ["SHOULDER-TAP"]
    (span,) = read_eaf(tmp_path / "part-1.eaf").tiers["gloss"].spans
    assert span.gloss == "SHOULDER-TAP"
    assert span.start_s == pytest.approx(ended[0]["start_s"], abs=0.11)


def test_an_answer_below_the_threshold_of_ones_choice_is_not_sure(real_server, pictures):
    with real_server.session() as socket:
        say(socket, type="threshold", value=1.0)
        ended = [event for event in sign(socket, pictures) if event["kind"] == "ended"]
        assert [(event["gloss"], event["sure"]) for event in ended] == [("SHOULDER-TAP", False)]
        say(socket, type="clear")
        say(socket, type="save")
        assert "nothing was recorded" in hear(socket, "failed")["reason"]


def test_a_pause_ends_a_sign_that_goes_on(real_server, pictures):
    with real_server.session() as socket:
        events = sign(socket, pictures[: len(pictures) // 2])
        assert [event["kind"] for event in events if event["kind"] != "guessed"] == ["started"]
        say(socket, type="pause")
        assert [event["kind"] for event in hear(socket, "events")["events"]] == ["ended"]


def test_takes_are_recorded_removed_and_learned(real_server, pictures, live_model, monkeypatch):
    """What is taught comes from the server's own record; the learning itself is not this test's."""
    taught = {}

    def teach(recogniser, takes):
        taught.update(takes)
        return recogniser

    def save_taught(recogniser, path):
        path.mkdir()
        return path

    module = types.ModuleType("teaching")
    module.teach, module.save_taught = teach, save_taught
    monkeypatch.setitem(sys.modules, "posegloss.classifiers.teaching", module)
    with real_server.session() as socket:
        say(socket, type="learn")
        assert "record a few takes" in hear(socket, "failed")["reason"]
        say(socket, type="record", gloss="HELLO")
        assert hear(socket, "takes") == {"type": "takes", "gloss": "HELLO", "takes": []}
        for i in range(2):
            kinds = [event["kind"] for event in sign(socket, pictures, 6000.0 * i) if event["kind"] != "guessed"]
            assert kinds == ["started", "taken"]
        say(socket, type="remove", take=1)
        say(socket, type="stop")
        while (takes := hear(socket, "takes"))["gloss"]:
            pass
        assert [(take["take"], take["gloss"]) for take in takes["takes"]] == [(2, "HELLO")]
        assert 0.5 < takes["takes"][0]["duration_s"] < 4
        assert len(takes["takes"][0]["still"]) == 33
        say(socket, type="learn")
        learned = hear(socket, "learned")
        assert learned["path"] == str(live_model.with_name("four-taught.model"))
    (sequence,) = taught["HELLO"]
    assert sequence.present.all()
    # A page that comes back goes on with what it was using; a name that is none is not looked for on the disk.
    for name, expected in (("four-taught", "four-taught"), ("/etc/passwd", "four")):
        with real_server.connect() as socket:
            say(socket, type="hello", model=name)
            assert hear(socket, "welcome")["model"] == expected
    live_model.with_name("four-taught.model").rmdir()


def test_a_take_too_many_is_told(real_server, pictures, monkeypatch):
    monkeypatch.setattr(takes_module, "MOST_TAKES", 1)
    with real_server.session() as socket:
        say(socket, type="record", gloss="HELLO")
        reasons = [
            event["reason"]
            for i in range(2)
            for event in sign(socket, pictures, 6000.0 * i)
            if event["kind"] == "taken"
        ]
        say(socket, type="stop")
        while (takes := hear(socket, "takes"))["gloss"]:
            pass
    assert reasons[0] is None
    assert "remove some" in reasons[1]
    assert len(takes["takes"]) == 1


def test_a_camera_that_is_turned_ends_a_take_and_is_none_of_it(real_server, pictures):
    with real_server.session() as socket:
        say(socket, type="record", gloss="HELLO")
        events = sign(socket, pictures[: len(pictures) // 2])
        assert [event["kind"] for event in events if event["kind"] != "guessed"] == ["started"]
        turned = len(pictures) // 2 + 1
        socket.send(frame(turned, 1000 * turned / RATE, jpeg(size=(48, 64))))
        while not (takes := hear(socket, "takes")["takes"]):
            pass
        assert [event["kind"] for event in hear(socket, "answer")["events"]] == ["taken"]
    assert takes[0]["aspect"] == 480 / 360
    assert takes[0]["duration_s"] > 0.3
    assert takes[0]["still"]


def test_a_video_is_played_once_and_again(recogniser, live_model, tmp_path):
    video = write_clip(tmp_path / "clip.mp4", frames=12, rate=25)
    with serving(fake_studio(recogniser, live_model, source=VideoFile(video))) as server, server.session() as socket:
        for _ in range(2):
            assert hear(socket, "bytes")["bytes"][:3] == b"P\xff\xd8"
            assert hear(socket, "answer")["keypoints"] is None
            assert hear(socket, "over")["reason"] is None
            say(socket, type="again")


def test_a_source_that_fails_says_why(recogniser, live_model, tmp_path):
    source = VideoFile(tmp_path / "gone.mp4")
    with serving(fake_studio(recogniser, live_model, source=source)) as server, server.session() as socket:
        assert "does not exist" in hear(socket, "over")["reason"]


def test_the_welcome_says_what_there_is(real_server):
    with real_server.connect() as socket:
        say(socket, type="hello", model=None)
        welcome = hear(socket, "welcome")
    assert welcome["glosses"] == list(GLOSSES)
    assert welcome["source"] == "browser"
    assert welcome["synthetic"] is True
    assert len(welcome["layout"]["sides"]) == 33


def test_a_model_that_cannot_be_tracked_ends_the_session_with_a_reason(recogniser, live_model, monkeypatch):
    from posegloss.pipeline.errors import WeightsError

    def no_weights(self):
        raise WeightsError("the weights cannot be had")

    monkeypatch.setattr(Studio, "open_tracker", no_weights)
    assert isinstance(recogniser, GlossRecogniser)
    with serving(Studio(live_model, recogniser)) as server, server.connect() as socket:
        say(socket, type="hello", model=None)
        with pytest.raises(Exception, match="weights cannot be had"):
            hear(socket, "welcome")
