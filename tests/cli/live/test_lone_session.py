"""A session without a server: what it tells, what it keeps, and what becomes of it when nobody listens."""

import sys
import threading
import types

import pytest

from posegloss.cli.live import session as sessions
from posegloss.cli.live.limits import LONGEST_PIECE
from posegloss.cli.live.session import GoneError, Session, Shot

from ...classifiers.made_up import make_sequence
from .serving import fake_studio, jpeg, wait_until


class Client:
    """Hears what a session tells, until it has gone."""

    def __init__(self):
        self.told, self.stays_for = [], None

    def tell(self, message):
        if self.stays_for is not None and len(self.told) >= self.stays_for:
            raise GoneError
        self.told.append(message)

    def last(self, kind):
        return [one for one in self.told if isinstance(one, dict) and one["type"] == kind][-1]


def at_rest() -> bool:
    """What a session has done aside is done."""
    return not any(thread.name in ("live save", "live learn") for thread in threading.enumerate())


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def jobs():
    """What the session wants done on its own thread."""
    return []


@pytest.fixture
def session(recogniser, live_model, client, jobs):
    studio = fake_studio(recogniser, live_model)
    session = Session(studio, client.tell, jobs.append)
    session.open(studio.first)
    session.work(Shot(1, 0.0, 0.0, jpeg()), 0)
    assert client.last("answer")["frame"] == 1
    yield session
    assert wait_until(at_rest)
    session.close()


@pytest.fixture
def tracebacks(monkeypatch):
    """Of threads."""
    seen = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    return seen


@pytest.fixture
def large(monkeypatch):
    """An archive of three pieces, the last of which is short."""
    content = bytes(range(256)) * (2 * LONGEST_PIECE // 256) + b"the end"
    monkeypatch.setattr(sessions, "archive", lambda *_: content)
    return content


@pytest.fixture
def slow_teacher(monkeypatch):
    """Teaching takes until it may end; what it was given."""
    module, given = types.ModuleType("teaching"), {}
    may_end = threading.Event()

    def teach(recogniser, takes):
        given.update(takes)
        assert may_end.wait(10)
        return recogniser

    module.teach, module.save_taught = teach, lambda recogniser, path: path
    monkeypatch.setitem(sys.modules, "posegloss.classifiers.teaching", module)
    return given, may_end


def test_takes_that_are_recorded_while_the_model_learns_are_kept(session, client, jobs, slow_teacher):
    given, may_end = slow_teacher
    session.record_takes("ONE")
    for number in range(3):
        session.takes.add(make_sequence(take=number))
    session.learn()
    assert wait_until(lambda: "ONE" in given)
    session.record_takes("TWO")
    session.takes.add(make_sequence(take=3))
    session.record_takes("ONE")
    session.takes.add(make_sequence(take=4))
    # One that is taken away while it is learnt is no trouble.
    session.remove_take(2)
    may_end.set()
    assert wait_until(lambda: jobs)
    jobs.pop()()
    assert list(given) == ["ONE"]
    assert len(given["ONE"]) == 3
    takes = client.last("takes")
    assert [(take["take"], take["gloss"]) for take in takes["takes"]] == [(4, "TWO"), (5, "ONE")]
    assert takes["gloss"] == "ONE", "recording goes on"
    assert client.told[-1]["type"] == "learned"
    assert {gloss: len(some) for gloss, some in session.takes.by_gloss().items()} == {"TWO": 1, "ONE": 1}


def test_an_archive_goes_out_in_pieces(session, client, large):
    session.save()
    assert wait_until(at_rest)
    assert client.last("archive")["size"] == len(large)
    pieces = [one for one in client.told if isinstance(one, bytes)]
    assert [len(piece) for piece in pieces] == [1 + LONGEST_PIECE, 1 + LONGEST_PIECE, 1 + len(b"the end")]
    assert all(piece[:1] == b"Z" for piece in pieces)
    assert b"".join(piece[1:] for piece in pieces) == large


@pytest.mark.parametrize("heard", [0, 1, 2])
def test_who_leaves_while_an_archive_is_sent_is_let_go_quietly(session, client, large, tracebacks, capsys, heard):
    client.stays_for = len(client.told) + heard
    session.save()
    assert wait_until(at_rest)
    assert not tracebacks
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("failed", [OSError("the disk is full"), sessions.PoseglossError("nothing to save")])
def test_who_leaves_before_a_failure_can_be_told_is_let_go_quietly(
    session, client, monkeypatch, tracebacks, capsys, failed
):
    def fail(*_):
        raise failed

    monkeypatch.setattr(sessions, "archive", fail)
    client.stays_for = len(client.told)
    session.save()
    assert wait_until(at_rest)
    assert not tracebacks
    # A mistake is still told to the operator.
    assert ("disk is full" in capsys.readouterr().err) == isinstance(failed, OSError)


def test_an_archive_that_did_not_arrive_can_be_saved_again(session, client, large):
    client.stays_for = len(client.told) + 2
    session.save()
    assert wait_until(at_rest)
    client.stays_for = None
    client.told.clear()
    session.save()
    assert wait_until(at_rest)
    assert b"".join(one[1:] for one in client.told if isinstance(one, bytes)) == large
