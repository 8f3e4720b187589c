"""The server's ASGI application: the page's files, and the socket."""

from importlib import resources
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from posegloss.cli.live.conversation import converse
from posegloss.cli.live.guard import Guard
from posegloss.cli.live.studio import Studio

_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


def make_app(studio: Studio, token: str, host: str, port: int) -> Guard:
    """The application.

    Args:
        studio: what its sessions share.
        token: without which nothing is answered.
        host: what the server is bound to.
        port: the server's.
    """
    folder = resources.files("posegloss.cli.live") / "page"
    # Read once: what is not one of these names is no file, whatever the path looks like.
    files = {
        file.name: (file.read_bytes(), _TYPES[suffix])
        for file in folder.iterdir()
        if (suffix := f".{file.name.rpartition('.')[2]}") in _TYPES
    }

    async def show(request: Request) -> Response:
        content, kind = files.get(request.path_params.get("name", "index.html"), (None, ""))
        return PlainTextResponse("not found\n", 404) if content is None else Response(content, media_type=kind)

    async def talk(websocket: WebSocket) -> None:
        await converse(websocket, studio)

    routes = [Route("/", show), Route("/{name}", show), WebSocketRoute("/socket", talk)]
    return Guard(Starlette(routes=routes), token, host, port)
