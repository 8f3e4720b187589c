"""`posegloss live`: recognise signs while they are signed, in the browser."""

import os
import re
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from posegloss.cli.console import Exit, fetch_weights, say_if_synthetic, say_note, status
from posegloss.pipeline.errors import PoseglossError

_DEMO_MODEL: Final = Path("demo/avatar.model")
_LOCAL: Final = ("127.0.0.1", "localhost", "::1")
_TOKEN: Final = re.compile(r"[\w-]{16,128}", re.ASCII)


class LiveError(PoseglossError):
    """What was asked of `posegloss live` does not go together."""


def live(
    model: Annotated[
        Path | None, typer.Argument(help=f"A trained model; the demo's, {_DEMO_MODEL}, unless given.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On which port to listen; 0 is any free one.")] = 8765,
    host: Annotated[
        str, typer.Option(help="On which address; any but this machine's own address lets others in.")
    ] = _LOCAL[0],
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page, or only print where.")] = True,
    camera: Annotated[
        int | None, typer.Option(min=0, metavar="NUMBER", help="Use this machine's camera, not the browser's.")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="Play this video through the page.")] = None,
    precision: Annotated[
        str | None, typer.Option(help="Of the landmark network: float, or int8, which is faster; the model's own.")
    ] = None,
    max_sessions: Annotated[int, typer.Option(min=1, max=32, help="How many pages may watch at once.")] = 4,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="POSEGLOSS_LIVE_TOKEN",
            help="The secret part of the address, to have the same after a restart; drawn by lot unless given.",
        ),
    ] = None,
) -> None:
    """Recognise signs from the camera while they are signed, on a page in the browser; Ctrl-C ends it.

    The first line on stdout is the page's address. Pictures stay on this machine, and none is kept.

    Example: posegloss live my.model
    """
    if camera is not None and video is not None:
        raise LiveError("choose --camera or --video, not both")
    if token is not None and not _TOKEN.fullmatch(token):
        raise LiveError("--token must be 16 to 128 letters, digits, - and _; leave it out to have one drawn")
    if host not in _LOCAL:
        say_note(
            f"others can reach {host}; whoever has the address can use this page and this machine. "
            "Browsers give a camera to a page of another machine only over https."
        )
    path = model or _demo_model()

    from posegloss.classifiers.loading import load_recogniser
    from posegloss.cli.live.app import make_app
    from posegloss.cli.live.serving import bound_socket, serve
    from posegloss.cli.live.sources import OwnCamera, Source, open_video
    from posegloss.cli.live.studio import Studio

    source: Source | None = OwnCamera(camera) if camera is not None else open_video(video) if video else None
    listening = bound_socket(host, port)
    port = listening.getsockname()[1]
    with status(f"loading {path}"):
        recogniser = load_recogniser(path)
        studio = Studio(
            path,
            recogniser,
            precision=precision,
            max_sessions=max_sessions,
            threads=max(1, min(4, (os.cpu_count() or 1) // 2)),
            source=source,
        )
    say_if_synthetic(recogniser.synthetic)
    fetch_weights(studio.weights)
    secret = token or secrets.token_urlsafe(24)
    shown = host if host not in ("0.0.0.0", "::") else _LOCAL[0]
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/{secret}/"
    typer.echo(address)
    sys.stdout.flush()
    # An interrupt is the one way to end it, so no failure.
    with suppress(KeyboardInterrupt):
        serve(make_app(studio, secret, host, port), listening, address if browser else None)
    # TensorFlow takes seconds to take itself apart, and nothing is left to be written.
    os._exit(Exit.DONE)


def _demo_model() -> Path:
    if not _DEMO_MODEL.exists():
        raise LiveError(
            f"which model? There is no {_DEMO_MODEL} here; name one (posegloss live MODEL), "
            "or make the demo's: posegloss demo, or make demo"
        )
    return _DEMO_MODEL
