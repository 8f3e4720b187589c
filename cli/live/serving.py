"""Running the server: its socket, its end."""

import asyncio
import socket
import threading
import webbrowser
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from posegloss.cli.live.limits import LONGEST_MESSAGE
from posegloss.pipeline.errors import PoseglossError

_MOST_CONNECTIONS: Final = 64


class ServingError(PoseglossError):
    """The server cannot have the address that it was told to."""


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at a host and port, 0 being any free one; from now on a browser may connect.

    Raises:
        ServingError: the port is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or str(error)
        raise ServingError(
            f"cannot listen at {host}, port {port} ({why}); choose another --port, or --port 0 for any free one"
        ) from error
    return listening


def serve(app: ASGIApp, listening: socket.socket, browse_to: str | None = None) -> None:
    """Serve until the process is interrupted.

    Args:
        app: the application.
        listening: where.
        browse_to: an address to open in the person's browser.
    """
    if browse_to:
        threading.Thread(target=webbrowser.open, args=(browse_to,), daemon=True).start()
    asyncio.run(make_server(app).serve(sockets=[listening]))


def make_server(app: ASGIApp) -> uvicorn.Server:
    """The server with its bounds; it says nothing on its own."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=LONGEST_MESSAGE,
        # Pictures are compressed already, and what is sent compressed may grow without end.
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    return uvicorn.Server(config)
