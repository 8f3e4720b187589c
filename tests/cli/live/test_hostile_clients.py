"""Who has no token or comes from elsewhere is not let in; who misbehaves is put out, and nobody else notices."""

import http.client
import json
import os
import struct
import threading
import time
from contextlib import ExitStack, suppress
from itertools import pairwise
from socket import SO_LINGER, SOL_SOCKET

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from posegloss.cli.live import conversation
from posegloss.cli.live import session as live_session
from posegloss.cli.live.worker import THREAD_NAME

from .serving import TOKEN, SlowNetwork, fake_studio, frame, hear, hear_archive, jpeg, say, serving, wait_until
from .test_parts import claiming


def sessions() -> int:
    return sum(thread.name == THREAD_NAME for thread in threading.enumerate())


def saving() -> bool:
    return any(thread.name == "live save" for thread in threading.enumerate())


def request(server, path=f"/{TOKEN}/", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()


def closed(socket) -> tuple[int, str]:
    """The code and the reason with which the server closes a socket."""
    try:
        while True:
            socket.recv(20)
    except ConnectionClosed as ended:
        return (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else (1006, "")


def still_serves(server) -> None:
    with server.session() as socket:
        socket.send(frame(1, 0, jpeg()))
        assert hear(socket, "answer")["frame"] == 1


def test_the_page_comes_with_its_token_and_a_strict_policy(server):
    status, headers, page = request(server)
    assert status == 200
    assert "<title>posegloss live</title>" in page
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<style" not in page
    assert not any(f"on{event}=" in page for event in ("click", "load", "error"))
    for name in ("live.css", "main.js", "camera.js"):
        assert request(server, f"/{TOKEN}/{name}")[0] == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 403),
        ("/index.html", 403),
        ("/live.css", 403),
        (f"/{TOKEN}x/", 403),
        (f"/{TOKEN[:-1]}/", 403),
        ("/caf\u00e9/".encode().decode("latin-1"), 403),
        (f"/{TOKEN}", 307),
        (f"/{TOKEN}/none.js", 404),
        (f"/{TOKEN}/../../../command.py", 404),
        (f"/{TOKEN}/..%2f..%2fcommand.py", 404),
        (f"/{TOKEN}/command.py", 404),
    ],
)
def test_nothing_else_is_served(server, path, status):
    assert request(server, path.encode("latin-1").decode("ascii", "ignore"))[0] == status


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:{port}", "", "10.0.0.1:{port}"]
)
def test_a_name_that_is_not_the_servers_is_refused(server, host):
    """DNS rebinding: a page of evil.example whose name now leads here."""
    assert request(server, Host=host.format(port=server.port))[0] in (400, 421)
    assert request(server, Host=f"localhost:{server.port}")[0] == 200


def test_other_origins_and_methods_are_refused(server):
    assert request(server, Origin="http://evil.example")[0] == 403
    assert request(server, Origin="null")[0] == 403
    assert request(server, method="POST")[0] == 405


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/wrong-token-of-somebody/socket", "own"),
        ("/socket", "own"),
        (f"/{TOKEN}/socket", "http://evil.example"),
        (f"/{TOKEN}/socket", "null"),
        (f"/{TOKEN}/socket", None),
    ],
)
def test_a_socket_needs_the_token_and_the_pages_own_origin(server, path, origin):
    with pytest.raises(InvalidStatus) as refused:
        server.connect(path=path, origin=origin)
    assert refused.value.response.status_code == 403
    assert not sessions()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", 4400),
        (os.urandom(5000), 4400),
        (frame(1, 0, claiming(30000, 30000)), 4400),
        (frame(1, 0, jpeg()[:-20]), 4400),
        (frame(1, 0, os.urandom(3000)), 4400),
        (bytes(1 << 20), 1009),
        ("x" * 3000, 1009),
        ("x" * (1 << 20), 1009),
        ("[" * 2000, 4400),
        ('{"type": "hello"}', 4400),
        (json.dumps({"type": "record", "gloss": "<script>" * 20}), 4400),
    ],
)
def test_a_malformed_or_huge_message_closes_its_socket_and_nothing_else(server, message, code):
    with server.session() as other, server.session() as socket:
        socket.send(message)
        found, reason = closed(socket)
        assert found == code
        assert reason
        other.send(frame(1, 0, jpeg()))
        assert hear(other, "answer")["frame"] == 1
    assert wait_until(lambda: not sessions())
    assert not any(tracker.open for tracker in server.studio.trackers)


def test_who_does_not_say_hello_first_is_put_out(server):
    with server.connect() as socket:
        socket.send(frame(1, 0, jpeg()))
        assert closed(socket)[0] == 4400


def test_a_message_without_end_is_ended(server, monkeypatch):
    """Fragments that never grow too long, and never are the last."""
    monkeypatch.setattr(conversation, "IDLE_S", 1.0)
    with server.session() as socket:
        began = time.monotonic()

        def drip():
            first = True
            try:
                while time.monotonic() - began < 10:
                    opcode = Opcode.BINARY if first else Opcode.CONT
                    first = False
                    with socket.protocol_mutex:
                        # A fragment that is not final, which the library sends only of a message that ends.
                        socket.socket.sendall(struct.pack("!BB4s", opcode, 0x80 | 1, bytes(4)) + b"x")
                    time.sleep(0.05)
            except OSError:
                return

        dripping = threading.Thread(target=drip)
        dripping.start()
        assert closed(socket)[0] == 4408
        assert time.monotonic() - began < 8
        dripping.join()
    assert wait_until(lambda: not sessions())


