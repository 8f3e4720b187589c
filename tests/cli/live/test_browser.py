"""The page in a real browser, which is shown a film of the avatar in place of a camera."""

import json
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from posegloss.classifiers.predict import GlossRecogniser
from posegloss.cli.live import session as live_session
from posegloss.cli.live.limits import LONGEST_PIECE
from posegloss.cli.live.sources import VideoFile
from posegloss.cli.live.studio import Studio
from posegloss.datasets.avatar import Signer, perform, write_video

from ...made_videos import write_clip
from .serving import Server, fake_studio, serving

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (the dev extra)")

expect = sync_api.expect
expect.set_options(timeout=20_000)
SENTENCE = ("SIDE-ZIGZAG", "CHIN-TAP", "TWO-HANDS-PEDAL")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """A stranger signs, with a rest after each sign; Chromium plays 30 frames a second, again and again."""
    path = tmp_path_factory.mktemp("film") / "camera.mjpeg"
    with path.open("wb") as file:
        for gloss in SENTENCE:
            performance = perform(Signer.random(101), [gloss], take=0, seed=5, frame_rate=30, size=(480, 360))
            for image in performance.frames():
                file.write(cv2.imencode(".jpg", image[..., ::-1])[1].tobytes())
    return path


@pytest.fixture(scope="module")
def chromium(film):
    if not CHROMIUM:
        pytest.skip("needs Chromium")
    arguments = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium) -> Iterator["sync_api.Page"]:
    """A page that may not complain, nor ask anybody but the server for anything."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints, asked = [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert not complaints
    assert all(url.startswith(("http://127.0.0.1:", "data:", "blob:")) for url in asked)


@pytest.fixture
def blind(recogniser, live_model) -> Iterator[Server]:
    """A server whose trackers see nobody, which is quick."""
    with serving(fake_studio(recogniser, live_model)) as server:
        yield server


def connected(page) -> None:
    expect(page.locator("#link")).to_have_text("connected")


def wait_for(page, expression: str, seconds: float = 20) -> None:
    """Looked at from outside: the page's policy forbids playwright's own way of waiting, which evaluates text in it."""
    until = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < until, f"not within {seconds} s: {expression}"
        page.wait_for_timeout(50)


def sure_signs(page) -> list[str]:
    """The glosses of the history, the earliest first."""
    return page.locator("#history b").all_inner_texts()[::-1]


def frames_come(page) -> None:
    wait_for(page, "parseFloat(document.getElementById('fps').textContent) > 0")


def test_the_right_glosses_come_in_order(page, recogniser, live_model):
    with serving(Studio(live_model, recogniser)) as server:
        page.goto(server.url)
        connected(page)
        expect(page.locator("#synthetic")).to_be_visible()
        # On a machine that is busy with other tests, a sign now and then shows too few frames: three in a row will do.
        in_order = [[*SENTENCE, *SENTENCE][first : first + 3] for first in range(3)]
        until = time.monotonic() + 60
        while (signs := sure_signs(page))[-3:] not in in_order:
            assert time.monotonic() < until, signs
            page.wait_for_timeout(100)
        assert page.locator("#ranking .bar").count() == 4
        assert float(page.locator("#ratio").inner_text().split()[0]) >= 1
        with page.expect_download() as downloading:
            page.locator("#save").click()
        with zipfile.ZipFile(downloading.value.path()) as file:
            told = json.loads(file.read("session.json"))
            assert "part-1.pose" in file.namelist()
        assert [one["gloss"] for one in told["signs"] if one["sure"]][: len(signs)] == signs
    # The page keeps nothing.
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_an_archive_of_many_pieces_is_put_together(page, blind, monkeypatch):
    content = os.urandom(5 * LONGEST_PIECE + 1)
    monkeypatch.setattr(live_session, "archive", lambda *_: content)
    page.goto(blind.url)
    connected(page)
    frames_come(page)
    for _ in range(2):
        with page.expect_download() as downloading:
            page.locator("#save").click()
        assert Path(downloading.value.path()).read_bytes() == content


def test_nobody_in_the_picture_is_told(page, blind):
    page.goto(blind.url)
    connected(page)
    expect(page.locator("#note")).to_have_text("nobody is in the picture")
    frames_come(page)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_shows_all_of_it(page, blind, width):
    page.set_viewport_size({"width": width, "height": 780})
    page.goto(blind.url)
    connected(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("#stage", "#gloss", "#pause", "#figures"):
        expect(page.locator(name)).to_be_in_viewport()
    small = page.evaluate(
        "[...document.querySelectorAll('button:not([hidden])')].filter(b => b.offsetHeight &&"
        " b.offsetHeight < 32).map(b => b.id)"
    )
    assert small == []


def test_a_server_that_is_started_again_is_found_again(page, recogniser, live_model):
    with serving(fake_studio(recogniser, live_model)) as server:
        page.goto(server.url)
        connected(page)
        frames_come(page)
    expect(page.locator("#link")).to_have_text("not connected")
    expect(page.locator("#trouble")).to_contain_text("cannot be reached")
    with serving(fake_studio(recogniser, live_model), server.port):
        connected(page)
        expect(page.locator("#trouble")).to_be_hidden()
        frames_come(page)


def test_a_camera_that_is_lost_is_told_and_found_again(page, blind):
    page.goto(blind.url)
    connected(page)
    frames_come(page)
    # A page's own stop() tells nobody, other than an unplugged camera.
    page.evaluate("""() => {
        const track = document.getElementById('video').srcObject.getVideoTracks()[0];
        track.stop();
        track.dispatchEvent(new Event('ended'));
    }""")
    expect(page.locator("#trouble")).to_contain_text("camera was lost")
    expect(page.locator("#trouble")).to_be_hidden()
    wait_for(page, "document.getElementById('video').srcObject?.active")
    frames_come(page)


@pytest.mark.parametrize(
    ("name", "told"),
    [("NotAllowedError", "not allowed"), ("NotFoundError", "no camera"), ("NotReadableError", "another program")],
)
def test_why_there_is_no_camera_is_told(page, blind, name, told):
    page.add_init_script(
        "window.real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{name}'); }};"
    )
    page.goto(blind.url)
    expect(page.locator("#trouble")).to_contain_text(told)
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = window.real; }")
    page.get_by_role("button", name="Try again").click()
    frames_come(page)
    expect(page.locator("#trouble")).to_be_hidden()


def test_too_many_sessions_are_told(page, recogniser, live_model):
    with serving(fake_studio(recogniser, live_model, max_sessions=1)) as server:
        with server.session():
            page.goto(server.url)
            expect(page.locator("#trouble")).to_contain_text("sessions of this server are in use")
        page.get_by_role("button", name="Try again").click()
        connected(page)


def test_all_can_be_done_with_the_keyboard(page, blind):
    page.goto(blind.url)
    connected(page)
    frames_come(page)
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        about = page.evaluate("""() => {
            const it = document.activeElement, style = getComputedStyle(it);
            return [it.id || it.tagName, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
        }""")
        reached.add(about[0])
        assert about[1] or about[0] == "BODY"
    assert reached >= {"pause", "mirror", "threshold", "clear", "save", "history", "new-gloss", "record", "SUMMARY"}
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    expect(page.locator("#word")).to_have_text("paused")
    page.keyboard.press("Space")
    expect(page.locator("#pause")).to_have_text("Pause")
    page.keyboard.press("m")
    expect(page.locator("#mirror")).to_have_attribute("aria-pressed", "false")
    before = int(page.locator("#threshold").input_value())
    page.keyboard.press("-")
    assert int(page.locator("#threshold").input_value()) == before - 5
    page.locator("#new-gloss").focus()
    page.keyboard.type("mcs HELLO")
    page.keyboard.press("Enter")
    expect(page.locator("#teaching-told")).to_contain_text("Recording mcs HELLO")
    expect(page.locator("#mirror")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")
    expect(page.locator("#record")).to_have_text("Record takes")


def test_a_gloss_is_text_whatever_it_looks_like(page, blind):
    page.goto(blind.url)
    connected(page)
    page.locator("#new-gloss").fill("<img src=x onerror=alert(1)>")
    page.locator("#record").click()
    expect(page.locator("#teaching-told")).to_contain_text("<img src=x")
    assert page.locator("img").count() == 0


def test_a_video_plays_through_the_page(page, recogniser, live_model, tmp_path):
    video = write_clip(tmp_path / "clip.mp4", frames=20)
    with serving(fake_studio(recogniser, live_model, source=VideoFile(video))) as server:
        page.goto(server.url)
        expect(page.locator("#note")).to_have_text("the video is over")
        assert page.evaluate("document.getElementById('picture').width") == 320
        page.locator("#again").click()
        expect(page.locator("#again")).to_be_hidden()
        expect(page.locator("#again")).to_be_visible()


@pytest.fixture
def own_sign(tmp_path) -> VideoFile:
    """A video stands in for the camera, so that each take is the sign and nothing else."""
    performance = perform(Signer.random(101), ["BASE-RISE"], take=0, seed=5, size=(320, 240))
    return VideoFile(write_video(performance, tmp_path / "own.mp4"))


def test_a_sign_of_ones_own_is_taught_and_recognised(page, neural_model, own_sign):
    def play() -> None:
        page.locator("#again").click()
        expect(page.locator("#again")).to_be_visible()

    studio = Studio(neural_model, GlossRecogniser.load(neural_model), source=own_sign)
    with serving(studio) as server:
        page.goto(server.url)
        expect(page.locator("#note")).to_have_text("the video is over")
        page.locator("#new-gloss").fill("MY SIGN")
        page.locator("#record").click()
        expect(page.locator("#teaching-told")).to_contain_text("0 of 3 takes")
        for number in (1, 2, 3):
            play()
            expect(page.locator("#takes li")).to_have_count(number)
        page.get_by_role("button", name="Remove this take").first.click()
        expect(page.locator("#takes li")).to_have_count(2)
        page.locator("#learn").click()
        expect(page.locator("#learned")).to_contain_text("small-taught.model", timeout=60_000)
        expect(page.locator("#model")).to_have_text("small-taught, 5 glosses")
        play()
        expect(page.locator("#history li").first).to_contain_text("MY SIGN")
    assert GlossRecogniser.load(neural_model.with_name("small-taught.model")).glosses[-1] == "MY SIGN"


def test_a_server_that_is_lost_while_it_learns_leaves_nothing_waiting(page, neural_model, own_sign, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(Studio, "teach", lambda self, model, takes: over.wait(60) and model)
    try:
        with serving(Studio(neural_model, GlossRecogniser.load(neural_model), source=own_sign)) as server:
            page.goto(server.url)
            expect(page.locator("#again")).to_be_visible()
            page.locator("#new-gloss").fill("MY SIGN")
            page.locator("#record").click()
            page.locator("#again").click()
            expect(page.locator("#takes li")).to_have_count(1)
            page.locator("#learn").click()
            expect(page.locator("#learn")).to_have_text("Learning …")
            expect(page.locator("#learn")).to_be_disabled()
        expect(page.locator("#link")).to_have_text("not connected")
    finally:
        over.set()
    expect(page.locator("#learn")).to_have_text("Learn")
    assert page.locator("#learn").is_enabled()


def test_the_gloss_is_announced_and_motion_can_be_reduced(page, blind):
    page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    page.goto(blind.url)
    connected(page)
    assert page.locator("#word").get_attribute("aria-live") == "polite"
    assert page.evaluate("getComputedStyle(document.querySelector('#word')).animationName") == "none"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
