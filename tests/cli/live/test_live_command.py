"""The command itself: what it prints first, what it says of mistakes, and how it ends."""

import http.client
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from ..running import COMMAND


@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is sent otherwise there")
def test_the_first_line_is_the_address_and_an_interrupt_ends_it_quietly(live_model):
    arguments = [*COMMAND, "live", str(live_model), "--no-browser", "--port", "0", "--token", "t" * 20]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = urlsplit(process.stdout.readline().strip())
        assert address.hostname == "127.0.0.1"
        assert address.path == f"/{'t' * 20}/"
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=20)
        connection.request("GET", address.path)
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "synthetic" in err


def test_without_a_model_it_says_how_to_get_one(posegloss, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = posegloss("live", "--no-browser")
    assert (ran.code, ran.out) == (2, "")
    assert "posegloss demo" in ran.said
    assert "make demo" in ran.said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--camera", "0", "--video", "clip.mp4"], "not both"),
        (["--token", "short"], "--token"),
        (["--token", "/../../../../etc/passwd"], "--token"),
        (["--video", "none.mp4"], "none.mp4"),
        (["--precision", "int4"], "int4"),
        (["--host", "no such host"], "cannot listen"),
        (["--port", "70000"], "--port"),
    ],
)
def test_a_mistake_is_told_before_anything_is_served(posegloss, live_model, options, told):
    ran = posegloss("live", live_model, "--no-browser", *options)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.said
    assert "Traceback" not in ran.err


def test_help_has_an_example(posegloss):
    ran = posegloss("live", "--help")
    assert ran.code == 0
    assert "Example: posegloss live" in ran.out