def test_fragments_that_grow_too_long_are_not_gathered(server):
    with server.session() as socket:
        with pytest.raises(ConnectionClosed):
            socket.send(bytes(1 << 16) for _ in range(10_000))
        # 1006: who is still sending when the connection ends may not get to hear why.
        assert closed(socket)[0] in (1009, 1006)
    still_serves(server)


@pytest.mark.parametrize("message", ['{"type": "alive"}', frame(1, 0, jpeg())])
def test_a_flood_is_ended(server, message):
    with server.session() as socket:
        with suppress(ConnectionClosed):
            for _ in range(100_000):
                socket.send(message)
        assert closed(socket)[0] in (4429, 1006)
    assert wait_until(lambda: not sessions())
    still_serves(server)


def test_who_is_silent_is_put_out(server, monkeypatch):
    monkeypatch.setattr(conversation, "IDLE_S", 0.5)
    with server.session() as socket:
        assert closed(socket)[0] == 4408
    with server.connect() as socket:
        assert closed(socket)[0] == 4408
    assert wait_until(lambda: not sessions())


def test_there_are_so_many_sessions_and_a_place_is_free_again(server):
    with ExitStack() as three, server.session():
        for _ in range(3):
            three.enter_context(server.session())
        assert sessions() == 4
        with server.connect() as fifth:
            code, reason = closed(fifth)
        assert code == 4503
        assert "close another page" in reason
        three.close()
        assert wait_until(lambda: sessions() == 1)
        with server.session():
            assert sessions() == 2
    assert wait_until(lambda: not sessions())


def test_an_abrupt_end_frees_thread_and_tracker(server):
    for _ in range(3):
        with server.session() as socket:
            socket.send(frame(1, 0, jpeg()))
            # No closing handshake, as where a laptop's lid is shut.
            socket.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket.close()
    assert wait_until(lambda: not sessions())
    assert not any(tracker.open for tracker in server.studio.trackers)


def test_a_slow_machine_shows_fewer_frames_not_later_ones(recogniser, live_model):
    with serving(fake_studio(recogniser, live_model, seconds=0.1)) as server, server.session() as socket:
        answers = []
        for number in range(1, 51):
            socket.send(frame(number, 20 * number, jpeg()))
            time.sleep(0.02)
        while not answers or answers[-1]["frame"] < 50:
            answers.append(hear(socket, "answer"))
    assert len(answers) < 25
    assert answers[-1]["server_ms"] < 1000
    assert sum(answer["passed_over"] for answer in answers) == 50 - len(answers)
    assert all(a["time_s"] < b["time_s"] for a, b in pairwise(answers))


def test_a_mistake_of_the_server_ends_that_session_only(server, monkeypatch, capsys):
    with server.session() as other, server.session() as socket:
        broken = server.studio.trackers[-1]
        monkeypatch.setattr(broken, "update", lambda *_: 1 / 0)
        socket.send(frame(1, 0, jpeg()))
        assert closed(socket)[0] == 1011
        other.send(frame(1, 0, jpeg()))
        assert hear(other, "answer")
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_over_a_slow_network_an_archive_arrives_whole_and_answers_between_its_pieces(server, monkeypatch):
    content = os.urandom(40 << 20)
    monkeypatch.setattr(live_session, "archive", lambda *_: content)
    monkeypatch.setattr(conversation, "SEND_S", 1.0)
    network = SlowNetwork(server.port, 2e6)
    with server.session(sock=network) as socket:
        socket.send(frame(1, 0, jpeg()))
        assert hear(socket, "answer")
        say(socket, type="save")
        size, found, between = hear(socket, "archive")["size"], bytearray(), 0
        socket.send(frame(2, 40, jpeg()))
        while len(found) < size:
            message = socket.recv(20)
            if isinstance(message, bytes):
                found += message[1:]
            elif (told := json.loads(message))["type"] == "answer":
                between += bool(found)
                time.sleep(0.02)
                socket.send(frame(told["frame"] + 1, 40.0 * told["frame"], jpeg()))
            # Slow for as long as a busy machine needs to answer, and no longer.
            if between > 2:
                network.rate = 1e9
        assert found == content
        assert between > 2


def test_who_reads_no_archive_for_long_hears_so_and_can_save_again(server, monkeypatch):
    content = os.urandom(16 << 20)
    monkeypatch.setattr(live_session, "archive", lambda *_: content)
    monkeypatch.setattr(conversation, "SEND_S", 0.5)
    network = SlowNetwork(server.port, 1e9)
    with server.session(sock=network) as socket:
        network.rate = 5e4
        say(socket, type="save")
        assert wait_until(saving)
        assert wait_until(lambda: not saving())
        network.rate = 1e9
        monkeypatch.setattr(conversation, "SEND_S", 10.0)
        assert "did not receive it in time" in hear(socket, "failed")["reason"]
        say(socket, type="save")
        assert hear_archive(socket) == content


def test_who_leaves_while_an_archive_is_sent_leaves_no_trace(server, monkeypatch, capsys):
    tracebacks = []
    monkeypatch.setattr(threading, "excepthook", tracebacks.append)
    monkeypatch.setattr(live_session, "archive", lambda *_: bytes(64 << 20))
    with server.session() as socket:
        say(socket, type="save")
        assert hear(socket, "bytes")
        socket.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.close()
    assert wait_until(lambda: not sessions() and not saving())
    assert capsys.readouterr().err == ""
    assert not tracebacks
    still_serves(server)
